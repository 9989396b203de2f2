// The functions that expressions may call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "hw/workflow/value.h"

namespace ronchi::hw::workflow {

bool IsFunction(std::string_view name);
std::string FunctionNames();  // "abs, at, …"
// InvalidArgument without a column: no such function, wrong number or kind of arguments.
absl::StatusOr<Value> CallFunction(const std::string& name, const std::vector<Value>& arguments);

}  // namespace ronchi::hw::workflow
