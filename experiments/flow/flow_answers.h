// The answers that a command line gives to a workflow's questions before they are asked.
#pragma once

#include <map>
#include <string>

#include "core/status.h"
#include "hw/workflow/workflow.h"

namespace ronchi {

// InvalidArgument: a name that no question has, or what is no answer to that one, with what would
// be. Bounds that only the run knows are looked at when the question is asked.
absl::Status CheckAnswers(const hw::workflow::Workflow& workflow,
                          const std::map<std::string, std::string>& answers);

}  // namespace ronchi
