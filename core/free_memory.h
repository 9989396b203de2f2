// How much memory a program may take before the machine swaps.
#pragma once

#include <cstddef>

namespace ronchi {

// Nine tenths of what is free now, bytes.
size_t FreeMemoryBytes();

// What the system could give to a new program, with what its file cache would make room for.
size_t AvailableMemoryBytes();

}  // namespace ronchi
