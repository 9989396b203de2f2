#include "theory/hypotheses/event_law.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"

namespace ronchi::theory {
namespace {

ParameterSet OneUnknown(const std::string& name, const std::string& unit, UnknownFactor u) {
  return *ParameterSet::Create({{.name = name,
                                 .unit = unit,
                                 .transform = Transform::kLog,
                                 .mean = u.median,
                                 .sigma = std::log(u.factor)}});
}

// (v/c)².
double Beta2(double energy_eV) {
  constexpr double kElectron_eV = 510998.95;  // m c², CODATA 2018
  const double gamma = 1 + energy_eV / kElectron_eV;
  return 1 - 1 / (gamma * gamma);
}

double ElectronsPerBarn_s(double current_A_per_m2) {
  return current_A_per_m2 / kElementaryCharge_C * kBarn_m2;
}

double IonisationRate(double cross_section_barn, double energy_eV, double current_A_per_m2) {
  return cross_section_barn * Beta2(100e3) / Beta2(energy_eV) *
         ElectronsPerBarn_s(current_A_per_m2);
}

// A mean over velocities takes 0.1 ms, and the same few energies and thresholds are asked for again
// and again. Any threads.
class KnownCrossSections {
 public:
  explicit KnownCrossSections(const KnockOnTarget& target) : target_(target) {}
  double At_barn(double threshold_eV, double energy_eV) {
    const std::lock_guard<std::mutex> lock(mutex_);
    constexpr size_t kMost = 100000;
    if (known_.size() > kMost) known_.clear();
    const auto [it, fresh] = known_.try_emplace({threshold_eV, energy_eV}, 0);
    if (fresh) {
      KnockOnTarget t = target_;
      t.threshold_eV = threshold_eV;
      it->second = KnockOnCrossSection_barn(t, energy_eV);
    }
    return it->second;
  }

 private:
  const KnockOnTarget target_;
  std::mutex mutex_;
  std::map<std::pair<double, double>, double> known_;
};

}  // namespace

absl::Status EventLaw::Check(const Acquisition& at) const {
  for (const char* name : {"energy_eV", "current_A_per_m2", "seconds"}) {
    if (!at.settings.contains(name) || !(at.Setting(name) >= 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("events: the setting ", name, " is missing or below 0"));
    }
  }
  if (at.data.size() == 1 && at.Setting("energy_eV") > 0 && at.frames == 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "events: one count, of one frame, at an energy above 0 is needed; counts add up over "
      "seconds");
}

Prediction EventLaw::Predict(const State& values, const Acquisition& at) const {
  const double atoms = at.settings.contains("atoms") ? at.Setting("atoms") : 1;
  const double mean = atoms * at.Setting("seconds") *
                      rate_(values, at.Setting("energy_eV"), at.Setting("current_A_per_m2"));
  return {Eigen::VectorXd::Constant(1, mean), Eigen::VectorXd::Constant(1, std::max(mean, 1e-3))};
}

Prediction EventLaw::Linearise(const State& values, const Acquisition& at,
                               Eigen::MatrixXd* jacobian) const {
  jacobian->resize(1, values.size());
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    const double step = 1e-4 * std::abs(values[i]);
    State up = values, down = values;
    up[i] += step;
    down[i] -= step;
    (*jacobian)(0, i) = (Predict(up, at).mean[0] - Predict(down, at).mean[0]) / (up[i] - down[i]);
  }
  return Predict(values, at);
}

std::shared_ptr<const ForwardModel> KnockOnLaw(const KnockOnTarget& target, UnknownFactor u) {
  const auto known = std::make_shared<KnownCrossSections>(target);
  return std::make_shared<EventLaw>(OneUnknown("threshold_eV", "eV", u),
                                    [known](const State& v, double energy_eV, double current) {
                                      return known->At_barn(v[0], energy_eV) *
                                             ElectronsPerBarn_s(current);
                                    });
}

std::shared_ptr<const ForwardModel> IonisationLaw(UnknownFactor u) {
  return std::make_shared<EventLaw>(OneUnknown("cross_section_barn", "barn", u),
                                    [](const State& v, double energy_eV, double current) {
                                      return IonisationRate(v[0], energy_eV, current);
                                    });
}

std::shared_ptr<const ForwardModel> TwoElectronLaw(UnknownFactor u) {
  return std::make_shared<EventLaw>(OneUnknown("cross_section_2_tau_barn2_s", "barn^2 s", u),
                                    [](const State& v, double energy_eV, double current) {
                                      return v[0] *
                                             std::pow(IonisationRate(1, energy_eV, current), 2);
                                    });
}

std::shared_ptr<const ForwardModel> SpontaneousLaw(UnknownFactor u) {
  return std::make_shared<EventLaw>(OneUnknown("rate_per_s", "1/s", u),
                                    [](const State& v, double, double) { return v[0]; });
}

}  // namespace ronchi::theory
