#include "hw/twin/image_model.h"

#include <cmath>

#include "sim/contracted/contracted_model.h"
#include "sim/linear.h"

namespace ronchi::hw {
namespace {

using Models = std::vector<std::shared_ptr<const sim::ImageModel>>;

absl::StatusOr<Models> Make(const TwinOptions& o, size_t first, size_t end) {
  Models models;
  if (o.engine == TwinOptions::Engine::kContracted) {
    std::vector<sim::ContractedModel::Ring> rings;
    for (size_t d = first; d < end; ++d) {
      rings.push_back({o.detectors[d].inner_rad, o.detectors[d].outer_rad});
    }
    RONCHI_ASSIGN_OR_RETURN(const auto made, sim::ContractedModel::CreateRings(
                                                 {.cell = o.specimen,
                                                  .energy_eV = o.energy_eV,
                                                  .semiangle_rad = o.semiangle_rad,
                                                  .configurations = o.phonon_configurations,
                                                  .phonon_seed = o.phonon_seed,
                                                  .least_box_A = o.box_A,
                                                  .least_reach_per_A = kLeastReach_per_A},
                                                 rings));
    models.assign(made.begin(), made.end());
    return models;
  }
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  for (size_t d = first; d < end; ++d) {
    RONCHI_ASSIGN_OR_RETURN(sim::LinearEngine engine,
                            sim::LinearEngine::Create(o.specimen,
                                                      {.energy_eV = o.energy_eV,
                                                       .semiangle_rad = o.semiangle_rad,
                                                       .inner_rad = o.detectors[d].inner_rad,
                                                       .outer_rad = o.detectors[d].outer_rad},
                                                      *factors));
    models.push_back(std::make_shared<const sim::LinearEngine>(std::move(engine)));
  }
  return models;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& o) {
  // A box of disordered atoms has thousands of harmonics: seconds an image by either engine.
  if (o.film.present) return absl::UnimplementedError("scanned images of a film");
  RONCHI_ASSIGN_OR_RETURN(const Models models, Make(o, 0, 1));
  return models[0];
}

absl::StatusOr<DetectorImages> DetectorImages::Create(const TwinOptions& o) {
  DetectorImages out;
  if (o.film.present) return out;
  RONCHI_ASSIGN_OR_RETURN(out.models_, Make(o, 0, 1));
  if (o.detectors.size() == 1) return out;
  RONCHI_ASSIGN_OR_RETURN(const Models others, Make(o, 1, o.detectors.size()));
  out.models_.insert(out.models_.end(), others.begin(), others.end());
  return out;
}

sim::ImageHarmonics DetectorImages::MakeHarmonics(size_t detector,
                                                  const sim::Aberrations& aberrations,
                                                  const SourceProfile& source) const {
  const sim::ImageModel& model = *models_[detector];
  if (source.tail_share == 0) return model.MakeHarmonics(aberrations, source.fwhm_A);
  // A source is a convolution: the point source's harmonics, each damped by its transform.
  sim::ImageHarmonics out = model.MakeHarmonics(aberrations, 0);
  for (int h = 0; h <= out.half_x; ++h) {
    for (int k = -out.half_y; k <= out.half_y; ++k) {
      out.at(h, k) *= source.Transform(std::hypot(h / out.cell_A[0], k / out.cell_A[1]));
    }
  }
  return out;
}

}  // namespace ronchi::hw
