#include "sim/linear.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/angle.h"
#include "sim/coherence.h"
#include "sim/fft.h"
#include "sim/physics/electron.h"
#include "sim/probe.h"

namespace ronchi::sim {
namespace {

// The probe is computed in a box at least this wide, so that one defocused by 20 nm at 24 mrad
// (radius 5 Å), with as much astigmatism, does not overlap its own images.
constexpr double kLeastBox_A = 40;

int NextFastSize(int n) {  // 2^a 3^b 5^c
  for (;; ++n) {
    int m = n;
    for (int p : {2, 3, 5}) {
      while (m % p == 0) m /= p;
    }
    if (m == 1) return n;
  }
}

// What a ring detector collects when the beam fills the aperture: w(q) is the share of the beam's
// directions k for which q + k falls on the detector. By the midpoint rule over the aperture disc.
class CollectionWeight {
 public:
  explicit CollectionWeight(const LinearOptions& o) {
    const double wavelength = Wavelength_A(o.energy_eV);
    const double inner = o.inner_rad / wavelength, outer = o.outer_rad / wavelength;
    const double aperture = o.semiangle_rad / wavelength;
    q0_ = std::max(0.0, inner - aperture);
    step_ = (outer + aperture - q0_) / kRadial;
    constexpr int kRings = 16, kSectors = 32;
    for (int i = 0; i < kRadial; ++i) {
      const double q = this->q(i);
      double inside = 0;
      for (int r = 0; r < kRings; ++r) {
        const double k = aperture * std::sqrt((r + 0.5) / kRings);  // rings of equal area
        for (int a = 0; a < kSectors; ++a) {
          const double angle = 2 * kPi * (a + 0.5) / kSectors;
          const double at = std::hypot(q + k * std::cos(angle), k * std::sin(angle));
          if (at >= inner && at < outer) inside += 1;
        }
      }
      weight_[i] = inside / (kRings * kSectors);
    }
  }
  static constexpr int kRadial = 64;
  double q(int i) const { return q0_ + step_ * (i + 0.5); }
  double weight(int i) const { return weight_[i]; }
  double step() const { return step_; }

 private:
  double q0_, step_;
  std::array<double, kRadial> weight_;
};

double CrossSection(int z, double g, const LinearOptions& o, const CollectionWeight& w,
                    const ScatteringFactors& f) {
  constexpr int kAzimuthal = 48;
  double sum = 0;
  for (int r = 0; r < CollectionWeight::kRadial; ++r) {
    const double q = w.q(r), base = q * q + g * g / 4;
    double ring = 0;
    for (int a = 0; a < kAzimuthal / 2; ++a) {  // the other half of the circle is the same
      const double along = q * g * std::cos(2 * kPi * (a + 0.5) / kAzimuthal);
      ring += 2 * f.At(z, std::max(0.0, base - along)) * f.At(z, base + along);
    }
    sum += w.weight(r) * ring * q;
  }
  const double scale = InteractionConstant(o.energy_eV) * PotentialPerScatteringFactor();
  return scale * scale * sum * (2 * kPi / kAzimuthal) * w.step();
}

}  // namespace

struct LinearEngine::Impl {
  LinearOptions options;
  std::array<double, 2> cell;
  int half_x, half_y;                        // harmonics |h| ≤ half_x, |k| ≤ half_y
  std::vector<std::complex<double>> object;  // as Harmonics::c, without the factor 2
  // The probe's own periodic box: copies_ cells along each axis, n points.
  int copies_x, copies_y, nx, ny;
  struct Beam {
    int index;         // in the box's FFT order
    double ax, ay;     // angles, rad
    double amplitude;  // Σ amplitude² = 1
  };
  std::vector<Beam> beams;
  Fft forward, inverse;

