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

// The depth of each exit plane.
std::vector<double> ExitDepths_nm(const sim::SimulationOptions& options);

// Collects what pictures need while blocks come by: images whole, patterns as their mean over the
// scan (PACBED).
class SimulatePictures {
 public:
  // `points`: what each point of a series is called on the picture, "C10 -50 A"; one empty word
  // without series. The points are alike but for what is not drawn.
  SimulatePictures(const sim::SimulationOptions& options, const sim::SimulationPlan& plan,
                   std::vector<std::string> points = {""});
  void Add(size_t detector, size_t point, size_t exit, size_t first, std::span<const float> values);
  // Mean of all values of a detector; not-a-number when some are missing.
  double Mean(size_t detector) const;
  // PNG of a detector, with points of a series, exit planes (by their depth) and components side by
  // side; "" when there is nothing to see (single probes).
  absl::StatusOr<std::string> Draw(size_t detector) const;

 private:
  absl::StatusOr<std::string> DrawPatterns(size_t detector) const;
  // What each plane (point of a series, exit) is called; empty words where there is one alone.
  std::vector<std::string> PlaneLabels() const;
  size_t Columns() const;  // of panels, one value each; 0: any
  size_t planes() const { return points_.size() * options_.exit_slices.size(); }
  const sim::SimulationOptions& options_;
  const sim::SimulationPlan& plan_;
  std::vector<std::string> points_;
  struct Panels {
    std::vector<double> values;  // [planes, probes, values a probe], or [planes, pattern]
    double sum = 0;
    size_t count = 0, expected = 0;
  };
  std::vector<Panels> panels_;
};

}  // namespace ronchi
