// Multislice (sim/multislice.h) as an engine of simulations: every probe through every slice.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "sim/engine.h"

namespace ronchi::sim {

class MultisliceEngine final : public Engine {
 public:
  std::string name() const override { return "multislice"; }
  EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                      int threads) const override;
  absl::StatusOr<EngineCost> Cost(const SimulationOptions& options, const SimulationPlan& plan,
                                  int threads) const override;
  absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                     const SimulationPlan& plan,
                                                     SimulationResult* result) const override;
};

std::shared_ptr<const Engine> MakeMultisliceEngine(ConfigReader* keys,
                                                   std::array<size_t, 2> grid_pixels);

}  // namespace ronchi::sim
