#include "hw/twin/image_model.h"

#include "sim/contracted/contracted_model.h"
#include "sim/linear.h"

namespace ronchi::hw {

absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& o) {
  if (o.engine == TwinOptions::Engine::kContracted) {
    return sim::ContractedModel::Create({.cell = o.specimen,
                                         .energy_eV = o.energy_eV,
                                         .semiangle_rad = o.semiangle_rad,
                                         .inner_rad = o.haadf_inner_rad,
                                         .outer_rad = o.haadf_outer_rad,
                                         .configurations = o.phonon_configurations,
                                         .phonon_seed = o.phonon_seed});
  }
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  RONCHI_ASSIGN_OR_RETURN(sim::LinearEngine engine,
                          sim::LinearEngine::Create(o.specimen,
                                                    {.energy_eV = o.energy_eV,
                                                     .semiangle_rad = o.semiangle_rad,
                                                     .inner_rad = o.haadf_inner_rad,
                                                     .outer_rad = o.haadf_outer_rad},
                                                    *factors));
  return std::make_shared<const sim::LinearEngine>(std::move(engine));
}

}  // namespace ronchi::hw
