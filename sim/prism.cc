#include "sim/prism.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// The smallest multiple of f that is at least n and has no prime factor above 7 but f's own.
size_t NextFastMultiple(size_t n, size_t f) {
  for (size_t m = (n + f - 1) / f;; ++m) {
    size_t rest = m;
    for (size_t p : {2, 3, 5, 7}) {
      while (rest % p == 0) rest /= p;
    }
    if (rest == 1) return m * f;
  }
}

size_t WrapAny(int64_t i, size_t n) { return size_t(((i % int64_t(n)) + int64_t(n)) % int64_t(n)); }

using Matrix = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

}  // namespace

std::vector<Prism::Beam> Prism::BeamsWithin(const Grid& g, double energy_eV, double semiangle_rad,
                                            int interpolation) {
  // One pixel of angle beyond the edge: the aperture's soft rim reaches there.
  const double reach = semiangle_rad / Wavelength_A(energy_eV) + 1 / std::min(g.lx_A, g.ly_A);
  const int half_x = int(g.band_limit_per_A() * g.lx_A);
  const int half_y = int(g.band_limit_per_A() * g.ly_A);
  std::vector<Beam> beams;
  for (int k = -half_y; k <= half_y; ++k) {
    for (int h = -half_x; h <= half_x; ++h) {
      if (h % interpolation || k % interpolation) continue;
      if (std::hypot(h / g.lx_A, k / g.ly_A) <= reach) beams.push_back({h, k});
    }
  }
  return beams;
}

size_t Prism::CountBeams(const Grid& grid, double energy_eV, double semiangle_rad,
                         int interpolation) {
  return BeamsWithin(grid, energy_eV, semiangle_rad, interpolation).size();
}

absl::StatusOr<Prism> Prism::Create(const Multislice& engine, double energy_eV,
                                    double semiangle_rad, int interpolation, size_t memory_bytes) {
  Prism p;
  const Grid& g = p.grid_ = engine.grid();
  const size_t f = size_t(interpolation);
  p.f_ = interpolation;
  p.energy_eV_ = energy_eV;
  p.semiangle_rad_ = semiangle_rad;
  if (f < 1 || g.nx % f || g.ny % f || g.nx / f < 8 || g.ny / f < 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("interpolation ", f, " is not allowed; allowed: divisors of ", g.nx, " and ",
                     g.ny, " that leave eight points or more"));
  }
  p.window_ = {g.nx / f, g.ny / f, g.lx_A / double(f), g.ly_A / double(f)};
  p.half_x_ = int(g.band_limit_per_A() * g.lx_A);
  p.half_y_ = int(g.band_limit_per_A() * g.ly_A);
  p.rx_ = std::min(g.nx, NextFastMultiple(2 * size_t(p.half_x_) + 2, f));
  p.ry_ = std::min(g.ny, NextFastMultiple(2 * size_t(p.half_y_) + 2, f));
  p.beams_ = BeamsWithin(g, energy_eV, semiangle_rad, interpolation);
  const size_t needed = p.beams_.size() * p.rx_ * p.ry_ * sizeof(Complex);
  if (needed > memory_bytes) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the scattering matrix needs %.2f GB for %d beams; %.2f GB are allowed; a larger "
        "interpolation needs less",
        double(needed) * 1e-9, p.beams_.size(), double(memory_bytes) * 1e-9));
  }
  p.waves_.resize(p.beams_.size());
  const Fft inverse =
      Fft::Plane(int(p.rx_), int(p.ry_), Fft::Direction::kInverse, Fft::Effort::kMeasure);
  Progress progress("plane waves", p.beams_.size());
  const size_t grain = std::max<size_t>(1, p.beams_.size() / (8 * size_t(Threads())));
  ParallelFor(p.beams_.size(), grain, [&](size_t begin, size_t end) {
    Multislice::Workspace workspace = engine.MakeWorkspace();
    ComplexBuffer exit;
    for (size_t b = begin; b < end && !Interrupted(); ++b) {
      ProbeSpectrum plane;
      plane.beams = {{uint32_t(WrapAny(p.beams_[b].h, g.nx)),
                      uint32_t(WrapAny(p.beams_[b].k, g.ny)), Real(1)}};
      engine.RunToWave(plane, 0, 0, &exit, &workspace);
      ComplexBuffer& wave = p.waves_[b];
      wave.assign(p.rx_ * p.ry_, Complex(0));
      for (int h = -p.half_x_; h <= p.half_x_; ++h) {
        for (int k = -p.half_y_; k <= p.half_y_; ++k) {
          wave[WrapAny(h, p.rx_) * p.ry_ + WrapAny(k, p.ry_)] =
              exit[WrapAny(h, g.nx) * g.ny + WrapAny(k, g.ny)];
        }
      }
      inverse.Execute(wave.data());
      progress.Tick();
    }
  });
  p.window_forward_ =
      Fft::Plane(int(p.rx_ / f), int(p.ry_ / f), Fft::Direction::kForward, Fft::Effort::kMeasure);
  return p;
}

