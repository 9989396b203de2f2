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
    w->k2_.assign(n + kPack, 0);
    double power = 0;
    for (size_t k = 0; k < n; ++k) {
      // Defocus acts about the axis of a tilted cone, as all aberrations do.
      w->k2_[k] = Real((angles[k][0] * angles[k][0] + angles[k][1] * angles[k][1]) /
                       (wavelength * wavelength));
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
  WithEnvelope(*w, setting.focal_spread_A,
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

Contracted Contracted::Select(std::span<const Part> parts, std::array<int, 2> axis,
                              double semiangle_rad) const {
  Contracted out;
  out.grid_ = grid_;
  out.energy_eV_ = energy_eV_;
  out.semiangle_rad_ = semiangle_rad;
  out.values_ = 1;
  const ApertureRows rows = MakeApertureRows(grid_, energy_eV_, semiangle_rad);
  std::vector<size_t> here;  // the differences that its beams make, as this one numbers them
  for (size_t d = 0; d < differences_.size(); ++d) {
    const auto [dh, dk] = differences_[d];
    size_t pairs = 0;
    rows.ForEachStretch(dh, dk, [&](size_t, size_t, size_t n) { pairs += n; });
    if (pairs == 0) continue;
    here.push_back(d);
    out.differences_.push_back(differences_[d]);
  }
  out.Index();
  auto matrix = std::make_shared<RealBuffer>(2 * out.stride_);
  Real *re = matrix->data(), *im = re + out.stride_;
  const int first_row = rows_.rows.front().k;
  std::vector<size_t> start(rows_.rows.size());  // of a row's stretch among this one's pairs
  for (size_t d = 0; d < here.size(); ++d) {
    const auto [dh, dk] = out.differences_[d];
    size_t at = first_[here[d]];
    for (size_t r = 0; r < rows_.rows.size(); ++r) {
      start[r] = at;
      at += PaddedPairs(rows_.StretchOf(r, dh, dk).count);
    }
    at = out.first_[d];
    for (size_t r = 0; r < out.rows_.rows.size(); ++r) {
      const ApertureRows::Stretch to = out.rows_.StretchOf(r, dh, dk);
      if (to.count == 0) continue;
      const int row = out.rows_.rows[r].k + axis[1] - first_row;
      RONCHI_CHECK(row >= 0 && row < int(rows_.rows.size()));
      const ApertureRows::Stretch from = rows_.StretchOf(size_t(row), dh, dk);
      const int skip = to.first_h + axis[0] - from.first_h;
      RONCHI_CHECK(skip >= 0 && size_t(skip) + to.count <= from.count);
      for (const Part& part : parts) {
        const Real* mr = matrix_ + 2 * part.value * stride_ + start[size_t(row)] + size_t(skip);
        const Real *mi = mr + stride_, weight = Real(part.weight);
        for (size_t i = 0; i < to.count; ++i) {
          re[at + i] += weight * mr[i];
          im[at + i] += weight * mi[i];
        }
      }
      at += PaddedPairs(to.count);
    }
  }
  out.matrix_ = matrix->data();
  out.owner_ = std::move(matrix);
  return out;
}

size_t Contracted::memory_bytes() const {
  return differences_.size() * (sizeof(DifferenceVector) + sizeof(size_t)) +
         2 * values_ * stride_ * sizeof(Real);
}

}  // namespace ronchi::sim
