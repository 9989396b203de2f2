#include "hw/twin/column/stage.h"

#include <algorithm>
#include <cmath>

#include "core/quantity.h"

namespace ronchi::hw {

std::array<StageAxis, kStageAxes> MakeStageAxes(const TwinOptions& o) {
  const StageOptions& s = o.stage;
  return {{{"stage.x", false, s.range_m, s.resolution_m, s.speed_m_per_s},
           {"stage.y", false, s.range_m, s.resolution_m, s.speed_m_per_s},
           {"stage.z", false, s.z_range_m, s.resolution_m, s.speed_m_per_s},
           {"stage.alpha", true, s.tilt_range_rad, s.tilt_resolution_rad, s.tilt_speed_rad_per_s},
           {"stage.beta", true, s.tilt_range_rad, s.tilt_resolution_rad, s.tilt_speed_rad_per_s}}};
}

TwinStage::TwinStage(const TwinOptions& options, const HiddenNumbers* hidden)
    : hidden_(hidden), axes_(MakeStageAxes(options)) {}

void TwinStage::Reset() {
  commanded_ = played_ = {};
  settling_ = {};
}

size_t TwinStage::Find(const std::string& property) const {
  size_t i = 0;
  while (i < kStageAxes && axes_[i].name != property) ++i;
  return i;
}

double TwinStage::Command(size_t axis, double target) {
  const double step = axes_[axis].resolution;
  commanded_[axis] = step > 0 ? std::round(target / step) * step : target;
  const double slack = axes_[axis].is_angle ? (*hidden_)["tilt_backlash_mrad"] * kRadPerMrad
                                            : (*hidden_)["stage_backlash_nm"] * 1e-9;
  const double was = played_[axis], c = commanded_[axis];
  played_[axis] = std::min(std::max(was, c - slack / 2), c + slack / 2);
  settling_[axis].Change(played_[axis] - was, (*hidden_)["stage_lag_share"]);
  return commanded_[axis];
}

void TwinStage::Advance(double seconds) {
  for (Settling& s : settling_) s.Advance(seconds, (*hidden_)["stage_lag_s"]);
}

double TwinStage::True(size_t axis, double ahead_s) const {
  return played_[axis] - settling_[axis].Missing(ahead_s, (*hidden_)["stage_lag_s"]);
}

std::array<double, 3> TwinStage::Displacement_A(double ahead_s) const {
  const double height_A = (*hidden_)["eucentric_um"] * 1e4;
  const double alpha = True(3, ahead_s), beta = True(4, ahead_s);
  // A point h beyond the axes: about x by alpha, then about y by beta.
  const double x = height_A * std::cos(alpha) * std::sin(beta);
  const double y = -height_A * std::sin(alpha);
  const double z = height_A * (std::cos(alpha) * std::cos(beta) - 1);
  return {True(0, ahead_s) * kAngstromPerMetre + x, True(1, ahead_s) * kAngstromPerMetre + y,
          True(2, ahead_s) * kAngstromPerMetre + z};
}

std::array<double, 2> TwinStage::Tilt_rad() const {
  return {(*hidden_)["mistilt_alpha_mrad"] * kRadPerMrad + True(3, 0),
          (*hidden_)["mistilt_beta_mrad"] * kRadPerMrad + True(4, 0)};
}

}  // namespace ronchi::hw
