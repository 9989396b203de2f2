#include "hw/twin/sheet/sheet_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"
#include "theory/laws/knock_on.h"

namespace ronchi::hw {
namespace {

constexpr double kA2_per_m2 = 1e20;

std::string Threshold(size_t bond) { return absl::StrCat("threshold_", bond, "_eV"); }

// 0 … 2 by the direction of each bond, from −x counter-clockwise.
std::array<size_t, 3> Turning(const std::array<Vector2, 3>& bonds) {
  std::array<size_t, 3> order = {0, 1, 2};
  const auto angle = [&](size_t k) { return std::atan2(bonds[k][1], bonds[k][0]); };
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return angle(i) < angle(j); });
  return order;
}

}  // namespace

SheetState::SheetState(const AtomTwinOptions& o, const AtomImage& image)
    : options_(o), image_(image), rates_(HopRates::Simple()) {
  if (o.rates != RateLaw::kKnockOn) return;
  theory::KnockOnTarget target = o.isotope == 13 ? theory::Graphene13C() : theory::Graphene12C();
  double high_eV = 0;
  table_low_eV_ = std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < 3; ++k) {
    const theory::Range range = o.Reach(Threshold(k));
    table_low_eV_ = std::min(table_low_eV_, range.low);
    high_eV = std::max(high_eV, range.high);
  }
  // Linear in the logarithm, which bends by about 1 a square eV: 1e-5 off at most.
  constexpr double kLongest_eV = 0.01;
  const double intervals = std::max(1.0, std::ceil((high_eV - table_low_eV_) / kLongest_eV));
  table_step_eV_ = std::max(high_eV - table_low_eV_, kLongest_eV) / intervals;
  for (double i = 0; i <= intervals; ++i) {
    target.threshold_eV = table_low_eV_ + i * table_step_eV_;
    log_barns_.push_back(std::log(theory::KnockOnCrossSection_barn(target, o.energy_eV)));
  }
}

double SheetState::CrossSection_barn(double threshold_eV) const {
  const double at = (threshold_eV - table_low_eV_) / table_step_eV_;
  const size_t i = size_t(std::clamp(at, 0.0, double(log_barns_.size() - 2)));
  const double share = at - double(i), low = log_barns_[i], high = log_barns_[i + 1];
  if (!std::isfinite(low) || !std::isfinite(high)) return 0;  // the logarithm of nothing
  return std::exp(low + share * (high - low));
}

absl::StatusOr<SheetState> SheetState::Create(const AtomTwinOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const AtomImage image,
                          AtomImage::Create(o.energy_eV, o.haadf_inner_rad, o.haadf_outer_rad));
  return SheetState(o, image);
}

void SheetState::Begin() {
  shift_A_ = {};
  silicon_ = {};
  hops_ = 0;
  c10_m_ = 0;
}

void SheetState::Resume(const HiddenNumbers& hidden, double current_A) {
  RandomStream random = hidden.Stream("atom.sheet", 0);
  const double rotation = random.Uniform(0, 2 * std::numbers::pi);
  const double u = random.Uniform(-0.5, 0.5), v = random.Uniform(-0.5, 0.5);
  // With the rotation even over the circle, the silicon is as often on B as on A.
  const Graphene at_origin(rotation, {0, 0});
  sheet_ = Graphene(rotation, {u * at_origin.a1_A()[0] + v * at_origin.a2_A()[0],
                               u * at_origin.a1_A()[1] + v * at_origin.a2_A()[1]});
  turning_ = {Turning(sheet_.Bonds_A({})), Turning(sheet_.Bonds_A({0, 0, true}))};
  MakeRates(hidden, current_A);
  SetC10(c10_m_);
}

void SheetState::Archive(StateArchive* a) {
  a->All(&shift_A_, &silicon_.m, &silicon_.n, &silicon_.b, &hops_, &c10_m_);
}

void SheetState::MakeRates(const HiddenNumbers& hidden, double current_A) {
  switch (options_.rates) {
    case RateLaw::kSimple:
      rates_ = HopRates::Simple();
      break;
    case RateLaw::kPrior:
      rates_ = HopRates::Prior();
      break;
    case RateLaw::kMixture: {
      RandomStream random = hidden.Stream("atom.mixture", 1);
      rates_ = HopRates::Mixture(&random);
      break;
    }
    case RateLaw::kKnockOn: {
      HopRates::Three hops_A2;
      const double electrons_per_s = current_A / kElementaryCharge_C;
      for (size_t k = 0; k < 3; ++k) {
        hops_A2[k] = CrossSection_barn(hidden[Threshold(k).c_str()]) * theory::kBarn_m2 *
                     kA2_per_m2 * electrons_per_s;
      }
      rates_ = HopRates::KnockOn(hops_A2);
      break;
    }
  }
  rates_.Scale(hidden["rate_ratio"]);
}

void SheetState::SetC10(double c10_m) {
  c10_m_ = c10_m;
  // A cone of half-angle α, C10 away from its tip, is a disc of variance (α C10)²/4 along each
  // axis.
  const double in_focus_A = options_.beam_fwhm_A / std::sqrt(8 * std::numbers::ln2);
  sigma_A_ = std::hypot(in_focus_A, options_.semiangle_rad * c10_m * kAngstromPerMetre / 2);
}

