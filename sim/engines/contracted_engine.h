// The contracted engine (sim/contracted/) as an engine of simulations, and of crystals.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "sim/engine.h"

namespace ronchi::sim {

class ContractedEngine final : public Engine {
 public:
  std::string name() const override { return "contracted"; }
  EnginePlan Plan(const SimulationOptions& options) const override {
    return {.read_on = options.grid(), .averages_inside = true};
  }
  EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                      int threads) const override;
  absl::StatusOr<EngineCost> Cost(const SimulationOptions& options, const SimulationPlan& plan,
                                  int threads) const override;
  absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                     const SimulationPlan& plan,
                                                     SimulationResult* result) const override;
};

std::shared_ptr<const Engine> MakeContractedEngine(ConfigReader* keys,
                                                   std::array<size_t, 2> grid_pixels);
std::string ContractedRefuses(const DetectorOptions& detector, double semiangle_rad);
absl::StatusOr<std::shared_ptr<const CrystalImages>> MakeContractedCrystal(
    const CrystalOptions& crystal);

}  // namespace ronchi::sim
