// What happened step by step: named columns of equal length, one row an observation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

struct Trace {
  std::map<std::string, std::vector<double>> columns;  // "time_s", "contrast", "C10_nm" …
  std::vector<Array<float>> images;  // one a row, [y, x]; none: the task shows none
  size_t row_count = 0;
  size_t rows() const { return row_count; }

  // Starts a row with this image (empty: none); columns that no Put fills hold NaN.
  void Begin(const Array<float>& image);
  void Put(const std::string& column, double value);
  const std::vector<double>& operator[](const std::string& column) const;
  bool Has(const std::string& column) const { return columns.contains(column); }
  double Last(const std::string& column) const;
};

}  // namespace ronchi
