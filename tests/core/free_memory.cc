#include "core/free_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>

namespace ronchi {
namespace {

// From the system's own table, read apart.
size_t Table(const std::string& name) {
  std::ifstream in("/proc/meminfo");
  for (std::string word; in >> word;) {
    size_t kB = 0;
    if (word == name && in >> kB) return kB * 1024;
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

TEST(FreeMemory, IsWhatTheSystemSays) {
  if (Table("MemAvailable:") == 0) GTEST_SKIP() << "no /proc/meminfo here";
  // Other programs take and give meanwhile: compared where the table stood still.
  int compared = 0;
  for (int i = 0; i < 2000 && compared < 3; ++i) {
    const size_t before = Table("MemAvailable:"), told = AvailableMemoryBytes();
    if (Table("MemAvailable:") != before) continue;
    EXPECT_EQ(told, before);
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "memory changes from one look to the next";
}

TEST(FreeMemory, IsLessThanThereIs) {
  const size_t all = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
  EXPECT_GT(FreeMemoryBytes(), 0u);
  EXPECT_LE(double(FreeMemoryBytes()), 0.9 * double(all));  // a tenth is left to others
  EXPECT_LE(AvailableMemoryBytes(), all);
}

}  // namespace
}  // namespace ronchi
