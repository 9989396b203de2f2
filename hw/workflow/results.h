// What a command's reply is called: `as: frame` gives frame.haadf, frame.dose, frame.electrons …
// When a workflow is checked, what the reply can be; when it runs, what it is.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "hw/instrument/command.h"
#include "hw/instrument/description.h"
#include "hw/instrument/reply.h"
#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow {

using Results = std::vector<std::pair<std::string, Value>>;

// `positions`: of writable properties, SI.
Results ForeseenResults(const Step& step, const Command& command, const Description& description,
                        const std::map<std::string, Interval>& positions);
// FailedPrecondition: the reply lacks what the command promises.
absl::StatusOr<Results> ResultsOf(const Step& step, const Reply& reply);

// "length" and so on; false: no such dimension.
bool DimensionNamed(const std::string& name, Dimension* dimension);

}  // namespace ronchi::hw::workflow
