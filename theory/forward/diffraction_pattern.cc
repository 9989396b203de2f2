#include "theory/forward/diffraction_pattern.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"
#include "sim/physics/electron.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;
constexpr double kFwhmPerSigma = 2.354820045;  // 2 √(2 ln 2)
// The plans are estimated: the same bytes on any run, whatever has been measured before.
constexpr sim::FftEfforts kEfforts = {sim::Fft::Effort::kEstimate, sim::Fft::Effort::kEstimate};

}  // namespace

absl::StatusOr<std::shared_ptr<const DiffractionPattern>> DiffractionPattern::Create(
    DiffractionPatternOptions options, ParameterSet parameters) {
  if (options.stacks.empty() || options.pixels == 0 || !(options.pixel_rad > 0) ||
      !(options.electrons > 0) || !(options.counting.counts_per_electron > 0)) {
    return absl::InvalidArgumentError(
        "diffraction pattern: a specimen, and pixels, electrons and counts above 0 are needed");
  }
  std::shared_ptr<DiffractionPattern> out(new DiffractionPattern);
  out->options_ = std::move(options);
  out->parameters_ = std::move(parameters);
  RONCHI_RETURN_IF_ERROR(out->Bind());
  RONCHI_RETURN_IF_ERROR(out->Prepare());
  return out;
}

size_t DiffractionPattern::Needs(const Tangent& tangent) {
  const auto found = std::ranges::find(tangents_, tangent);
  if (found != tangents_.end()) return size_t(found - tangents_.begin());
  tangents_.push_back(tangent);
  return tangents_.size() - 1;
}

absl::Status DiffractionPattern::Bind() {
  static const std::map<std::string, Role> kNamed = {
      {"shift_x_A", Role::kShiftX},     {"shift_y_A", Role::kShiftY},
      {"source_fwhm_A", Role::kSource}, {"focal_spread_A", Role::kFocalSpread},
      {"current_ratio", Role::kDose},   {"dark_counts", Role::kDark}};
  for (const Parameter& p : parameters_) {
    const auto coefficient = ParseCoefficient(p.name);
    const auto named = kNamed.find(p.name);
    coefficients_.push_back(coefficient.value_or(Coefficient{}));
    if (!p.rate_of.empty()) {
      roles_.push_back(Role::kRate);
    } else if (coefficient) {
      roles_.push_back(Role::kCoefficient);
      Needs({Tangent::Kind::kCoefficient, coefficient->term, coefficient->sine});
    } else if (named != kNamed.end()) {
      const Role role = roles_.emplace_back(named->second);
      if (role == Role::kFocalSpread) Needs({Tangent::Kind::kCoefficient, sim::kC10, false});
      if (role == Role::kShiftX || role == Role::kSource) Needs({Tangent::Kind::kX});
      if (role == Role::kShiftY || role == Role::kSource) Needs({Tangent::Kind::kY});
    } else {
      std::string known;
      for (const auto& [name, role] : kNamed) absl::StrAppend(&known, ", ", name);
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter '", p.name, "': diffraction patterns do not depend on it; known: ",
          "C10_nm, C12a_nm and other coefficients", known, ", rates of these"));
    }
  }
  return absl::OkStatus();
}

absl::Status DiffractionPattern::Prepare() {
  for (const sim::PotentialSlices& stack : options_.stacks) {
    engines_.emplace_back(stack, options_.energy_eV, options_.tilt_rad, kEfforts);
  }
  const sim::Grid& grid = engines_[0].grid();
  for (const sim::Multislice& engine : engines_) {
    if (!(engine.grid() == grid)) {
      return absl::InvalidArgumentError("diffraction pattern: stacks on different grids");
    }
  }
  options_.stacks.clear();  // the engines have them
  RONCHI_ASSIGN_OR_RETURN(aperture_,
                          sim::MakeProbe(grid, {.energy_eV = options_.energy_eV,
                                                .semiangle_rad = options_.semiangle_rad}));
  sim::MakeRimEven(&aperture_);
  const double wavelength_A = sim::Wavelength_A(options_.energy_eV);
  std::vector<std::array<double, 2>> angles;
  for (const auto& beam : aperture_.beams) {
    angles.push_back(
        {grid.kx_per_A(beam.ix) * wavelength_A, grid.ky_per_A(beam.iy) * wavelength_A});
  }
  basis_ = sim::AberrationBasis(angles, wavelength_A);
  camera_ = std::make_unique<const sim::CameraPixels>(grid, options_.energy_eV, options_.pixels,
                                                      options_.pixel_rad);
  return absl::OkStatus();
}

