// Numbers of a config that are to take several values, one run after the other:
//   beam: {aberrations: {C10_A: {from: -100, to: 100, steps: 5}}, energy_keV: {series: [80, 200]}}
// Each is an axis; the points are all combinations, the axis that stands first in the file slowest.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"

namespace ronchi {

class ConfigSeries {
 public:
  struct Axis {
    std::string path;  // "beam.aberrations.C10_A", "scan.end_A[0]"
    std::vector<double> values;
  };

  // Every mapping with the key `series` alone, a list of numbers, or with `from`, `to` and `steps`
  // (the number of values, both ends included), in the order of the file. InvalidArgument, all at
  // once: such a mapping that is incomplete or holds no numbers; one that stands in two places by a
  // YAML alias; more than kMostPoints.
  static absl::StatusOr<ConfigSeries> Find(const Config& document);
  ConfigSeries(ConfigSeries&&) noexcept;
  ConfigSeries& operator=(ConfigSeries&&) noexcept;
  ~ConfigSeries();

  static constexpr size_t kMostPoints = 100000;
  bool empty() const { return axes_.empty(); }
  const std::vector<Axis>& axes() const { return axes_; }
  size_t points() const;                            // 1 without axes
  std::vector<size_t> Indices(size_t point) const;  // along each axis

  // Writes a point's numbers into the document that was searched, in place of the mappings.
  void Choose(size_t point);
  // Puts the mappings back, so that the document's Dump() is the whole series.
  void Restore();

 private:
  struct Places;
  ConfigSeries();
  std::vector<Axis> axes_;
  std::unique_ptr<Places> places_;
};

}  // namespace ronchi
