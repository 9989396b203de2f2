// Walks over a workflow's steps.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hw/instrument/description.h"
#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow::internal {

// The blocks that a step holds.
std::vector<const Block*> InnerBlocks(const Step& step);
// Every name that some expression refers to, and its first part: "frame.haadf" and "frame".
std::vector<std::string> NamesUsed(const Workflow& workflow);
// Every binding of `let`, constants first.
std::vector<std::pair<std::string, const Formula*>> LetBindings(const Workflow& workflow);
std::string WritableNames(const Description& description);

}  // namespace ronchi::hw::workflow::internal
