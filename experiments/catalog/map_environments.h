// The environments over a field of particles, each over an instrument of its own: the config's, or
// the one of its level.
#pragma once

#include <string>

#include "core/config.h"
#include "env/environment.h"

namespace ronchi {

absl::StatusOr<env::EnvironmentFactory> PrepareAdaptiveScan(const Config& instrument,
                                                            const Config& task);
absl::StatusOr<env::EnvironmentFactory> PrepareSpectrumSearch(const Config& instrument,
                                                              const Config& task);
// YAML of the map twin that a level, 1 … 3, has.
std::string MapOfLevel(int level);

}  // namespace ronchi
