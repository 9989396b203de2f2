// The `simulate` schema, version 1: YAML → SimulationOptions. The schema is a contract, described
// in docs/simulator.md.
#pragma once

#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"
#include "sim/specimen/specimen_config.h"

namespace ronchi::sim {

// Reads the whole document (and writes every default into it). Structure files are looked for
// beside the config, then in the data folder. InvalidArgument: every mistake (core/error_list.h),
// each one clear line. `known`: what the section `specimen` gave when it was read before, to be
// taken instead of reading it again.
absl::StatusOr<SimulationOptions> ReadSimulationOptions(const Config& config,
                                                        const SpecimenSection* known = nullptr);

// `beam.aberrations`: {C10_A: 0, C12_A: 0, phi12_deg: 0, …}. Every coefficient to fifth order.
absl::StatusOr<Aberrations> ReadAberrations(const Config& node);

}  // namespace ronchi::sim
