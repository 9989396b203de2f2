// What a dose leaves of a crystal's order: laws that a twin obeys and that theory may fit.
#pragma once

namespace ronchi::theory {

class DamageLaw {
 public:
  virtual ~DamageLaw() = default;
  // The share of the crystal's contrast, 1 … 0, that is left after an accumulated dose (e⁻/m², any
  // dose rate).
  virtual double RemainingOrder(double dose_e_per_m2) const = 0;
};

// Diffracted intensity fades as e^{−D/D_c}: D_c, the critical dose, leaves 1/e of it (Egerton, Li &
// Malac, Micron 35, 399 (2004); Egerton, Micron 119, 72 (2019)).
class ExponentialFading final : public DamageLaw {
 public:
  // Above 0; infinity: nothing fades.
  explicit ExponentialFading(double critical_e_per_m2) : critical_e_per_m2_(critical_e_per_m2) {}
  double RemainingOrder(double dose_e_per_m2) const override;

 private:
  double critical_e_per_m2_;
};

}  // namespace ronchi::theory
