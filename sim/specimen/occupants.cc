#include "sim/specimen/occupants.h"

#include <algorithm>
#include <array>

#include "core/random.h"
#include "sim/specimen/periodic_points.h"

namespace ronchi::sim {
namespace {

constexpr double kOnePlace_A = 0.05, kOneSite_A = 0.5;
constexpr double kFull = 1.02;
constexpr size_t kNone = SIZE_MAX;

// Joins sites of `partly` (atoms, by index) whose atoms lie within `reach_A`, as long as their
// occupancies allow.
void Join(const Specimen& s, const std::vector<size_t>& partly, double reach_A,
          std::vector<size_t>* site, std::vector<double>* occupied) {
  std::vector<Vector3> places;
  for (size_t i : partly) places.push_back({s.atoms[i].x_A, s.atoms[i].y_A, s.atoms[i].z_A});
  const std::array<Vector3, 3> box = {
      {{s.cell_A[0], 0, 0}, {0, s.cell_A[1], 0}, {0, 0, s.cell_A[2]}}};
  const PeriodicPoints points(box, {true, true, false}, std::move(places), reach_A);
  std::vector<std::vector<size_t>> members(occupied->size());
  for (size_t k = 0; k < partly.size(); ++k) members[(*site)[partly[k]]].push_back(k);
  for (size_t k = 0; k < partly.size(); ++k) {
    const size_t own = (*site)[partly[k]];
    size_t into = kNone;
    points.Any(k, [&](size_t other, double) {
      const size_t candidate = (*site)[partly[other]];
      if (candidate < own && candidate < into &&
          (*occupied)[candidate] + (*occupied)[own] <= kFull) {
        into = candidate;
      }
      return false;
    });
    if (into == kNone) continue;
    for (size_t m : members[own]) {
      (*site)[partly[m]] = into;
      members[into].push_back(m);
    }
    members[own].clear();
    (*occupied)[into] += (*occupied)[own];
    (*occupied)[own] = 0;
  }
}

}  // namespace

std::vector<size_t> FindSites(const Specimen& s) {
  std::vector<size_t> site(s.atoms.size()), partly;
  std::vector<double> occupied;
  for (size_t i = 0; i < site.size(); ++i) {
    site[i] = i;
    occupied.push_back(s.atoms[i].occupancy);
    if (s.atoms[i].occupancy < 1) partly.push_back(i);
  }
  if (!partly.empty()) {
    Join(s, partly, kOnePlace_A, &site, &occupied);
    Join(s, partly, kOneSite_A, &site, &occupied);
  }
  std::vector<size_t> number(site.size(), kNone);
  size_t sites = 0;
  for (size_t& at : site) {
    if (number[at] == kNone) number[at] = sites++;
    at = number[at];
  }
  return site;
}

double OccupancyDraw(uint64_t seed, size_t site, uint64_t configuration) {
  constexpr uint64_t kBlock = 8;
  RandomStream random(
      {.seed = seed, .name = "sim.occupancy", .environment = site, .step = configuration / kBlock});
  std::array<bool, kBlock> used = {};  // eighths
  uint64_t eighth = 0;
  double within = 0;
  for (uint64_t c = 0; c <= configuration % kBlock; ++c) {
    // Of every pair of configurations one is in each half; of every four, one in each quarter.
    std::array<uint64_t, kBlock> free;
    size_t count = 0;
    for (uint64_t e = 0; e < kBlock; ++e) {
      bool allowed = true;
      for (uint64_t width :
           {uint64_t(4), uint64_t(2), uint64_t(1)}) {  // of a half, quarter, eighth
        const uint64_t parts = kBlock / width, begun = c / parts;
        uint64_t here = 0;  // how many configurations lie in this part already
        for (uint64_t k = e / width * width; k < (e / width + 1) * width; ++k) here += used[k];
        allowed &= here <= begun;
      }
      if (allowed) free[count++] = e;
    }
    eighth = free[random.Below(count)];
    used[eighth] = true;
    within = random.Uniform();
  }
  return (double(eighth) + within) / double(kBlock);
}

}  // namespace ronchi::sim
