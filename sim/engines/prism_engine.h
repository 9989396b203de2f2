// PRISM (sim/prism.h) as an engine of simulations: every f-th plane wave through the specimen once
// for each configuration; a tile of probes is sums of them.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "sim/engine.h"

namespace ronchi::sim {

class PrismEngine final : public Engine {
 public:
  explicit PrismEngine(int interpolation) : interpolation_(interpolation) {}
  std::string name() const override { return "prism"; }
  EnginePlan Plan(const SimulationOptions& options) const override;
  EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                      int threads) const override;
  absl::StatusOr<EngineCost> Cost(const SimulationOptions& options, const SimulationPlan& plan,
                                  int threads) const override;
  absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                     const SimulationPlan& plan,
                                                     SimulationResult* result) const override;

 private:
  size_t Beams(const SimulationOptions& options) const;
  int interpolation_;
};

std::shared_ptr<const Engine> MakePrismEngine(ConfigReader* keys,
                                              std::array<size_t, 2> grid_pixels);

}  // namespace ronchi::sim