absl::Status DiffractionPattern::Check(const Acquisition& at) const {
  if (at.data.shape() == std::vector<size_t>{options_.pixels, options_.pixels} && at.frames >= 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a pattern of ", at.data.size(), " pixels, ", at.frames, " frames; the model predicts ",
      options_.pixels, " x ", options_.pixels, " pixels of at least one frame"));
}

DiffractionPattern::Moment DiffractionPattern::MomentAt(const State& values,
                                                        const Acquisition& at) const {
  Moment m{.aberrations = SettingsOf(at),
           .place_A = {at.Setting("probe.x") * kAngstromPerMetre,
                       at.Setting("probe.y") * kAngstromPerMetre}};
  m.aberrations.a_A[sim::kC10] += options_.early_A;
  for (size_t i = 0; i < roles_.size(); ++i) {
    const double value = values[Index(i)];
    switch (roles_[i]) {
      case Role::kCoefficient:
        coefficients_[i].Of(&m.aberrations) += value * coefficients_[i].unit_A;
        break;
      case Role::kShiftX:
        m.place_A[0] += value;
        break;
      case Role::kShiftY:
        m.place_A[1] += value;
        break;
      case Role::kSource:
        m.source_fwhm_A = std::max(0.0, value);
        break;
      case Role::kFocalSpread:
        m.focal_spread_A = std::max(0.0, value);
        break;
      case Role::kDose:
        m.dose = value;
        break;
      case Role::kDark:
        m.dark = value;
        break;
      case Role::kRate:
        break;
    }
  }
  return m;
}

// Gauss–Hermite of two points an axis, for those that are parameters: the mean of any polynomial up
// to the third order under normal distributions of source and focus.
std::vector<DiffractionPattern::Pass> DiffractionPattern::Passes() const {
  const bool source = std::ranges::find(roles_, Role::kSource) != roles_.end();
  const bool focus = std::ranges::find(roles_, Role::kFocalSpread) != roles_.end();
  std::vector<Pass> passes;
  if (!source) {
    passes = focus ? std::vector<Pass>{{0, 0, -1}, {0, 0, 1}} : std::vector<Pass>{{}};
    return passes;
  }
  for (double x : {-1.0, 1.0}) {
    for (double y : {-1.0, 1.0}) passes.push_back({x, y, focus ? -x * y : 0});
  }
  return passes;
}

sim::ProbeSpectrum DiffractionPattern::ProbeOf(const sim::Aberrations& aberrations) const {
  sim::ProbeSpectrum probe = aperture_;
  std::vector<double> chi(probe.beams.size());
  basis_.ComputeChi(aberrations, chi);
  for (size_t i = 0; i < chi.size(); ++i) {
    const std::complex<double> turn = std::polar(1.0, -chi[i]);
    probe.beams[i].amplitude *= std::complex<sim::Real>(turn);
  }
  return probe;
}

sim::ProbeSpectrum DiffractionPattern::Probe(const State& values, const Acquisition& at) const {
  return ProbeOf(MomentAt(values, at).aberrations);
}

std::array<double, 2> DiffractionPattern::Place_A(const State& values,
                                                  const Acquisition& at) const {
  return MomentAt(values, at).place_A;
}

// −i dχ ψ by Å of a coefficient, −2πi k ψ by Å of the place.
sim::ProbeSpectrum DiffractionPattern::Turned(const sim::ProbeSpectrum& probe,
                                              const Tangent& tangent) const {
  std::vector<double> phase(probe.beams.size());
  if (tangent.kind == Tangent::Kind::kCoefficient) {
    sim::Aberrations along;
    (tangent.sine ? along.b_A : along.a_A)[tangent.term] = 1;
    basis_.ComputeChi(along, phase);
  } else {
    const sim::Grid& grid = engines_[0].grid();
    for (size_t i = 0; i < phase.size(); ++i) {
      const auto& beam = probe.beams[i];
      phase[i] =
          2 * std::numbers::pi *
          (tangent.kind == Tangent::Kind::kX ? grid.kx_per_A(beam.ix) : grid.ky_per_A(beam.iy));
    }
  }
  sim::ProbeSpectrum out = probe;
  for (size_t i = 0; i < phase.size(); ++i) {
    out.beams[i].amplitude *= std::complex<sim::Real>(0, sim::Real(-phase[i]));
  }
  return out;
}

