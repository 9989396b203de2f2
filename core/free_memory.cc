#include "core/free_memory.h"

#include <unistd.h>

#include <cstdio>

namespace ronchi {

size_t FreeMemoryBytes() {
  return size_t(0.9 * double(sysconf(_SC_AVPHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)));
}

size_t AvailableMemoryBytes() {
  size_t kB = 0;
  if (std::FILE* in = std::fopen("/proc/meminfo", "r")) {
    char line[256];
    while (kB == 0 && std::fgets(line, sizeof line, in)) {
      (void)std::sscanf(line, "MemAvailable: %zu kB", &kB);
    }
    std::fclose(in);
  }
  return kB ? kB * 1024 : FreeMemoryBytes();
}

}  // namespace ronchi
