#include "experiments/simulate/memory_check.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "sim/contracted/prepare.h"
#include "sim/prism.h"

namespace ronchi {
namespace {

constexpr double kFloat = 4, kComplex = 8, kDouble = 8;

// The number in a file that holds nothing else; infinity without one ("max").
double NumberIn(const std::string& path) {
  std::ifstream in(path);
  std::string word;
  double value = 0;
  return in >> word && absl::SimpleAtod(word, &value) ? value
                                                      : std::numeric_limits<double>::infinity();
}

double MachineMemory() {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    double kB = 0;
    if (line.rfind("MemAvailable:", 0) == 0)
      return std::sscanf(line.c_str(), "%*s %lf", &kB) == 1 ? kB * 1024 : 0;
  }
  return std::numeric_limits<double>::infinity();
}

double AddressSpaceLeft() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<double>::infinity();
  }
  constexpr double kPage = 4096;
  return std::max(0.0, double(limit.rlim_cur) - kPage * NumberIn("/proc/self/statm"));
}

}  // namespace

// Slices of unlike content: those with equal sums of their atoms' hashes count once, as
// sim/potential.h computes slices with the same atoms once.
size_t DistinctSlices(const sim::SimulationOptions& o) {
  const double height = o.specimen.cell_A[2];
  const size_t count = std::max<size_t>(1, size_t(std::ceil(height / o.slice_thickness_A - 1e-6)));
  // Across the faces of slices atoms reach into their neighbours: taken as all different.
  if (o.phonons || o.projection == sim::Projection::kFinite) return count;
  std::vector<uint64_t> sums(count, 0);
  for (const sim::Atom& a : o.specimen.atoms) {
    const double slice = std::floor(a.z_A / height * double(count) + 1e-6);
    uint64_t hash = uint64_t(a.z);
    for (double v : {a.x_A, a.y_A, a.occupancy}) {
      hash = (hash ^ uint64_t(std::llround(v * 1e4))) * 0x9e3779b97f4a7c15ull;
      hash ^= hash >> 29;
    }
    sums[size_t(std::clamp(slice, 0.0, double(count - 1)))] += hash;
  }
  return std::set<uint64_t>(sums.begin(), sums.end()).size();
}

MemoryNeed EstimateMemory(const sim::SimulationOptions& o, const sim::SimulationPlan& plan,
                          int threads, size_t points) {
  const double pixels = double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
  // Rows are padded by at most two cache lines of complex numbers.
  const double padded = double(o.grid_pixels[0]) * (double(o.grid_pixels[1]) + 16);
  const double positions = double(o.scan.probes());
  std::set<int> elements;
  for (const sim::Atom& a : o.specimen.atoms) elements.insert(a.z);
  MemoryNeed need;
  // The smooth part of a slice has a grid of its own; its cores are nothing beside it.
  const double smooth =
      o.placement == sim::Placement::kExact ? double(sim::SmoothGrid(o.grid()).size()) : pixels;
  need.slices = double(DistinctSlices(o)) * (kFloat * smooth + kComplex * padded);
  // Each thread: wave and pattern while it propagates, two planes while it projects a slice. All
  // together: filters for pairs of elements, the propagator, the apertures of slices and exit.
  need.workspaces = threads * std::max(kComplex * padded + kFloat * pixels, 2 * kComplex * smooth) +
                    double((elements.size() + 1) / 2) * kComplex * smooth +
                    (kComplex + 3 * kFloat) * pixels;
  size_t block = 1;
  for (const auto& b : plan.blocks) block = std::max(block, b.count);
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    double shape = 1;
    for (size_t n : plan.Shape(o, d)) shape *= double(n);
    const sim::Detector& detector = plan.detectors[d];
    const double exits = double(o.exit_slices.size());
    // A block's sums, twice when it is interrupted; the values of one exit plane on their way out;
    // what the picture needs.
    need.results += double(block) * double(detector.size()) * (2 * exits * kDouble + kFloat);
    const bool pattern = detector.options().type == sim::DetectorOptions::Type::kPixelated;
    need.results += (pattern ? shape / positions : shape) * kDouble * double(points);
    if (detector.integrates()) need.results += 2 * shape * kDouble;
    need.output += shape * kFloat * double(points);
  }
  if (o.engine == sim::Engine::kPrism) {
    const double lean_rad = std::hypot(o.beam.tilt_rad[0], o.beam.tilt_rad[1]);
    // Exit waves up to the band limit: two thirds of the grid along each axis.
    need.slices +=
        kComplex * pixels * 4 / 9 *
        double(sim::Prism::CountBeams(o.grid(), o.beam.energy_eV, o.beam.semiangle_rad + lean_rad,
                                      o.prism_interpolation));
  }
  if (o.engine == sim::Engine::kContracted) {
    need.slices +=
        sim::ContractedBuilder::EstimateCost(sim::PlanContraction(o), plan.detectors).bytes;
  }
  return need;
}

double AvailableMemory() {
  const std::string group = "/sys/fs/cgroup/memory";
  const double grouped = NumberIn(group + ".max") - NumberIn(group + ".current");
  return std::min({MachineMemory(), AddressSpaceLeft(),
                   std::isfinite(grouped) ? grouped : std::numeric_limits<double>::infinity()});
}

absl::Status CheckMemory(const sim::SimulationOptions& o, const sim::SimulationPlan& plan,
                         int threads, size_t points) {
  const MemoryNeed need = EstimateMemory(o, plan, threads, points);
  const double available = AvailableMemory();
  if (need.Total() <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "needs %.3g GB of memory (%.3g for the slices of %u x %u pixels, %.3g for %d threads, %.3g "
      "for the results); allowed: the %.3g GB that are free",
      need.Total() / 1e9, need.slices / 1e9, o.grid_pixels[0], o.grid_pixels[1],
      need.workspaces / 1e9, threads, need.results / 1e9, available / 1e9));
}

}  // namespace ronchi
