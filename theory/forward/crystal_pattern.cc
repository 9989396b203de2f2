#include "theory/forward/crystal_pattern.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/angle.h"
#include "core/parallel.h"
#include "sim/physics/electron.h"

namespace ronchi::theory {
namespace {

using PatternIndex = Eigen::Index;
constexpr size_t kKeptWaves = 6;
constexpr size_t kCubicPlanes = 4;
// Steps of differences: small against what a pattern changes over, large against the round-off of
// single precision.
constexpr double kTiltStep_mrad = 0.05, kShiftStep_A = 1e-2, kCameraStep_mrad = 0.02,
                 kRotationStep_deg = 0.1, kPhaseStep_rad = 1e-2;

// Catmull–Rom weights of four neighbours at t in [0, 1] between the second and the third, and their
// derivatives.
std::array<double, 4> CubicWeights(double t) {
  return {0.5 * (-t * t * t + 2 * t * t - t), 0.5 * (3 * t * t * t - 5 * t * t + 2),
          0.5 * (-3 * t * t * t + 4 * t * t + t), 0.5 * (t * t * t - t * t)};
}
std::array<double, 4> CubicSlopes(double t) {
  return {0.5 * (-3 * t * t + 4 * t - 1), 0.5 * (9 * t * t - 10 * t),
          0.5 * (-9 * t * t + 8 * t + 1), 0.5 * (3 * t * t - 2 * t)};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const CrystalPattern>> CrystalPattern::Create(
    CrystalPatternOptions options, ParameterSet parameters) {
  const PatternCamera& c = options.camera;
  if (c.pixels[0] == 0 || c.pixels[1] == 0 || !(c.step_rad[0] > 0) || !(c.step_rad[1] > 0) ||
      !(options.electrons > 0)) {
    return absl::InvalidArgumentError(
        "crystal pattern: pixels, their step and electrons above 0 are needed");
  }
  std::shared_ptr<CrystalPattern> out(new CrystalPattern);
  out->options_ = std::move(options);
  out->parameters_ = std::move(parameters);
  RONCHI_RETURN_IF_ERROR(out->Bind());
  RONCHI_RETURN_IF_ERROR(out->Prepare());
  return out;
}

absl::Status CrystalPattern::Bind() {
  static const std::map<std::string, Role> kNamed = {
      {"thickness_A", Role::kThickness}, {"tilt_x_mrad", Role::kTiltX},
      {"tilt_y_mrad", Role::kTiltY},     {"scale", Role::kScale},
      {"background", Role::kBackground}, {"center_x_mrad", Role::kCenterX},
      {"center_y_mrad", Role::kCenterY}, {"rotation_deg", Role::kRotation},
      {"shift_x_A", Role::kShiftX},      {"shift_y_A", Role::kShiftY}};
  for (const Parameter& p : parameters_) {
    const auto coefficient = ParseCoefficient(p.name);
    const auto named = kNamed.find(p.name);
    if (!coefficient && named == kNamed.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter '", p.name,
          "': patterns of crystals do not depend on it; known: thickness_A, ",
          "tilt_x_mrad, tilt_y_mrad, scale, background, center_x_mrad, center_y_mrad, ",
          "rotation_deg, shift_x_A, shift_y_A, and aberration coefficients as C10_A, C12a_A"));
    }
    coefficients_.push_back(coefficient.value_or(Coefficient{}));
    roles_.push_back(coefficient ? Role::kCoefficient : named->second);
    if (options_.averaged && roles_.back() >= Role::kShiftX) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter '", p.name, "': the mean over all places of the probe does not depend on it"));
    }
  }
  return absl::OkStatus();
}

absl::Status CrystalPattern::Prepare() {
  CrystalPatternOptions& o = options_;
  wavelength_A_ = sim::Wavelength_A(o.waves.energy_eV);
  sim::Grid grid;
  for (size_t a : {size_t(0), size_t(1)}) {
    box_A_[a] = o.waves.cell.cell_A[a] * o.copies[a];
    const double step = wavelength_A_ / box_A_[a];
    const double far = std::max(
        std::fabs(o.camera.offset_rad[a]),
        std::fabs(o.camera.offset_rad[a] + o.camera.step_rad[a] * double(o.camera.pixels[a])));
    reach_[a] = int(std::ceil(far / step - 1e-6));
    const double orders = (reach_[a] * step + o.semiangle_rad) / (step * o.copies[a]);
    o.waves.half[a] = int(std::ceil(orders));
  }
  const auto points = [&](size_t a) {
    return sim::FastPixels(2, 4 * box_A_[a] * o.semiangle_rad / wavelength_A_ + 16);
  };
  grid = {points(0), points(1), box_A_[0], box_A_[1]};
  RONCHI_ASSIGN_OR_RETURN(
      const sim::ProbeSpectrum aperture,
      sim::MakeProbe(grid, {.energy_eV = o.waves.energy_eV, .semiangle_rad = o.semiangle_rad}));
  std::vector<std::array<double, 2>> angles;
  for (const auto& beam : aperture.beams) {
    const double kx = grid.kx_per_A(beam.ix), ky = grid.ky_per_A(beam.iy);
    beams_.push_back({int(std::lround(kx * box_A_[0])), int(std::lround(ky * box_A_[1])),
                      double(beam.amplitude.real())});
    angles.push_back({kx * wavelength_A_, ky * wavelength_A_});
  }
  basis_ = sim::AberrationBasis(angles, wavelength_A_);
  RONCHI_ASSIGN_OR_RETURN(CrystalWaves waves, CrystalWaves::Create(o.waves));
  if (waves.planes() < kCubicPlanes) {
    return absl::InvalidArgumentError("crystal pattern: the crystal has fewer than four planes");
  }
  waves_ = std::make_unique<const CrystalWaves>(std::move(waves));
  return absl::OkStatus();
}

