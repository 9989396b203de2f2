// How a simulated detector is described in the file, and drawn.
#pragma once

#include <string>
#include <vector>

#include "core/storage.h"
#include "sim/simulation.h"

namespace ronchi {

// The signal of detector `d`, axes in the order of SimulationPlan::Shape.
Signal DescribeSignal(const sim::SimulationOptions& options, const sim::SimulationPlan& plan,
                      size_t d);

// Where a stretch of probes (whole rows, or a part of one) at an exit plane lies in its array.
struct Slab {
  std::vector<size_t> offset, count;
};
Slab SlabOf(const sim::SimulationOptions& options, const sim::SimulationPlan& plan, size_t d,
            size_t exit, size_t first, size_t probes);

// Collects what pictures need while blocks come by: images whole, patterns as their mean over the
// scan (PACBED).
class SimulatePictures {
 public:
  SimulatePictures(const sim::SimulationOptions& options, const sim::SimulationPlan& plan);
  void Add(size_t detector, size_t exit, size_t first, std::span<const float> values);
  // Mean of all values of a detector; not-a-number when some are missing.
  double Mean(size_t detector) const;
  // PNG of a detector, exit planes and components side by side; "" when there is nothing to see
  // (single points).
  absl::StatusOr<std::string> Draw(size_t detector) const;

 private:
  absl::StatusOr<std::string> DrawPatterns(size_t detector) const;
  const sim::SimulationOptions& options_;
  const sim::SimulationPlan& plan_;
  struct Panels {
    std::vector<double> values;  // [exits, probes, values a probe], or [exits, pattern]
    double sum = 0;
    size_t count = 0, expected = 0;
  };
  std::vector<Panels> panels_;
};

}  // namespace ronchi
