// What an entry of a journal may be: looked at where journals are read, so that whoever uses one
// can rely on the kinds of its fields.
#pragma once

#include "core/status.h"
#include "nlohmann/json.hpp"

namespace ronchi::hw::workflow {

// InvalidArgument: no object with a type, or a known field that is of another kind than the runner
// writes: texts, finite numbers from 0, commands, values. Unknown fields pass.
absl::Status CheckJournalEntry(const nlohmann::json& entry);

// The same of one value as Journal::Keep and Save write it.
absl::Status CheckJournalValue(const nlohmann::json& value);

}  // namespace ronchi::hw::workflow
