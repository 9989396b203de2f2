#include "hw/twin/column/optics.h"

#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"
#include "sim/physics/electron.h"

namespace ronchi::hw {
namespace {

constexpr double kUm_A = 1e4;
constexpr int kC32 = 5, kC34 = 6;  // into sim::kAberrationTerms

void Add(int term, double limit_m, double resolution_m, std::vector<Knob>* knobs) {
  const sim::AberrationTerm& t = sim::kAberrationTerms[size_t(term)];
  const std::string name = absl::StrCat("optics.", std::string(t.name));
  if (t.m == 0) {
    knobs->push_back({term, false, name, limit_m, resolution_m});
    return;
  }
  for (bool sine : {false, true}) {
    knobs->push_back({term, sine, name + (sine ? ".b" : ".a"), limit_m, resolution_m});
  }
}

}  // namespace

std::vector<Knob> MakeKnobs(const TwinOptions& o) {
  std::vector<Knob> knobs;
  for (int term : {sim::kC10, sim::kC12}) {
    Add(term, o.corrector_limit_m, o.corrector_resolution_m, &knobs);
  }
  // Every power supply has as many steps as that of C10.
  const double share = o.corrector_resolution_m / o.corrector_limit_m;
  for (const auto& [term, limit_m] : o.corrector_limits_m) {
    if (limit_m > 0) Add(term, limit_m, share * limit_m, &knobs);
  }
  return knobs;
}

TwinOptics::TwinOptics(const TwinOptions& o, const HiddenNumbers* hidden)
    : hidden_(hidden), knobs_(MakeKnobs(o)) {
  const double wavelength_A = sim::Wavelength_A(o.energy_eV);
  for (const Knob& k : knobs_) {
    const int n = sim::kAberrationTerms[size_t(k.term)].n;
    rim_rad_per_A_.push_back(2 * std::numbers::pi / wavelength_A *
                             std::pow(o.semiangle_rad, n + 1) / (n + 1));
  }
}

void TwinOptics::Reset() {
  const size_t n = knobs_.size();
  commanded_m_.assign(n, 0);
  settling_.assign(n, {});
  walk_A_ = {};
  gain_draw_.clear();
  talk_.clear();
  for (const Knob& k : knobs_) {
    gain_draw_.push_back(hidden_->Stream("twin.gain/" + k.name).Uniform(-1, 1));
  }
  for (const Knob& from : knobs_) {
    for (const Knob& onto : knobs_) {
      RandomStream random = hidden_->Stream(absl::StrCat("twin.talk/", from.name, "/", onto.name));
      talk_.push_back(random.Uniform(-1, 1));
    }
  }
}

const Knob* TwinOptics::Find(const std::string& property) const {
  for (const Knob& k : knobs_) {
    if (k.name == property) return &k;
  }
  return nullptr;
}

double TwinOptics::Gain(size_t knob) const {
  const double spread = (*hidden_)["corrector_gain_spread"];
  return (*hidden_)["corrector_gain_ratio"] * (1 + spread * gain_draw_[knob]);
}

double TwinOptics::CrossTalk(size_t from, size_t onto) const {
  if (from == onto) return 0;
  return (*hidden_)["cross_talk"] * talk_[from * knobs_.size() + onto] * rim_rad_per_A_[from] /
         rim_rad_per_A_[onto];
}

double TwinOptics::Command(const Knob& knob, double target_m) {
  const size_t from = Index(knob);
  const double was_m = commanded_m_[from], step = knob.resolution_m;
  commanded_m_[from] = step > 0 ? std::round(target_m / step) * step : target_m;
  const double change_A = Gain(from) * (commanded_m_[from] - was_m) * kAngstromPerMetre;
  const double share = (*hidden_)["corrector_lag_share"];
  for (size_t onto = 0; onto < knobs_.size(); ++onto) {
    settling_[onto].Change(from == onto ? change_A : CrossTalk(from, onto) * change_A, share);
  }
  return commanded_m_[from];
}

void TwinOptics::Advance(double seconds, const std::array<double, 3>& steps_A,
                         RandomStream* further) {
  const auto walk = [&](int term, bool sine) -> double& {
    return walk_A_[size_t(2 * term) + size_t(sine)];
  };
  walk(sim::kC10, false) += steps_A[0];
  walk(sim::kC12, false) += steps_A[1];
  walk(sim::kC12, true) += steps_A[2];
  for (const auto& [term, rate] : {std::pair(sim::kC21, (*hidden_)["C21_walk_nm"]),
                                   std::pair(sim::kC23, (*hidden_)["C23_walk_nm"])}) {
    for (bool sine : {false, true}) {
      walk(term, sine) += rate * kAngstromPerNanometre * std::sqrt(seconds) * further->Normal();
    }
  }
  for (Settling& s : settling_) s.Advance(seconds, (*hidden_)["corrector_lag_s"]);
}

double TwinOptics::Own_A(int term, bool sine) const {
  const HiddenNumbers& h = *hidden_;
  switch (term) {
    case sim::kC10:
      return h["C10_nm"] * kAngstromPerNanometre;
    case sim::kC12:
      return h[sine ? "C12b_nm" : "C12a_nm"] * kAngstromPerNanometre;
    case sim::kC21:
      return h[sine ? "C21b_nm" : "C21a_nm"] * kAngstromPerNanometre;
    case sim::kC23:
      return h[sine ? "C23b_nm" : "C23a_nm"] * kAngstromPerNanometre;
    case sim::kC30:
      return h["C30_um"] * kUm_A;
    case kC32:
      return h[sine ? "C32b_nm" : "C32a_nm"] * kAngstromPerNanometre;
    case kC34:
      return h[sine ? "C34b_nm" : "C34a_nm"] * kAngstromPerNanometre;
    default:
      return 0;
  }
}

sim::Aberrations TwinOptics::True(double specimen_z_A) const {
  sim::Aberrations a;
  for (int term = 0; term < int(sim::kAberrationTerms.size()); ++term) {
    a.a_A[size_t(term)] = Own_A(term, false) + walk_A_[size_t(2 * term)];
    if (sim::kAberrationTerms[size_t(term)].m == 0) continue;
    a.b_A[size_t(term)] = Own_A(term, true) + walk_A_[size_t(2 * term) + 1];
  }
  const double lag_s = (*hidden_)["corrector_lag_s"];
  const bool talks = (*hidden_)["cross_talk"] != 0;
  for (size_t i = 0; i < knobs_.size(); ++i) {
    auto& to = knobs_[i].sine ? a.b_A : a.a_A;
    double& total = to[size_t(knobs_[i].term)];
    total += Gain(i) * commanded_m_[i] * kAngstromPerMetre;
    for (size_t j = 0; talks && j < knobs_.size(); ++j) {
      total += CrossTalk(j, i) * Gain(j) * commanded_m_[j] * kAngstromPerMetre;
    }
    total -= settling_[i].Missing(0, lag_s);
  }
  a.a_A[sim::kC10] += specimen_z_A;
  return a;
}

}  // namespace ronchi::hw
