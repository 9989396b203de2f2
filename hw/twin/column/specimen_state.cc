#include "hw/twin/column/specimen_state.h"

#include <cmath>

#include "core/quantity.h"
#include "theory/laws/damage_law.h"

namespace ronchi::hw {
namespace {

constexpr double kPerA2_per_m2 = 1e-20;  // e/Å² of one e/m²

}  // namespace

void SpecimenState::Reset() { walk_A_ = {}; }

void SpecimenState::Walk(double x_A, double y_A) {
  walk_A_[0] += x_A;
  walk_A_[1] += y_A;
}

std::array<double, 2> SpecimenState::UnderOrigin_A(double time_s,
                                                   const std::array<double, 3>& stage_A) const {
  const HiddenNumbers& h = *hidden_;
  return {h["shift_x_A"] + walk_A_[0] + h["drift_x_A_per_s"] * time_s - stage_A[0],
          h["shift_y_A"] + walk_A_[1] + h["drift_y_A_per_s"] * time_s - stage_A[1]};
}

bool SpecimenState::changes() const {
  return (*hidden_)["critical_dose_e_per_A2"] > 0 || (*hidden_)["contamination_nm_per_Me_A2"] > 0;
}

void SpecimenState::Change(const sim::LinearRaster& rows, double mean, double frame_e_per_m2,
                           std::span<double> fractions) const {
  const double critical = (*hidden_)["critical_dose_e_per_A2"];
  const double growth_nm = (*hidden_)["contamination_nm_per_Me_A2"] * 1e-6;  // an e/Å²
  const theory::ExponentialFading fading(critical > 0 ? critical / kPerA2_per_m2 : INFINITY);
  for (size_t i = 0; i < fractions.size(); ++i) {
    const auto& [x_A, y_A] = rows.starts_A[i / rows.pixels];
    const double at_x_A = x_A + rows.step_A * double(i % rows.pixels);
    const double dose = frame_e_per_m2 / 2 + ledger_->Largest(at_x_A * kMetresPerAngstrom,
                                                              y_A * kMetresPerAngstrom, 0, 0);
    const double order = fading.RemainingOrder(dose);
    const double carbon_nm = growth_nm * dose * kPerA2_per_m2;
    fractions[i] = std::exp(-carbon_nm / contamination_.mean_free_path_nm) *
                       (order * fractions[i] + (1 - order) * mean) +
                   contamination_.signal_per_nm * carbon_nm;
  }
}

}  // namespace ronchi::hw