  void SetSizes();  // from options and cell
  void AddBeams();
  void AddObject(const Specimen& specimen, const ScatteringFactors& factors);
  // weight · |probe|² onto `sum`, [nx, ny].
  void AddIntensity(const Aberrations& aberrations, double weight, ComplexBuffer* sum) const;
  // weight · the derivative of |probe|² along a change of the aberrations, likewise.
  void AddSlope(const Aberrations& aberrations, const Aberrations& direction, double weight,
                ComplexBuffer* sum) const;
  // The probe, or with `direction` its derivative, [nx, ny] in real space, unscaled.
  void MakeProbe(const Aberrations& aberrations, const Aberrations* direction,
                 ComplexBuffer* wave) const;
  // The image's harmonics from an intensity or its derivative, which is transformed in place; both
  // times e^{−2π²s²g²} of the source, or the derivative of that by the width.
  ImageHarmonics ToHarmonics(ComplexBuffer* intensity, double source_fwhm_A, bool by_source) const;
};

void LinearEngine::Impl::SetSizes() {
  const double k_max =
      2 * options.semiangle_rad / Wavelength_A(options.energy_eV);  // of an intensity
  half_x = int(k_max * cell[0]);
  half_y = int(k_max * cell[1]);
  copies_x = int(std::ceil(kLeastBox_A / cell[0]));
  copies_y = int(std::ceil(kLeastBox_A / cell[1]));
  nx = NextFastSize(2 * int(k_max * cell[0] * copies_x) + 4);
  ny = NextFastSize(2 * int(k_max * cell[1] * copies_y) + 4);
}

void LinearEngine::Impl::AddBeams() {
  const double wavelength = Wavelength_A(options.energy_eV);
  const double box_x = cell[0] * copies_x, box_y = cell[1] * copies_y;
  const int mx = int(options.semiangle_rad / wavelength * box_x) + 1;
  const int my = int(options.semiangle_rad / wavelength * box_y) + 1;
  double sum = 0;
  for (int h = -mx; h <= mx; ++h) {
    for (int k = -my; k <= my; ++k) {
      const double ax = wavelength * h / box_x, ay = wavelength * k / box_y;
      const double a =
          SoftAperture(ax, ay, options.semiangle_rad, wavelength / box_x, wavelength / box_y);
      if (a <= 0) continue;
      beams.push_back({((h + nx) % nx) * ny + (k + ny) % ny, ax, ay, a});
      sum += a * a;
    }
  }
  for (Beam& b : beams) b.amplitude /= std::sqrt(sum);
}

void LinearEngine::Impl::AddObject(const Specimen& s, const ScatteringFactors& factors) {
  const CollectionWeight weight(options);
  std::map<std::pair<int, int64_t>, double> cross_sections;  // by element and |g|
  object.assign(size_t(half_x + 1) * (2 * half_y + 1), 0);
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      const double gx = h / cell[0], gy = k / cell[1], g = std::hypot(gx, gy);
      std::complex<double> sum = 0;
      for (const Atom& a : s.atoms) {
        const auto [it, is_new] = cross_sections.try_emplace({a.z, std::llround(g * 1e6)}, 0.0);
        if (is_new) it->second = CrossSection(a.z, g, options, weight, factors);
        // Thermal motion smears the place of an atom: a Gaussian of its rms.
        const double smear = std::exp(-2 * kPi * kPi * a.rms_A * a.rms_A * g * g);
        sum += a.occupancy * smear * it->second *
               std::polar(1.0, -2 * kPi * (gx * a.x_A + gy * a.y_A));
      }
      object[size_t(h) * (2 * half_y + 1) + k + half_y] = sum / (cell[0] * cell[1]);
    }
  }
}

absl::StatusOr<LinearEngine> LinearEngine::Create(const Specimen& specimen,
                                                  const LinearOptions& options,
                                                  const ScatteringFactors& factors) {
  if (options.inner_rad < options.semiangle_rad) {
    return absl::InvalidArgumentError(
        absl::StrCat("the linear engine images dark field only: the detector's inner angle, ",
                     options.inner_rad * 1e3, " mrad, must not be below the semiangle, ",
                     options.semiangle_rad * 1e3, " mrad"));
  }
  for (const Atom& a : specimen.atoms) {
    if (!factors.Has(a.z)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no scattering factor for atomic number ", a.z));
    }
  }
  auto impl = std::make_shared<Impl>();
  Impl& m = *impl;
  m.options = options;
  m.cell = {specimen.cell_A[0], specimen.cell_A[1]};
  m.SetSizes();
  m.forward = Fft::Plane(m.nx, m.ny, Fft::Direction::kForward, Fft::Effort::kEstimate);
  m.inverse = Fft::Plane(m.nx, m.ny, Fft::Direction::kInverse, Fft::Effort::kEstimate);
  m.AddBeams();
  m.AddObject(specimen, factors);
  LinearEngine engine;
  engine.impl_ = impl;
  return engine;
}

double LinearEngine::EstimateBytes(const Specimen& specimen, const LinearOptions& options) {
  Impl m;
  m.options = options;
  m.cell = {specimen.cell_A[0], specimen.cell_A[1]};
  m.SetSizes();
  std::set<int> elements;
  for (const Atom& a : specimen.atoms) elements.insert(a.z);
  const double harmonics = double(m.half_x + 1) * (2 * double(m.half_y) + 1);
  // A node of the map of cross-sections, by element and |g|; object and image; wave and intensity;
  // beams, which are fewer than points.
  constexpr double kNode = 64;
  return harmonics * (kNode * double(elements.size()) + 2 * sizeof(std::complex<double>)) +
         double(m.nx) * m.ny * (3 * sizeof(Complex) + sizeof(Impl::Beam));
}

std::array<double, 2> LinearEngine::cell_A() const { return impl_->cell; }

void LinearEngine::Impl::MakeProbe(const Aberrations& aberrations, const Aberrations* direction,
                                   ComplexBuffer* wave) const {
  const double wavelength = Wavelength_A(options.energy_eV);
  wave->assign(size_t(nx) * ny, Complex(0));
  for (const Beam& b : beams) {
    const double chi = aberrations.Chi(b.ax, b.ay, wavelength);
    const double re = b.amplitude * std::cos(chi), im = -b.amplitude * std::sin(chi);
    if (direction == nullptr) {
      (*wave)[b.index] = Complex(Real(re), Real(im));
    } else {  // times −i dχ
      const double slope = direction->Chi(b.ax, b.ay, wavelength);
      (*wave)[b.index] = Complex(Real(im * slope), Real(-re * slope));
    }
  }
  inverse.Execute(wave->data());
}

