#include "core/free_memory.h"

#include <unistd.h>

namespace ronchi {

size_t FreeMemoryBytes() {
  return size_t(0.9 * double(sysconf(_SC_AVPHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)));
}

}  // namespace ronchi
