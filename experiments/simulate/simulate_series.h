// A simulation whose config holds series (core/config_series.h): a job a point, and for each
// detector one array whose first axes are the series. A config without series has one point and no
// such axes.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "core/config_series.h"
#include "core/status.h"
#include "core/storage.h"
#include "experiments/simulate/simulate_command.h"
#include "experiments/simulate/simulate_signal.h"

namespace ronchi {

class SimulateSeries {
 public:
  // Reads the config at every point. InvalidArgument, ResourceExhausted: the mistakes of the first
  // point that has any; a detector whose array has another shape at one point than at the first.
  static absl::StatusOr<SimulateSeries> Read(const Config& config);

  bool is_series() const { return !series_.empty(); }
  size_t points() const { return series_.points(); }
  const std::vector<ConfigSeries::Axis>& numbers() const { return series_.axes(); }
  const std::vector<Axis>& axes() const { return axes_; }  // of the file, one a series
  const SimulateJob& first() const { return first_; }
  const std::string& config() const { return config_; }  // resolved, with its series

  // The job of one point. Every point counts its electrons by a seed of its own: the config's for
  // the first, derived from it for the others, unless dose.seed is itself a series.
  absl::StatusOr<SimulateJob> Job(size_t point);
  // "C10 -50 A", with a comma between several series; empty without.
  std::string Label(size_t point) const;
  // Probes · slices · configurations · defoci · pixels: what a point costs beside the others.
  double Work(size_t point) const { return work_[point]; }

  // The signal and the array of a detector over all points, and a stretch of probes in it.
  const Signal& signal(size_t detector) const { return signals_[detector]; }
  std::vector<size_t> Shape(size_t detector) const;
  Slab Place(size_t point, size_t detector, size_t exit, size_t first, size_t probes) const;

 private:
  SimulateSeries(const Config& document, ConfigSeries series);
  absl::Status Compare(const SimulateJob& job, size_t point);
  Config document_;
  ConfigSeries series_;
  std::vector<Axis> axes_;
  std::vector<Signal> signals_;
  std::vector<double> work_;
  SimulateJob first_;
  std::string config_;
};

// The axis of a series: named and in the unit that the key's name carries ("C10_A": C10 in A), even
// where the steps are. Values that neither rise nor fall all along have an axis of their numbers 0,
// 1, … alone.
Axis SeriesAxis(const ConfigSeries::Axis& series);
std::string SeriesUnits(const ConfigSeries::Axis& series);

}  // namespace ronchi
