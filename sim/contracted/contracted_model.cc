#include "sim/contracted/contracted_model.h"

#include <algorithm>
#include <cmath>

namespace ronchi::sim {

ContractedModel::ContractedModel(const ContractedCrystal& crystal, size_t ring, size_t exit,
                                 std::array<double, 2> tilt_rad)
    : cell_A_(crystal.cell_A()), cells_(crystal.cells()), early_A_(crystal.early_A()) {
  const ContractedCrystal::View view = crystal.Look(ring, exit, tilt_rad);
  engine_ = view.engine;
  beam_ = {.energy_eV = crystal.energy_eV(),
           .semiangle_rad = crystal.semiangle_rad(),
           .tilt_rad = view.beam_tilt_rad};
}

Contracted::Setting ContractedModel::SettingOf(const Aberrations& aberrations, double source_fwhm_A,
                                               double focal_spread_A) const {
  Contracted::Setting setting{
      .beam = beam_, .focal_spread_A = focal_spread_A, .source_fwhm_A = source_fwhm_A};
  setting.beam.aberrations = aberrations;
  setting.beam.aberrations.a_A[kC10] += early_A_;
  return setting;
}

ImageHarmonics ContractedModel::ToHarmonics(const double* re, const double* im) const {
  const auto differences = engine_->differences();
  ImageHarmonics out{.cell_A = cell_A_};
  const int nx = int(cells_[0]), ny = int(cells_[1]);
  for (const DifferenceVector& d : differences) {
    out.half_x = std::max(out.half_x, std::abs(d.dh) / nx);
    out.half_y = std::max(out.half_y, std::abs(d.dk) / ny);
  }
  out.c.resize(size_t(out.half_x + 1) * size_t(2 * out.half_y + 1));
  // Re(G e^{−2πi q·R}) is the harmonic −q with G, or q with G*.
  for (size_t i = 0; i < differences.size(); ++i) {
    const int h = differences[i].dh / nx, k = differences[i].dk / ny;
    const std::complex<double> g(re[i], im[i]);
    if (h > 0) {
      out.at(h, k) += std::conj(g);
    } else if (h < 0) {
      out.at(-h, -k) += g;
    } else if (k == 0) {
      out.at(0, 0) += g;
    } else {
      out.at(0, k) += 0.5 * std::conj(g);
      out.at(0, -k) += 0.5 * g;
    }
  }
  return out;
}

ImageHarmonics ContractedModel::MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A,
                                              double focal_spread_A) const {
  thread_local Contracted::Workspace workspace;
  thread_local std::vector<double> re, im;
  re.resize(engine_->differences().size());
  im.resize(re.size());
  const auto setting = SettingOf(aberrations, source_fwhm_A, focal_spread_A);
  RONCHI_CHECK(engine_->ComputeCoefficients(setting, &workspace, re, im).ok());
  return ToHarmonics(re.data(), im.data());
}

ImageHarmonics ContractedModel::MakeDerivatives(const Aberrations& aberrations,
                                                double source_fwhm_A, double focal_spread_A,
                                                std::span<const OpticsVariation> directions,
                                                std::vector<ImageHarmonics>* derivatives) const {
  thread_local Contracted::Workspace workspace;
  thread_local std::vector<double> re, im, by_re, by_im;
  thread_local std::vector<Contracted::Variation> variations;
  const size_t n = engine_->differences().size();
  re.resize(n);
  im.resize(n);
  by_re.resize(directions.size() * n);
  by_im.resize(by_re.size());
  variations.clear();
  for (const OpticsVariation& d : directions) {
    variations.push_back({.aberrations = d.aberrations,
                          .focal_spread = d.focal_spread_A,
                          .source_fwhm = d.source_fwhm_A});
  }
  const auto setting = SettingOf(aberrations, source_fwhm_A, focal_spread_A);
  RONCHI_CHECK(
      engine_->ComputeCoefficientDerivatives(setting, variations, &workspace, re, im, by_re, by_im)
          .ok());
  derivatives->clear();
  for (size_t d = 0; d < directions.size(); ++d) {
    derivatives->push_back(ToHarmonics(&by_re[d * n], &by_im[d * n]));
  }
  return ToHarmonics(re.data(), im.data());
}

}  // namespace ronchi::sim