Eigen::VectorXd DiffractionPattern::Fractions(const Moment& m, Eigen::MatrixXd* slopes) const {
  const std::vector<Pass> passes = Passes();
  const Index data = Index(options_.pixels * options_.pixels);
  const double weight = 1.0 / double(passes.size() * engines_.size());
  const double sigma_A = m.source_fwhm_A / kFwhmPerSigma;
  Eigen::VectorXd fractions = Eigen::VectorXd::Zero(data);
  if (slopes != nullptr) slopes->setZero(data, Index(roles_.size()));
  sim::Multislice::Workspace workspace = engines_[0].MakeWorkspace();
  sim::ComplexBuffer wave, turned;
  std::vector<sim::Real> pattern(engines_[0].grid().size());
  Eigen::VectorXd change(data);
  for (const Pass& pass : passes) {
    sim::Aberrations aberrations = m.aberrations;
    aberrations.a_A[sim::kC10] += pass.focus * m.focal_spread_A;
    const sim::ProbeSpectrum probe = ProbeOf(aberrations);
    const double x = m.place_A[0] + pass.x * sigma_A, y = m.place_A[1] + pass.y * sigma_A;
    for (const sim::Multislice& engine : engines_) {
      engine.RunToWave(probe, x, y, &wave, &workspace);
      for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = std::norm(wave[i]);
      camera_->Accumulate(pattern, weight, {fractions.data(), size_t(data)});
      if (slopes == nullptr) continue;
      for (const Tangent& tangent : tangents_) {
        engine.RunToWave(Turned(probe, tangent), x, y, &turned, &workspace);
        for (size_t i = 0; i < pattern.size(); ++i) {
          pattern[i] = 2 * (wave[i].real() * turned[i].real() + wave[i].imag() * turned[i].imag());
        }
        change.setZero();
        camera_->Accumulate(pattern, weight, {change.data(), size_t(data)});
        AddChange(tangent, pass, change, slopes);
      }
    }
  }
  return fractions;
}

// What a tangent's change of the pattern means for each parameter.
void DiffractionPattern::AddChange(const Tangent& t, const Pass& pass,
                                   const Eigen::VectorXd& change, Eigen::MatrixXd* slopes) const {
  const bool is_x = t.kind == Tangent::Kind::kX, is_y = t.kind == Tangent::Kind::kY;
  for (size_t i = 0; i < roles_.size(); ++i) {
    auto column = slopes->col(Index(i));
    const Coefficient& c = coefficients_[i];
    if (roles_[i] == Role::kShiftX && is_x) column += change;
    if (roles_[i] == Role::kShiftY && is_y) column += change;
    if (roles_[i] == Role::kSource && is_x) column += pass.x / kFwhmPerSigma * change;
    if (roles_[i] == Role::kSource && is_y) column += pass.y / kFwhmPerSigma * change;
    if (is_x || is_y) continue;
    const bool is_defocus = t.term == sim::kC10;
    if (roles_[i] == Role::kFocalSpread && is_defocus) column += pass.focus * change;
    if (roles_[i] == Role::kCoefficient && c.term == t.term && c.sine == t.sine) {
      column += c.unit_A * change;
    }
  }
}

Prediction DiffractionPattern::Expose(const Eigen::VectorXd& fractions, const Moment& m,
                                      int frames) const {
  CountingOptions counting = options_.counting;
  counting.dark_counts += m.dark;
  Prediction out;
  out.mean =
      (fractions.array() * (options_.electrons * options_.counting.counts_per_electron * m.dose) +
       counting.dark_counts)
          .matrix();
  out.variance = CountingVariance(counting, out.mean, frames);
  return out;
}

Prediction DiffractionPattern::Predict(const State& values, const Acquisition& at) const {
  const Moment m = MomentAt(values, at);
  return Expose(Fractions(m, nullptr), m, at.frames);
}

Prediction DiffractionPattern::Linearise(const State& values, const Acquisition& at,
                                         Eigen::MatrixXd* jacobian) const {
  const Moment m = MomentAt(values, at);
  const Eigen::VectorXd fractions = Fractions(m, jacobian);
  const double counts = options_.electrons * options_.counting.counts_per_electron;
  *jacobian *= counts * m.dose;
  for (size_t i = 0; i < roles_.size(); ++i) {
    if (roles_[i] == Role::kDose) jacobian->col(Index(i)) = counts * fractions;
    if (roles_[i] == Role::kDark) jacobian->col(Index(i)).setOnes();
  }
  return Expose(fractions, m, at.frames);
}

}  // namespace ronchi::theory