absl::Status CrystalPattern::Check(const Acquisition& at) const {
  const auto& pixels = options_.camera.pixels;
  if (at.data.shape() == std::vector<size_t>{pixels[0], pixels[1]} && at.frames >= 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("a pattern of ", at.data.size(),
                                                 " pixels; the model predicts ", pixels[0], " x ",
                                                 pixels[1], " of at least one frame"));
}

PatternState CrystalPattern::StateOf(const State& values) const {
  PatternState s = options_.fixed;
  for (size_t i = 0; i < roles_.size(); ++i) {
    const double v = values[PatternIndex(i)];
    switch (roles_[i]) {
      case Role::kThickness:
        s.thickness_A = v;
        break;
      case Role::kTiltX:
        s.tilt_rad[0] = v * kRadPerMrad;
        break;
      case Role::kTiltY:
        s.tilt_rad[1] = v * kRadPerMrad;
        break;
      case Role::kScale:
        s.scale = v;
        break;
      case Role::kBackground:
        s.background = v;
        break;
      case Role::kCenterX:
        s.center_rad[0] = v * kRadPerMrad;
        break;
      case Role::kCenterY:
        s.center_rad[1] = v * kRadPerMrad;
        break;
      case Role::kRotation:
        s.rotation_rad = v * kRadPerDeg;
        break;
      case Role::kShiftX:
        s.place_A[0] = v;
        break;
      case Role::kShiftY:
        s.place_A[1] = v;
        break;
      case Role::kCoefficient:
        coefficients_[i].Of(&s.aberrations) = v * coefficients_[i].unit_A;
        break;
    }
  }
  return s;
}

std::vector<std::complex<float>> CrystalPattern::Amplitudes(const PatternState& s) const {
  std::vector<double> chi(beams_.size());
  basis_.ComputeChi(s.aberrations, chi);
  std::vector<std::complex<float>> out;
  for (size_t b = 0; b < beams_.size(); ++b) {
    const double shift =
        2 * std::numbers::pi *
        (beams_[b].i / box_A_[0] * s.place_A[0] + beams_[b].j / box_A_[1] * s.place_A[1]);
    out.push_back(std::complex<float>(std::polar(beams_[b].amplitude, -chi[b] - shift)));
  }
  return out;
}

size_t CrystalPattern::FirstPlane(double thickness_A) const {
  const double at = std::floor(thickness_A / waves_->spacing_A()) - 2;
  return size_t(std::clamp(at, 0.0, double(waves_->planes() - kCubicPlanes)));
}

std::shared_ptr<const CrystalPattern::Waves> CrystalPattern::WavesAt(std::array<double, 2> tilt,
                                                                     size_t first) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& w : kept_) {
      if (w->tilt_rad == tilt && w->first == first) return w;
    }
  }
  auto made = std::make_shared<Waves>(Waves{tilt, first, {}});
  const size_t n = kCubicPlanes * waves_->orders();
  made->amplitudes.resize(beams_.size() * n);
  ParallelFor(beams_.size(), 8, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      waves_->Scatter({beams_[b].i / box_A_[0] - std::tan(tilt[0]) / wavelength_A_,
                       beams_[b].j / box_A_[1] - std::tan(tilt[1]) / wavelength_A_},
                      first, 1, {made->amplitudes.data() + b * n, n});
    }
  });
  const std::lock_guard<std::mutex> lock(mutex_);
  if (kept_.size() == kKeptWaves) kept_.erase(kept_.begin());
  kept_.push_back(made);
  return made;
}

