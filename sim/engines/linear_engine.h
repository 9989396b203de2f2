// Incoherent imaging (sim/linear.h) as an engine of simulations, and of crystals.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "sim/engine.h"

namespace ronchi::sim {

class LinearImaging final : public Engine {
 public:
  std::string name() const override { return "linear"; }
  EnginePlan Plan(const SimulationOptions& options) const override {
    return {.read_on = options.grid(),
            .averages_inside = true,
            .blurs_inside = true,
            .incoherent = true};
  }
  EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                      int threads) const override;
  absl::StatusOr<EngineCost> Cost(const SimulationOptions& options, const SimulationPlan& plan,
                                  int threads) const override;
  absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                     const SimulationPlan& plan,
                                                     SimulationResult* result) const override;
};

std::shared_ptr<const Engine> MakeLinearEngine(ConfigReader* keys,
                                               std::array<size_t, 2> grid_pixels);
std::string LinearRefuses(const DetectorOptions& detector, double semiangle_rad);
// Of the whole thickness, in whose parts images go with it, whatever the tilt.
absl::StatusOr<std::shared_ptr<const CrystalImages>> MakeLinearCrystal(
    const CrystalOptions& crystal);

}  // namespace ronchi::sim
