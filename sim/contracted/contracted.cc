#include "sim/contracted/contracted.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"
#include "core/parallel.h"
#include "sim/contracted/cos_sin.h"
#include "sim/contracted/pass.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {

absl::Status Contracted::Prepare(const Setting& setting, Workspace* w) const {
  const BeamOptics& beam = setting.beam;
  if (beam.energy_eV != energy_eV_) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a beam of %g eV; the contracted engine was made for %g eV", beam.energy_eV, energy_eV_));
  }
  const double wavelength = Wavelength_A(energy_eV_);
  const bool fits = beam.semiangle_rad + std::hypot(beam.tilt_rad[0], beam.tilt_rad[1]) <=
                    semiangle_rad_ * (1 + 1e-9);
  if (!fits || !(beam.semiangle_rad > 0)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the aperture reaches beyond the beams held; allowed: semiangle and tilt "
                        "of together up to %.4g mrad",
                        semiangle_rad_ * 1e3));
  }
  const size_t n = rows_.beams;
  if (w->engine_ != id_ || w->semiangle_rad_ != beam.semiangle_rad ||
      w->tilt_rad_ != beam.tilt_rad) {
    std::vector<std::array<double, 2>> angles;
    angles.reserve(n);
    for (const ApertureRows::Row& row : rows_.rows) {
      for (int i = 0; i < row.count; ++i) {
        angles.push_back({(row.first_h + i) / grid_.lx_A * wavelength - beam.tilt_rad[0],
                          row.k / grid_.ly_A * wavelength - beam.tilt_rad[1]});
      }
    }
    w->basis_ = AberrationBasis(angles, wavelength);
    w->aperture_.resize(n);
    double power = 0;
    for (size_t k = 0; k < n; ++k) {
      w->aperture_[k] = SoftAperture(angles[k][0], angles[k][1], beam.semiangle_rad,
                                     wavelength / grid_.lx_A, wavelength / grid_.ly_A);
      power += w->aperture_[k] * w->aperture_[k];
    }
    for (double& a : w->aperture_) a /= std::sqrt(power);
    w->engine_ = id_;
    w->semiangle_rad_ = beam.semiangle_rad;
    w->tilt_rad_ = beam.tilt_rad;
    w->chi_.resize(n);
    w->re_.resize(n + kPack);
    w->im_.resize(n + kPack);
  }
  w->basis_.ComputeChi(beam.aberrations, w->chi_);
  const double *chi = w->chi_.data(), *aperture = w->aperture_.data();
  Real *re = w->re_.data(), *im = w->im_.data();
  for (size_t k = 0; k < n; ++k) {
    Real c, s;
    CosSin(chi[k], &c, &s);
    re[k] = Real(aperture[k]) * c;
    im[k] = -Real(aperture[k]) * s;
  }
  return absl::OkStatus();
}

double Contracted::FocalDamping(double focal_spread_A) const {
  return std::pow(std::numbers::pi * Wavelength_A(energy_eV_) * focal_spread_A, 2) / 2;
}

std::array<double, 2> Contracted::Frequency(size_t i) const {
  return {differences_[i].dh / grid_.lx_A, differences_[i].dk / grid_.ly_A};
}

// With the factor 2 for q and −q.
double Contracted::SourceDamping(size_t i, double source_fwhm_A) const {
  const double both = differences_[i].dh || differences_[i].dk ? 2 : 1;
  if (source_fwhm_A == 0) return both;
  const double s = source_fwhm_A / (2 * std::sqrt(2 * std::numbers::ln2));
  const auto [qx, qy] = Frequency(i);
  return both * std::exp(-2 * std::numbers::pi * std::numbers::pi * s * s * (qx * qx + qy * qy));
}

void Contracted::Damp(double source_fwhm_A, double* re, double* im) const {
  const size_t n = differences_.size();
  for (size_t i = 0; i < n; ++i) {
    const double damping = SourceDamping(i, source_fwhm_A);
    for (size_t v = 0; v < values_; ++v) {
      re[v * n + i] *= damping;
      im[v * n + i] *= damping;
    }
  }
}

absl::Status Contracted::ComputeCoefficients(const Setting& setting, Workspace* w,
                                             std::span<double> re, std::span<double> im) const {
  RONCHI_CHECK_EQ(re.size(), values_ * differences_.size());
  RONCHI_CHECK_EQ(im.size(), re.size());
  RONCHI_RETURN_IF_ERROR(Prepare(setting, w));
  WithEnvelope(setting.focal_spread_A,
               [&](const auto& envelope) { Pass(*w, envelope, re.data(), im.data()); });
  Damp(setting.source_fwhm_A, re.data(), im.data());
  return absl::OkStatus();
}

void Contracted::Sum(const ScanLines& scan, const Setting& setting, Workspace* w, double* re,
                     double* im, double* image) const {
  const size_t n = differences_.size(), probes = scan.probes();
  w->images_.clear();
  for (size_t v = 0; v < values_; ++v) {
    w->images_.push_back({re + v * n, im + v * n, image + v * probes});
  }
  line_sums_->Compute(scan, setting.scan, w->images_, &w->lines_);
}

absl::Status Contracted::ComputeImage(const Setting& setting, const ScanLines& scan, Workspace* w,
                                      std::span<double> image) const {
  RONCHI_CHECK_EQ(image.size(), values_ * scan.probes());
  const size_t all = values_ * differences_.size();
  w->g_.resize(2 * all);
  RONCHI_RETURN_IF_ERROR(
      ComputeCoefficients(setting, w, {w->g_.data(), all}, {w->g_.data() + all, all}));
  Sum(scan, setting, w, w->g_.data(), w->g_.data() + all, image.data());
  for (double& v : image) v *= setting.dose;
  return absl::OkStatus();
}

absl::Status Contracted::ComputeImages(std::span<const Setting> settings, const ScanLines& scan,
                                       std::span<double> images) const {
  const size_t each = values_ * scan.probes();
  RONCHI_CHECK_EQ(images.size(), settings.size() * each);
  std::vector<absl::Status> status(settings.size());
  // A workspace a range: few ranges, so that its tables are made few times.
  const size_t grain = std::max<size_t>(1, settings.size() / (4 * size_t(Threads())));
  ParallelFor(settings.size(), grain, [&](size_t begin, size_t end) {
    Workspace w;
    for (size_t i = begin; i < end; ++i) {
      status[i] = ComputeImage(settings[i], scan, &w, images.subspan(i * each, each));
    }
  });
  for (size_t i = 0; i < status.size(); ++i) {
    if (!status[i].ok()) return Annotate(status[i], absl::StrFormat("setting %u", i));
  }
  return absl::OkStatus();
}

size_t Contracted::memory_bytes() const {
  return differences_.size() * (sizeof(DifferenceVector) + sizeof(size_t)) +
         2 * values_ * stride_ * sizeof(Real);
}

}  // namespace ronchi::sim