std::vector<double> CrystalPattern::Plane(const Waves& waves, size_t plane,
                                          std::span<const std::complex<float>> amplitudes) const {
  const auto [rx, ry] = reach_;
  const auto [hx, hy] = waves_->half();
  const size_t ny = size_t(2 * ry + 1), orders = waves_->orders();
  std::vector<std::complex<double>> sum(options_.averaged ? 0 : size_t(2 * rx + 1) * ny);
  std::vector<double> out(size_t(2 * rx + 1) * ny);
  for (size_t b = 0; b < beams_.size(); ++b) {
    const auto* s = waves.amplitudes.data() + (b * kCubicPlanes + plane) * orders;
    for (int h = -hx; h <= hx; ++h) {
      const int i = beams_[b].i + h * options_.copies[0] + rx;
      for (int k = -hy; k <= hy; ++k, ++s) {
        const int j = beams_[b].j + k * options_.copies[1] + ry;
        if (i < 0 || i > 2 * rx || j < 0 || j > 2 * ry) continue;
        const size_t at = size_t(i) * ny + size_t(j);
        if (options_.averaged) {
          out[at] += double(std::norm(*s)) * beams_[b].amplitude * beams_[b].amplitude;
        } else {
          sum[at] += std::complex<double>(*s * amplitudes[b]);
        }
      }
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) out[i] = std::norm(sum[i]);
  return out;
}

std::vector<double> CrystalPattern::Lattice(const PatternState& s,
                                            std::vector<double>* by_thickness) const {
  const size_t first = FirstPlane(s.thickness_A);
  const std::shared_ptr<const Waves> waves = WavesAt(s.tilt_rad, first);
  const std::vector<std::complex<float>> amplitudes = Amplitudes(s);
  const double t = (s.thickness_A - waves_->depth_A(first + 1)) / waves_->spacing_A();
  const auto weights = CubicWeights(t), slopes = CubicSlopes(t);
  std::vector<double> out(size_t(2 * reach_[0] + 1) * size_t(2 * reach_[1] + 1));
  if (by_thickness) by_thickness->assign(out.size(), 0.0);
  for (size_t p = 0; p < kCubicPlanes; ++p) {
    const std::vector<double> plane = Plane(*waves, p, amplitudes);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] += weights[p] * plane[i];
      if (by_thickness) (*by_thickness)[i] += slopes[p] / waves_->spacing_A() * plane[i];
    }
  }
  return out;
}

Eigen::VectorXd CrystalPattern::VarianceOf(const Eigen::VectorXd& mean, int frames) const {
  // A pixel that is predicted dark may still see a twentieth of an electron.
  Eigen::VectorXd variance = mean.cwiseMax(0.05) / frames;
  variance.array() += (options_.model_error * mean.array()).square();
  return variance;
}

Prediction CrystalPattern::Expose(const std::vector<double>& camera, const PatternState& s,
                                  int frames) const {
  Prediction out;
  out.mean = Eigen::Map<const Eigen::VectorXd>(camera.data(), PatternIndex(camera.size())) *
             (options_.electrons * s.scale);
  out.mean.array() += s.background;
  out.variance = VarianceOf(out.mean, frames);
  return out;
}

Prediction CrystalPattern::Predict(const State& values, const Acquisition& at) const {
  const PatternState s = StateOf(values);
  return Expose(OntoCamera(Lattice(s, nullptr), s), s, at.frames);
}

double CrystalPattern::StepOf(size_t p) const {
  switch (roles_[p]) {
    case Role::kTiltX:
    case Role::kTiltY:
      return kTiltStep_mrad;
    case Role::kCenterX:
    case Role::kCenterY:
      return kCameraStep_mrad;
    case Role::kRotation:
      return kRotationStep_deg;
    case Role::kCoefficient: {
      // What turns the phase at the aperture's rim by kPhaseStep_rad.
      const double n = double(sim::kAberrationTerms[coefficients_[p].term].n) + 1;
      return kPhaseStep_rad * n * wavelength_A_ /
             (2 * std::numbers::pi * std::pow(options_.semiangle_rad, n)) / coefficients_[p].unit_A;
    }
    default:
      return kShiftStep_A;
  }
}

Prediction CrystalPattern::Linearise(const State& values, const Acquisition& at,
                                     Eigen::MatrixXd* jacobian) const {
  const PatternState s = StateOf(values);
  std::vector<double> by_thickness;
  const std::vector<double> lattice = Lattice(s, &by_thickness);
  const std::vector<double> camera = OntoCamera(lattice, s);
  jacobian->setZero(PatternIndex(camera.size()), PatternIndex(roles_.size()));
  const double counts = options_.electrons * s.scale;
  const auto vector = [](const std::vector<double>& v) {
    return Eigen::Map<const Eigen::VectorXd>(v.data(), PatternIndex(v.size()));
  };
  for (size_t p = 0; p < roles_.size(); ++p) {
    auto column = jacobian->col(PatternIndex(p));
    const Role role = roles_[p];
    if (role == Role::kThickness) {
      column = counts * vector(OntoCamera(by_thickness, s));
    } else if (role == Role::kScale) {
      column = options_.electrons * vector(camera);
    } else if (role == Role::kBackground) {
      column.setOnes();
    } else {
      const double step = StepOf(p);
      State stepped = values;
      stepped[PatternIndex(p)] += step;
      const PatternState ahead = StateOf(stepped);
      const bool camera_alone =
          role == Role::kCenterX || role == Role::kCenterY || role == Role::kRotation;
      const std::vector<double> there =
          OntoCamera(camera_alone ? lattice : Lattice(ahead, nullptr), ahead);
      column = counts / step * (vector(there) - vector(camera));
    }
  }
  return Expose(camera, s, at.frames);
}

}  // namespace ronchi::theory
