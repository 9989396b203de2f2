// How much memory a program may take before the machine swaps.
#pragma once

#include <cstddef>

namespace ronchi {

// Nine tenths of what is free now, bytes.
size_t FreeMemoryBytes();

}  // namespace ronchi