// The part of each exit wave, [px, py] from `low`, that the windows of a tile cover; wraps at the
// box.
void Prism::CopyPatch(std::array<int64_t, 2> low, size_t px, size_t py, size_t beam,
                      Complex* out) const {
  for (size_t i = 0; i < px; ++i, out += py) {
    const Complex* row = waves_[beam].data() + WrapAny(low[0] + int64_t(i), rx_) * ry_;
    size_t from = WrapAny(low[1], ry_);
    for (size_t j = 0; j < py;) {
      const size_t run = std::min(py - j, ry_ - from);
      std::copy_n(row + from, run, out + j);
      j += run;
      from = 0;
    }
  }
}

// A(k) e^{−iχ(k)} e^{−2πi k·R} for every beam and probe, [positions][beams], with the sum of A²
// over the beams scaled to 1. The rim is as soft as the whole box's: softened over the window's
// pixel, f times wider, it would let beams in at half amplitude that carry a quarter of the
// current, and the probe's peak would rise (W1, f = 4: by 3 %, and HAADF with it by 5 %).
std::vector<Complex> Prism::Coefficients(const BeamOptics& optics,
                                         std::span<const std::array<double, 2>> positions) const {
  const double wavelength = Wavelength_A(energy_eV_);
  std::vector<Complex> c(beams_.size() * positions.size());
  double power = 0;
  for (size_t b = 0; b < beams_.size(); ++b) {
    const double kx = beams_[b].h / grid_.lx_A, ky = beams_[b].k / grid_.ly_A;
    const double ax = kx * wavelength - optics.tilt_rad[0];
    const double ay = ky * wavelength - optics.tilt_rad[1];
    const double a = SoftAperture(ax, ay, optics.semiangle_rad, wavelength / grid_.lx_A,
                                  wavelength / grid_.ly_A);
    power += a * a;
    const double chi = optics.aberrations.Chi(ax, ay, wavelength);
    for (size_t n = 0; n < positions.size(); ++n) {
      const double phase = -chi - kTwoPi * (kx * positions[n][0] + ky * positions[n][1]);
      c[n * beams_.size() + b] = Complex(Real(a * std::cos(phase)), Real(a * std::sin(phase)));
    }
  }
  const Real scale = Real(1 / std::sqrt(power));
  for (Complex& v : c) v *= scale;
  return c;
}

// The wave in a probe's window, [wx, wy], to its diffraction pattern on the window's grid.
void Prism::ToPattern(ComplexBuffer* wave, RealBuffer* intensity) const {
  const size_t wx = rx_ / size_t(f_), wy = ry_ / size_t(f_);
  const Real scale = Real(1 / double(wx * wy));
  const int qx = half_x_ / f_, qy = half_y_ / f_;
  window_forward_.Execute(wave->data());
  for (int h = -qx; h <= qx; ++h) {
    for (int k = -qy; k <= qy; ++k) {
      const Complex v = (*wave)[WrapAny(h, wx) * wy + WrapAny(k, wy)] * scale;
      (*intensity)[WrapAny(h, window_.nx) * window_.ny + WrapAny(k, window_.ny)] =
          v.real() * v.real() + v.imag() * v.imag();
    }
  }
}

void Prism::Run(const BeamOptics& optics, std::span<const std::array<double, 2>> positions,
                const std::function<void(size_t, std::span<const Real>)>& at_probe) const {
  const size_t wx = rx_ / size_t(f_), wy = ry_ / size_t(f_);
  // Each probe's window begins half a window before it; the patch spans all of them.
  std::vector<std::array<int64_t, 2>> starts;
  std::array<int64_t, 2> low = {INT64_MAX, INT64_MAX}, high = {INT64_MIN, INT64_MIN};
  for (const auto& [x, y] : positions) {
    const std::array<int64_t, 2> s = {std::llround(x / grid_.lx_A * double(rx_)) - int64_t(wx / 2),
                                      std::llround(y / grid_.ly_A * double(ry_)) - int64_t(wy / 2)};
    starts.push_back(s);
    for (size_t a : {0, 1}) {
      low[a] = std::min(low[a], s[a]);
      high[a] = std::max(high[a], s[a]);
    }
  }
  const size_t px = size_t(high[0] - low[0]) + wx, py = size_t(high[1] - low[1]) + wy;
  Matrix patch(Eigen::Index(px * py), Eigen::Index(beams_.size()));
  for (size_t b = 0; b < beams_.size(); ++b) {
    CopyPatch(low, px, py, b, patch.col(Eigen::Index(b)).data());
  }
  const std::vector<Complex> coefficients = Coefficients(optics, positions);
  const Matrix sums = patch * Eigen::Map<const Matrix>(coefficients.data(), patch.cols(),
                                                       Eigen::Index(positions.size()));
  ComplexBuffer wave(wx * wy);
  RealBuffer intensity(window_.size(), Real(0));
  for (size_t n = 0; n < positions.size(); ++n) {
    const Complex* sum = sums.col(Eigen::Index(n)).data();
    for (size_t i = 0; i < wx; ++i) {
      const size_t row = size_t(starts[n][0] - low[0]) + i;
      std::copy_n(sum + row * py + size_t(starts[n][1] - low[1]), wy, wave.data() + i * wy);
    }
    ToPattern(&wave, &intensity);
    at_probe(n, intensity);
  }
}

}  // namespace ronchi::sim
