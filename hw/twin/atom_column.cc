#include "hw/twin/atom_column.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "core/quantity.h"
#include "theory/laws/knock_on.h"

namespace ronchi::hw {
namespace {

constexpr int kSavedVersion = 1;
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

AtomColumn::AtomColumn(const AtomTwinOptions& o, const AtomImage& image)
    : options_(o), image_(image), rates_(HopRates::Simple()) {
  if (o.rates != RateLaw::kKnockOn) return;
  theory::KnockOnTarget target = o.isotope == 13 ? theory::Graphene13C() : theory::Graphene12C();
  double high_eV = 0;
  table_low_eV_ = std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < 3; ++k) {
    const theory::Range& range = o.prior.ranges().at(Threshold(k));
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

double AtomColumn::CrossSection_barn(double threshold_eV) const {
  const double at = (threshold_eV - table_low_eV_) / table_step_eV_;
  const size_t i = size_t(std::clamp(at, 0.0, double(log_barns_.size() - 2)));
  const double share = at - double(i), low = log_barns_[i], high = log_barns_[i + 1];
  if (!std::isfinite(low) || !std::isfinite(high)) return 0;  // the logarithm of nothing
  return std::exp(low + share * (high - low));
}

absl::StatusOr<AtomColumn> AtomColumn::Create(const AtomTwinOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const AtomImage image,
                          AtomImage::Create(o.energy_eV, o.haadf_inner_rad, o.haadf_outer_rad));
  return AtomColumn(o, image);
}

void AtomColumn::Randomise(uint64_t seed, uint64_t environment, uint64_t episode) {
  seed_ = seed;
  environment_ = environment;
  episode_ = episode;
  ticks_ = hops_ = 0;
  scans = 0;
  time_s = 0;
  blanked = true;
  shift_A_ = {};
  hidden_ = options_.prior.Draw(seed, environment, episode);
  current_ratio_ = hidden_.at("current_ratio");
  image_s_ = hidden_.at("image_s");
  aligner_sigma_A_ = hidden_.at("aligner_sigma_A");
  walk_A_ = hidden_.at("walk_A");
  drift_A_per_s_ = {hidden_.at("drift_x_A_per_s"), hidden_.at("drift_y_A_per_s")};
  RandomStream random = Stream("atom.sheet");
  const double rotation = random.Uniform(0, 2 * std::numbers::pi);
  const double u = random.Uniform(-0.5, 0.5), v = random.Uniform(-0.5, 0.5);
  // With the rotation even over the circle, the silicon is as often on B as on A.
  const Graphene at_origin(rotation, {0, 0});
  sheet_ = Graphene(rotation, {u * at_origin.a1_A()[0] + v * at_origin.a2_A()[0],
                               u * at_origin.a1_A()[1] + v * at_origin.a2_A()[1]});
  silicon_ = {};
  turning_ = {Turning(sheet_.Bonds_A({})), Turning(sheet_.Bonds_A({0, 0, true}))};
  MakeRates();
  SetC10(0);
}

void AtomColumn::MakeRates() {
  switch (options_.rates) {
    case RateLaw::kSimple:
      rates_ = HopRates::Simple();
      break;
    case RateLaw::kPrior:
      rates_ = HopRates::Prior();
      break;
    case RateLaw::kMixture: {
      RandomStream random = Stream("atom.mixture");
      rates_ = HopRates::Mixture(&random);
      break;
    }
    case RateLaw::kKnockOn: {
      HopRates::Three hops_A2;
      const double electrons_per_s = Current_A() / kElementaryCharge_C;
      for (size_t k = 0; k < 3; ++k) {
        hops_A2[k] = CrossSection_barn(hidden_.at(Threshold(k))) * theory::kBarn_m2 * kA2_per_m2 *
                     electrons_per_s;
      }
      rates_ = HopRates::KnockOn(hops_A2);
      break;
    }
  }
  rates_.Scale(hidden_.at("rate_ratio"));
}

void AtomColumn::SetC10(double c10_m) {
  c10_m_ = c10_m;
  // A cone of half-angle α, C10 away from its tip, is a disc of variance (α C10)²/4 along each
  // axis.
  const double in_focus_A = options_.beam_fwhm_A / std::sqrt(8 * std::numbers::ln2);
  sigma_A_ = std::hypot(in_focus_A, options_.semiangle_rad * c10_m * kAngstromPerMetre / 2);
}

void AtomColumn::Advance(double seconds) {
  if (seconds <= 0) return;
  time_s += seconds;
  for (size_t i = 0; i < 2; ++i) shift_A_[i] += drift_A_per_s_[i] * seconds;
  if (walk_A_ == 0) return;
  RandomStream random = Stream("atom.walk");
  for (double& shift : shift_A_) shift += walk_A_ * std::sqrt(seconds) * random.Normal();
}

template <class RatesOf>
void AtomColumn::Hop(double seconds, RandomStream* random, const RatesOf& rates_of) {
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

void AtomColumn::Dwell(const Vector2& beam_A, double seconds) {
  // While the sheet drifts, the rates change: parts so short that it moves by no more than this.
  constexpr double kStep_A = 0.02;
  const double way_A = std::hypot(drift_A_per_s_[0], drift_A_per_s_[1]) * seconds;
  const int parts = int(std::clamp(std::ceil(way_A / kStep_A), 1.0, 1000.0));
  RandomStream random = Stream("atom.hops");
  for (int i = 0; i < parts; ++i) {
    Hop(seconds / parts, &random, [&] { return Rates(beam_A); });
    Advance(seconds / parts);
  }
}

void AtomColumn::Sweep(const Vector2& centre_A, double fov_A, double seconds) {
  if (options_.images_move_atoms && seconds > 0) {
    RandomStream random = Stream("atom.image_hops");
    Hop(seconds, &random, [&] { return MeanRates(centre_A, fov_A); });
  }
  Advance(seconds);
}

HopRates::Three AtomColumn::MeanRates(const Vector2& centre_A, double fov_A) const {
  const Vector2 silicon = sheet_.Place_A(silicon_);
  const double x = silicon[0] + shift_A_[0] - centre_A[0];
  const double y = silicon[1] + shift_A_[1] - centre_A[1];
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
      const HopRates::Three rates = Rates({centre_A[0] + fov_A * ((i + 0.5) / kSteps - 0.5),
                                           centre_A[1] + fov_A * ((j + 0.5) / kSteps - 0.5)});
      for (size_t k = 0; k < 3; ++k) mean[k] += rates[k] / (kSteps * kSteps);
    }
  }
  return mean;
}

HopRates::Three AtomColumn::Rates(const Vector2& beam_A) const {
  const Vector2 silicon = sheet_.Place_A(silicon_);
  return rates_.Compute(
      {beam_A[0] - shift_A_[0] - silicon[0], beam_A[1] - shift_A_[1] - silicon[1]},
      sheet_.Bonds_A(silicon_), sigma_A_);
}

std::array<Vector2, 4> AtomColumn::Atoms_A() const {
  const Vector2 place = sheet_.Place_A(silicon_);
  std::array<Vector2, 4> atoms;
  atoms[0] = {place[0] + shift_A_[0], place[1] + shift_A_[1]};
  for (size_t i = 0; i < 3; ++i) {
    const Vector2& bond = sheet_.Bonds_A(silicon_)[turning_[silicon_.b][i]];
    atoms[1 + i] = {atoms[0][0] + bond[0], atoms[0][1] + bond[1]};
  }
  return atoms;
}

double AtomColumn::Fraction(const Vector2& scan_A) const {
  return image_.Fraction(sheet_, silicon_, {scan_A[0] - shift_A_[0], scan_A[1] - shift_A_[1]},
                         sigma_A_);
}

double AtomColumn::Contrast() const {
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

std::map<std::string, double> AtomColumn::AllHidden() const {
  std::map<std::string, double> all = hidden_;
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
  return all;
}

std::string AtomColumn::Save() const {
  const nlohmann::json saved = {{"version", kSavedVersion},
                                {"kind", "atoms"},
                                {"seed", seed_},
                                {"environment", environment_},
                                {"episode", episode_},
                                {"ticks", ticks_},
                                {"hops", hops_},
                                {"shift_A", shift_A_},
                                {"site", {silicon_.m, silicon_.n, int(silicon_.b)}},
                                {"c10_m", c10_m_},
                                {"time_s", time_s},
                                {"blanked", blanked},
                                {"scans", scans}};
  const std::vector<uint8_t> bytes = nlohmann::json::to_cbor(saved);
  return {bytes.begin(), bytes.end()};
}

absl::Status AtomColumn::Restore(const std::string& bytes) {
  const absl::StatusOr<nlohmann::json> read = ReadCbor(bytes);
  if (!read.ok()) return Annotate(read.status(), "this is no saved state of an atom twin");
  const nlohmann::json& saved = *read;
  try {
    if (!saved.is_object() || saved.value("kind", "") != "atoms" ||
        saved.value("version", 0) != kSavedVersion) {
      return absl::InvalidArgumentError("this is no saved state of an atom twin");
    }
    // Read all before anything changes.
    const std::array<uint64_t, 5> numbers = {saved.at("seed"), saved.at("environment"),
                                             saved.at("episode"), saved.at("ticks"),
                                             saved.at("hops")};
    const Vector2 shift = saved.at("shift_A");
    const std::array<int, 3> site = saved.at("site");
    const double c10 = saved.at("c10_m"), time = saved.at("time_s");
    const bool is_blanked = saved.at("blanked");
    const int scanned = saved.at("scans");
    Randomise(numbers[0], numbers[1], numbers[2]);
    ticks_ = numbers[3];
    hops_ = numbers[4];
    shift_A_ = shift;
    silicon_ = {site[0], site[1], site[2] != 0};
    SetC10(c10);
    time_s = time;
    blanked = is_blanked;
    scans = scanned;
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("saved state of an atom twin: ", e.what()));
  }
  return absl::OkStatus();
}

}  // namespace ronchi::hw
