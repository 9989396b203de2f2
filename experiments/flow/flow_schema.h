// The JSON Schema of workflows (experiments/catalog/schema.h).
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ronchi {

nlohmann::json WorkflowSchema();

}  // namespace ronchi
