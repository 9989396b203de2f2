// Work that may crash, eat all memory or never end: libraries that trust what they read, on files
// that may be damaged. A child process does it first, which may.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/status.h"

namespace ronchi {

struct ChildLimits {
  size_t memory_bytes = size_t(2) << 30;  // beyond what this process has now
  double cpu_s = 60;
};
// For reading a file: four times its size of memory, and ten seconds a gigabyte, besides.
ChildLimits LimitsOfReading(const std::string& path);

// What `work` returned in the child, code and message; where it is OK, this process may do the same
// without harm. InvalidArgument with `damaged` as its message: a signal ended the child, which
// crashed or used up its processor time, or memory was refused it. OK, too, where there can be no
// child. What `work` changes is lost. SIGINT and SIGTERM, which a terminal sends to both, count as
// OK: they are this process's to answer.
absl::Status TryInAChild(const std::function<absl::Status()>& work, const std::string& damaged,
                         const ChildLimits& limits = {});

}  // namespace ronchi
