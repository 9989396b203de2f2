// The simulated instruments that the environments were made for, by level; a config's `instrument`
// takes their place.
#pragma once

#include <string>
#include <vector>

#include "hw/instrument.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi {

// Of which one is drawn for every episode (hw/one_of.h).
using Twins = std::vector<hw::TwinOptions>;

// `instrument: old_and_drifting`, `instrument: {preset: …, current_pA: 20}`, or, where nothing is
// given, the one of the environment and level. Everything but a level beyond 3 is in the table.
absl::StatusOr<Twins> ReadTwins(const Config& instrument, const std::string& id, int level);
// The YAML text of the one of the environment and level.
std::string InstrumentText(const std::string& id, int level);

// The return at which a task counts as solved on that instrument, where one has been measured; else
// 0. docs/environments says which agent reached what.
double RewardThreshold(const std::string& id, int level, bool truth);

absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Twins& twins);

}  // namespace ronchi
