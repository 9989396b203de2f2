// The twin's stage: five axes, each with its limits, its speed, backlash and creep.
//
// Backlash is a play operator: the true position p follows the commanded one c only when the slack
// b is used up, p = min(max(p, c − b/2), c + b/2), so that a full circle of c leaves a loop of
// width b (Visintin, Differential Models of Hysteresis (1994), ch. III). Encoders read c. What p
// moves settles exponentially, hw/twin/column/settling.h.
//
// Tilting turns the specimen about an axis that it misses by the hidden eucentric_um: what stands
// at that height moves sideways and down. Patterns on the camera follow the tilt, scanned images
// stay those of the zone axis.
#pragma once

#include <array>
#include <string>

#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/column/settling.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

struct StageAxis {
  std::string name;  // "stage.x"
  bool is_angle = false;
  double limit = 0, resolution = 0, max_rate = 0;  // SI: m or rad
};
constexpr size_t kStageAxes = 5;
// x, y, z, alpha, beta.
std::array<StageAxis, kStageAxes> MakeStageAxes(const TwinOptions& options);

class TwinStage {
 public:
  TwinStage(const TwinOptions& options, const HiddenNumbers* hidden);
  void Reset();
  const std::array<StageAxis, kStageAxes>& axes() const { return axes_; }
  // The axis's index; kStageAxes: no such axis.
  size_t Find(const std::string& property) const;
  double Commanded(size_t axis) const { return commanded_[axis]; }
  double Command(size_t axis, double target);  // returns where the encoder stands
  void Advance(double seconds);
  // Of the specimen against where it was at rest at zero, `ahead_s` from now, Å: x, y, z (along the
  // beam).
  std::array<double, 3> Displacement_A(double ahead_s) const;
  // Of the specimen off its zone axis now: about x (alpha) and about y (beta).
  std::array<double, 2> Tilt_rad() const;

  void Archive(StateArchive* a) { a->All(&commanded_, &played_, &settling_); }

 private:
  double True(size_t axis, double ahead_s) const;
  const HiddenNumbers* hidden_;
  std::array<StageAxis, kStageAxes> axes_;
  std::array<double, kStageAxes> commanded_{}, played_{};
  std::array<Settling, kStageAxes> settling_;
};

}  // namespace ronchi::hw
