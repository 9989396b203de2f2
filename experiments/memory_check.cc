#include "experiments/memory_check.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "sim/physics/electron.h"

namespace ronchi {
namespace {

constexpr double kFloat = 4, kComplex = 8, kDouble = 8;

// Slices of unlike content: those with equal sums of their atoms' hashes count once, as
// sim/potential.h computes slices with the same atoms once.
size_t DistinctSlices(const sim::SimulationOptions& o) {
  const double height = o.specimen.cell_A[2];
  const size_t count = std::max<size_t>(1, size_t(std::ceil(height / o.slice_thickness_A - 1e-6)));
  if (o.phonons) return count;
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

double ReadingSize(const sim::SimulationOptions& o, const sim::DetectorOptions& d) {
  using Type = sim::DetectorOptions::Type;
  if (d.type == Type::kSegmented) return double(d.azimuthal) * d.radial;
  if (d.type == Type::kCenterOfMass) return 2;
  if (d.type == Type::kAnnular) return 1;
  double size = 1;
  for (int a : {0, 1}) {
    // Two thirds of the pixels lie within the band limit, whatever max_mrad asks for.
    const double length_A = o.specimen.cell_A[size_t(a)];
    const double band = 2.0 / 3 * double(o.grid_pixels[size_t(a)]);
    const double asked = 2 * d.max_rad / sim::Wavelength_A(o.beam.energy_eV) * length_A + 1;
    size *= d.max_rad > 0 ? std::min(band, asked) : band;
  }
  return size;
}

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

MemoryNeed EstimateMemory(const sim::SimulationOptions& o, int threads) {
  const double pixels = double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
  // Rows are padded by at most two cache lines of complex numbers.
  const double padded = double(o.grid_pixels[0]) * (double(o.grid_pixels[1]) + 16);
  const double positions = o.scan.points_A.empty()
                               ? double(o.scan.pixels[0]) * double(o.scan.pixels[1])
                               : double(o.scan.points_A.size());
  std::set<int> elements;
  for (const sim::Atom& a : o.specimen.atoms) elements.insert(a.z);
  MemoryNeed need;
  need.slices = double(DistinctSlices(o)) * (kFloat * pixels + kComplex * padded);
  // Each thread: wave and pattern while it propagates, two planes while it projects a slice. All
  // together: a filter an element, the propagator, the aperture of the exit.
  need.workspaces = threads * std::max(kComplex * padded + kFloat * pixels, 2 * kComplex * pixels) +
                    double(elements.size()) * kFloat * pixels + (kComplex + 2 * kFloat) * pixels;
  need.results = positions * 2 * kDouble;
  for (const sim::DetectorOptions& d : o.detectors) {
    const double values = positions * double(o.exit_slices.size()) * ReadingSize(o, d);
    need.results += values * (kDouble + kFloat);  // sums in double, then the image
    need.output += values * kFloat;
  }
  return need;
}

double AvailableMemory() {
  const std::string group = "/sys/fs/cgroup/memory";
  const double grouped = NumberIn(group + ".max") - NumberIn(group + ".current");
  return std::min({MachineMemory(), AddressSpaceLeft(),
                   std::isfinite(grouped) ? grouped : std::numeric_limits<double>::infinity()});
}

absl::Status CheckMemory(const sim::SimulationOptions& o, int threads) {
  const MemoryNeed need = EstimateMemory(o, threads);
  const double available = AvailableMemory();
  if (need.Total() <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "needs %.3g GB of memory (%.3g for the slices of %u x %u pixels, %.3g for %d threads, %.3g "
      "for the results); allowed: the %.3g GB that are free",
      need.Total() / 1e9, need.slices / 1e9, o.grid_pixels[0], o.grid_pixels[1],
      need.workspaces / 1e9, threads, need.results / 1e9, available / 1e9));
}

}  // namespace ronchi
