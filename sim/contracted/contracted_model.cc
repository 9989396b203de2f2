#include "sim/contracted/contracted_model.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "sim/contracted/prepare.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
absl::StatusOr<std::shared_ptr<const ContractedModel>> ContractedModel::Create(
    const ContractedModelOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const auto rings, CreateRings(o, {{o.inner_rad, o.outer_rad}}));
  return rings[0];
}

absl::StatusOr<std::vector<std::shared_ptr<const ContractedModel>>> ContractedModel::CreateRings(
    const ContractedModelOptions& o, const std::vector<Ring>& rings) {
  std::unique_ptr<ContractedModel> model(new ContractedModel);
  model->cell_A_ = {o.cell.cell_A[0], o.cell.cell_A[1]};
  model->beam_ = {.energy_eV = o.energy_eV, .semiangle_rad = o.semiangle_rad};
  SimulationOptions s;
  s.beam = model->beam_;
  // Waves reach 2 % beyond the detector: the band limit's taper stays off it.
  double outer_rad = std::max(o.semiangle_rad, o.least_reach_per_A * Wavelength_A(o.energy_eV));
  for (const Ring& r : rings) outer_rad = std::max(outer_rad, r.outer_rad);
  const double finest = 1 / (3 * 1.02 * outer_rad / Wavelength_A(o.energy_eV));
  for (size_t a : {0, 1}) {
    const double cell = model->cell_A_[a];
    model->cells_[a] = size_t(std::ceil(o.least_box_A / cell));
    s.grid_pixels[a] = FastPixels(model->cells_[a], double(model->cells_[a]) * cell / finest);
  }
  s.specimen = o.cell.Repeated(int(model->cells_[0]), int(model->cells_[1]), 1);
  s.slice_thickness_A = 2;
  s.exit_slices = {size_t(std::ceil(o.cell.cell_A[2] / s.slice_thickness_A - 1e-6))};
  s.phonons = std::any_of(o.cell.atoms.begin(), o.cell.atoms.end(),
                          [](const Atom& a) { return a.rms_A > 0; });
  s.phonon_seed = o.phonon_seed;
  s.phonon_configurations = s.phonons ? o.configurations : 1;
  for (size_t i = 0; i < rings.size(); ++i) {
    s.detectors.push_back({.name = i ? absl::StrCat("ring", i) : "ring",
                           .inner_rad = rings[i].inner_rad,
                           .outer_rad = rings[i].outer_rad});
  }
  RONCHI_ASSIGN_OR_RETURN(const SimulationPlan plan, PlanSimulation(s));
  RONCHI_ASSIGN_OR_RETURN(const PreparedContraction prepared,
                          PrepareContraction(s, plan.detectors, {}, model->cells_));
  model->engine_ = prepared.engine;
  std::vector<std::shared_ptr<const ContractedModel>> models;
  for (size_t i = 0; i < rings.size(); ++i) {
    std::shared_ptr<ContractedModel> one(new ContractedModel(*model));
    one->value_ = i;
    models.push_back(std::move(one));
  }
  return models;
}

ImageHarmonics ContractedModel::MakeHarmonics(const Aberrations& aberrations,
                                              double source_fwhm_A) const {
  thread_local Contracted::Workspace workspace;
  thread_local std::vector<double> re, im;
  const auto differences = engine_->differences();
  re.resize(engine_->values() * differences.size());
  im.resize(engine_->values() * differences.size());
  Contracted::Setting setting{.beam = beam_, .source_fwhm_A = source_fwhm_A};
  setting.beam.aberrations = aberrations;
  RONCHI_CHECK(engine_->ComputeCoefficients(setting, &workspace, re, im).ok());
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
    const size_t at = value_ * differences.size() + i;
    const std::complex<double> g(re[at], im[at]);
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

}  // namespace ronchi::sim
