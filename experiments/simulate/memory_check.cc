#include "experiments/simulate/memory_check.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "sim/engine.h"

namespace ronchi {
namespace {

constexpr double kFloat = 4, kDouble = 8;

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

MemoryNeed EstimateMemory(const sim::SimulationOptions& o, const sim::SimulationPlan& plan,
                          int threads, size_t points) {
  const sim::EngineMemory engine = o.engine->Memory(o, plan, threads);
  MemoryNeed need{.slices = engine.slices, .workspaces = engine.workspaces};
  const double positions = double(o.scan.probes());
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
