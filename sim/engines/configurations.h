// What engines share that send waves through displaced atoms: one configuration at a time, kept
// while the atoms rest, and the reading of patterns.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "core/status.h"
#include "sim/multislice.h"
#include "sim/physics/scattering_factors.h"
#include "sim/readings.h"
#include "sim/simulation.h"

namespace ronchi::sim {

// Planning that pays: planes of the potential are transformed often enough to be measured with
// phonons. A function of the options alone.
FftEfforts PlanningEfforts(const SimulationOptions& options);

class Configurations {
 public:
  // Tells the result of the slices. InvalidArgument, NotFound: no such scattering factors.
  static absl::StatusOr<Configurations> Create(const SimulationOptions& options,
                                               const SimulationPlan& plan,
                                               const FftEfforts& efforts, SimulationResult* result);
  bool Holds(int configuration) const;
  absl::Status Make(int configuration);  // drops the last one first
  const Multislice& waves() const { return *waves_; }

 private:
  Configurations() = default;
  int Number(int configuration) const { return options_->phonons ? configuration : 0; }
  const SimulationOptions* options_ = nullptr;
  const SimulationPlan* plan_ = nullptr;
  FftEfforts efforts_;
  SimulationResult* result_ = nullptr;
  std::shared_ptr<const ScatteringFactors> factors_;
  int made_ = -1;
  std::optional<PotentialMaker> potential_;
  std::unique_ptr<Multislice> waves_;
};

// Adds weight times a pattern, as every detector reads it, to the sums of a probe at an exit plane.
void ReadPattern(const SimulationPlan& plan, std::span<const Real> intensity, double weight,
                 size_t exit, size_t probe, BlockSums* sums);

}  // namespace ronchi::sim
