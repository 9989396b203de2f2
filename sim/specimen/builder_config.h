// The keys of `specimen: {build: …}` (docs/simulator.md) → a function that builds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// Called once every key of the section is known to be good: files are read only then.
using SpecimenSource = std::function<absl::StatusOr<Specimen>()>;

std::vector<std::string> BuilderNames();

// Reads a builder's own keys from `r`, the reader of `config`; mistakes are left in `r`, those of
// sections below it in `nested`, so that a misspelt section is named before what it should hold.
// The nanoparticle reads `rotate_deg` itself.
SpecimenSource ReadBuilder(const std::string& name, const Config& config, ConfigReader* r,
                           ErrorList* nested);

}  // namespace ronchi::sim
