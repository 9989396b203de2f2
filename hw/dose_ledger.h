// Electrons per area that every square nanometre of the specimen has received. Positions in metres
// in the scan frame.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace ronchi::hw {

class DoseLedger {
 public:
  // Spreads the dose (e⁻/m²) over the rectangle; cells that it touches count as hit in full.
  void Add(double x_m, double y_m, double width_m, double height_m, double dose_e_per_m2);
  // The largest dose so far in the rectangle, and anywhere.
  double Largest(double x_m, double y_m, double width_m, double height_m) const;
  double Largest() const;
  void Clear() { cells_.clear(); }

 private:
  static constexpr double kCell_m = 1e-9;
  std::map<std::pair<int64_t, int64_t>, double> cells_;
};

}  // namespace ronchi::hw
