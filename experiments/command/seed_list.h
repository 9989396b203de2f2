// Seeds as they are given on the command line: "1000-1099", "1,2,5-9".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi {

// In the order in which they are given. InvalidArgument, one line: no such list, a range that goes
// down, a seed twice, more than 100,000.
absl::StatusOr<std::vector<uint64_t>> ParseSeedList(const std::string& text);

}  // namespace ronchi
