// Laws of single events under the beam, as forward models: how many atoms are displaced, or have
// hopped, while so many are watched for so long. They differ in how the rate depends on the beam's
// energy and current density j, which is what tells them apart.
//
// Settings of an acquisition: "energy_eV", "current_A_per_m2", "seconds", "atoms" (1 where there is
// none). Data: one count. Valid for few events of many atoms: none is exhausted.
#pragma once

#include <functional>
#include <memory>

#include "theory/forward/forward_model.h"
#include "theory/laws/knock_on.h"

namespace ronchi::theory {

class EventLaw final : public ForwardModel {
 public:
  // Events of one atom in a second, above or equal 0, of the parameters' values.
  using Rate =
      std::function<double(const State& values, double energy_eV, double current_A_per_m2)>;
  EventLaw(ParameterSet parameters, Rate rate)
      : parameters_(std::move(parameters)), rate_(std::move(rate)) {}

  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override;
  Prediction Predict(const State& values, const Acquisition& at) const override;
  // Derivatives by central differences: rates are smooth.
  Prediction Linearise(const State& values, const Acquisition& at,
                       Eigen::MatrixXd* jacobian) const override;

 private:
  const ParameterSet parameters_;
  const Rate rate_;
};

// Unknown, as a median and a factor of one standard deviation to either side.
struct UnknownFactor {
  double median = 1, factor = 2;
};

// Knock-on (theory/laws/knock_on.h): rate = σ(E; T_d) j/e. Unknown: "threshold_eV".
std::shared_ptr<const ForwardModel> KnockOnLaw(const KnockOnTarget& target,
                                               UnknownFactor threshold_eV);
// Ionisation (radiolysis): rate = σ₁₀₀ (β₁₀₀/β)² j/e, as the Bethe stopping power goes without its
// logarithm (Egerton, Micron 119, 72 (2019)). Unknown: "cross_section_barn" at 100 keV.
std::shared_ptr<const ForwardModel> IonisationLaw(UnknownFactor cross_section_barn);
// An ionisation that a second electron finds before it has relaxed, after τ: rate =
// (σ₁₀₀ (β₁₀₀/β)² j/e)² τ, for σ j τ/e ≪ 1 (excitation before displacement: Kretschmer et al., Nano
// Lett. 20, 2865 (2020)). Unknown: "cross_section_2_tau_barn2_s", of σ₁₀₀² τ.
std::shared_ptr<const ForwardModel> TwoElectronLaw(UnknownFactor cross_section_2_tau_barn2_s);
// By itself, beam or no beam: thermally activated hops. Unknown: "rate_per_s".
std::shared_ptr<const ForwardModel> SpontaneousLaw(UnknownFactor rate_per_s);

}  // namespace ronchi::theory