void LinearEngine::Impl::AddIntensity(const Aberrations& aberrations, double weight,
                                      ComplexBuffer* sum) const {
  thread_local ComplexBuffer wave;
  MakeProbe(aberrations, nullptr, &wave);
  const Real scale = Real(weight) / Real(nx * ny);
  for (size_t i = 0; i < wave.size(); ++i) {
    const Complex v = wave[i];
    (*sum)[i] += Complex((v.real() * v.real() + v.imag() * v.imag()) * scale, 0);
  }
}

void LinearEngine::Impl::AddSlope(const Aberrations& aberrations, const Aberrations& direction,
                                  double weight, ComplexBuffer* sum) const {
  thread_local ComplexBuffer wave, slope;
  MakeProbe(aberrations, nullptr, &wave);
  MakeProbe(aberrations, &direction, &slope);
  const Real scale = Real(2 * weight) / Real(nx * ny);
  for (size_t i = 0; i < wave.size(); ++i) {
    const Complex v = wave[i], d = slope[i];
    (*sum)[i] += Complex((v.real() * d.real() + v.imag() * d.imag()) * scale, 0);
  }
}

ImageHarmonics LinearEngine::Impl::ToHarmonics(ComplexBuffer* intensity, double source_fwhm_A,
                                               bool by_source) const {
  forward.Execute(intensity->data());
  ImageHarmonics out{std::vector<std::complex<double>>(object.size()), cell, half_x, half_y};
  const double s = source_fwhm_A / (2 * std::sqrt(2 * std::log(2.0)));
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      const size_t i = size_t(h) * (2 * half_y + 1) + k + half_y;
      const double g2 = std::pow(h / cell[0], 2) + std::pow(k / cell[1], 2);
      const int row = h * copies_x, column = (k * copies_y + ny) % ny;
      // I(R) = ∫ O(r) |ψ(r − R)|² d²r: the transfer is the conjugate of the intensity's transform.
      const std::complex<double> transfer =
          std::conj(std::complex<double>((*intensity)[row * ny + column]));
      double damping = std::exp(-2 * kPi * kPi * s * s * g2);
      if (by_source) damping *= -4 * kPi * kPi * s * g2 / (2 * std::sqrt(2 * std::log(2.0)));
      out.c[i] = object[i] * transfer * damping * (h ? 2.0 : 1.0);
    }
  }
  return out;
}

ImageHarmonics LinearEngine::MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A,
                                           double focal_spread_A) const {
  const Impl& m = *impl_;
  thread_local ComplexBuffer sum;
  sum.assign(size_t(m.nx) * m.ny, Complex(0));
  for (const WeightedOptics& w : SpreadFocus({.aberrations = aberrations}, focal_spread_A)) {
    m.AddIntensity(w.optics.aberrations, w.weight, &sum);
  }
  return m.ToHarmonics(&sum, source_fwhm_A, false);
}

// Of the mean over defoci C10 + x Δ, by Δ: that along x by C10.
ImageHarmonics LinearEngine::MakeDerivatives(const Aberrations& aberrations, double source_fwhm_A,
                                             double focal_spread_A,
                                             std::span<const OpticsVariation> directions,
                                             std::vector<ImageHarmonics>* derivatives) const {
  const Impl& m = *impl_;
  const auto spread = SpreadFocus({.aberrations = aberrations}, focal_spread_A);
  ComplexBuffer intensity(size_t(m.nx) * m.ny, Complex(0));
  for (const WeightedOptics& w : spread) {
    m.AddIntensity(w.optics.aberrations, w.weight, &intensity);
  }
  derivatives->clear();
  for (const OpticsVariation& d : directions) {
    ComplexBuffer slope(intensity.size(), Complex(0));
    for (const WeightedOptics& w : spread) {
      Aberrations along = d.aberrations;
      if (focal_spread_A > 0) {
        const double off_A = w.optics.aberrations.a_A[kC10] - aberrations.a_A[kC10];
        along.a_A[kC10] += d.focal_spread_A * off_A / focal_spread_A;
      }
      m.AddSlope(w.optics.aberrations, along, w.weight, &slope);
    }
    ImageHarmonics out = m.ToHarmonics(&slope, source_fwhm_A, false);
    if (d.source_fwhm_A != 0) {
      ComplexBuffer copy = intensity;
      const ImageHarmonics by_source = m.ToHarmonics(&copy, source_fwhm_A, true);
      for (size_t i = 0; i < out.c.size(); ++i) out.c[i] += d.source_fwhm_A * by_source.c[i];
    }
    derivatives->push_back(std::move(out));
  }
  return m.ToHarmonics(&intensity, source_fwhm_A, false);
}

}  // namespace ronchi::sim