void SheetState::Drift(const Vector2& rate_A_per_s, double seconds) {
  for (size_t i = 0; i < 2; ++i) shift_A_[i] += rate_A_per_s[i] * seconds;
}

void SheetState::Walk(double step_A, RandomStream* random) {
  for (double& shift : shift_A_) shift += step_A * random->Normal();
}

template <class RatesOf>
void SheetState::Hop(double seconds, RandomStream* random, const RatesOf& rates_of) {
  while (true) {
    const HopRates::Three rates = rates_of();
    const double total = rates[0] + rates[1] + rates[2];
    if (!(total > 0)) return;
    seconds += std::log1p(-random->Uniform()) / total;
    if (seconds < 0) return;
    const double share = random->Uniform() * total;
    const size_t bond = share < rates[0] ? 0 : share < rates[0] + rates[1] ? 1 : 2;
    silicon_ = sheet_.Neighbour(silicon_, bond);
    ++hops_;
  }
}

void SheetState::HopUnder(const Vector2& beam_A, double seconds, RandomStream* random) {
  Hop(seconds, random, [&] { return Rates(beam_A); });
}

void SheetState::HopUnderSweep(const Vector2& center_A, double fov_A, double seconds,
                               RandomStream* random) {
  Hop(seconds, random, [&] { return MeanRates(center_A, fov_A); });
}

HopRates::Three SheetState::MeanRates(const Vector2& center_A, double fov_A) const {
  const Vector2 silicon = sheet_.Place_A(silicon_);
  const double x = silicon[0] + shift_A_[0] - center_A[0];
  const double y = silicon[1] + shift_A_[1] - center_A[1];
  // From here on a law's integral lies within the field, nearly all, or without.
  constexpr double kWide_A = 12;
  if (fov_A >= kWide_A) {
    const bool inside = std::fabs(x) <= fov_A / 2 && std::fabs(y) <= fov_A / 2;
    return inside ? rates_.ComputeMean(fov_A) : HopRates::Three{};
  }
  // Steps of 0.75 Å at most are fine enough for a beam of 1.1 Å: 1e-3 of the mean.
  constexpr int kSteps = 16;
  HopRates::Three mean{};
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      const HopRates::Three rates = Rates({center_A[0] + fov_A * ((i + 0.5) / kSteps - 0.5),
                                           center_A[1] + fov_A * ((j + 0.5) / kSteps - 0.5)});
      for (size_t k = 0; k < 3; ++k) mean[k] += rates[k] / (kSteps * kSteps);
    }
  }
  return mean;
}

HopRates::Three SheetState::Rates(const Vector2& beam_A) const {
  const Vector2 silicon = sheet_.Place_A(silicon_);
  return rates_.Compute(
      {beam_A[0] - shift_A_[0] - silicon[0], beam_A[1] - shift_A_[1] - silicon[1]},
      sheet_.Bonds_A(silicon_), sigma_A_);
}

std::array<Vector2, 4> SheetState::Atoms_A() const {
  const Vector2 place = sheet_.Place_A(silicon_);
  std::array<Vector2, 4> atoms;
  atoms[0] = {place[0] + shift_A_[0], place[1] + shift_A_[1]};
  for (size_t i = 0; i < 3; ++i) {
    const Vector2& bond = sheet_.Bonds_A(silicon_)[turning_[silicon_.b][i]];
    atoms[1 + i] = {atoms[0][0] + bond[0], atoms[0][1] + bond[1]};
  }
  return atoms;
}

double SheetState::Fraction(const Vector2& scan_A) const {
  return image_.Fraction(sheet_, silicon_, {scan_A[0] - shift_A_[0], scan_A[1] - shift_A_[1]},
                         sigma_A_);
}

double SheetState::Contrast() const {
  // A cell far from the silicon.
  constexpr int kSamples = 24, kFar = 1000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kSamples; ++i) {
    for (int j = 0; j < kSamples; ++j) {
      const double u = kFar + silicon_.m + double(i) / kSamples, v = double(j) / kSamples;
      const Vector2 origin = sheet_.Place_A({});
      const double fraction =
          image_.Fraction(sheet_, silicon_,
                          {origin[0] + u * sheet_.a1_A()[0] + v * sheet_.a2_A()[0],
                           origin[1] + u * sheet_.a1_A()[1] + v * sheet_.a2_A()[1]},
                          sigma_A_);
      sum += fraction;
      squares += fraction * fraction;
    }
  }
  constexpr double kAll = double(kSamples) * kSamples;
  return squares * kAll / (sum * sum) - 1;
}

void SheetState::AddDerived(std::map<std::string, double>* hidden) const {
  std::map<std::string, double>& all = *hidden;
  const auto atoms = Atoms_A();
  all["silicon_x_m"] = atoms[0][0] * kMetresPerAngstrom;
  all["silicon_y_m"] = atoms[0][1] * kMetresPerAngstrom;
  all["shift_x_m"] = shift_A_[0] * kMetresPerAngstrom;
  all["shift_y_m"] = shift_A_[1] * kMetresPerAngstrom;
  all["hops"] = double(hops_);
  // The rate of each neighbour, in the measurement's order, with the beam right on it.
  for (size_t i = 0; i < 3; ++i) {
    all[absl::StrCat("rate_", i + 1, "_per_s")] = Rates(atoms[1 + i])[turning_[silicon_.b][i]];
  }
}

}  // namespace ronchi::hw
