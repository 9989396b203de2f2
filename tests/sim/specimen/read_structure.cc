// Structure files, whole and broken: each mistake gives one line with file and line number.
#include "sim/specimen/read_structure.h"

#include <gtest/gtest.h>

#include "tests/sim/specimen/structure_file.h"

namespace ronchi::sim {
namespace {

TEST_F(ReadStructureTest, TruncatedFiles) {
  ExpectError("title\n4 5 6\n8 1 1 1 1", 3, "looks truncated");
  ExpectError("title\n4 5 6\n8 1 1 1 1", 3, "after 1 atoms");
  ExpectError("3\nLattice=\"4 0 0 0 5 0 0 0 6\"\nO 1 1 1\nO 1 1 2", 4, "after 2 atoms");
  // Cut anywhere, a file never passes for a smaller specimen, nor crashes the reader.
  for (const std::string& whole : {kPrismatic, kExtended}) {
    const size_t atoms = Of(whole)->atoms.size();
    for (size_t n = 0; n + 1 < whole.size(); ++n) {
      const auto s = Of(whole.substr(0, n));
      if (s.ok()) {
        EXPECT_EQ(s->atoms.size(), atoms) << whole.substr(0, n);
      }
    }
  }
}

TEST_F(ReadStructureTest, NotAStructure) {
  ExpectError(std::string("\x89HDF\0\0", 6), 1, "not a text file");
  EXPECT_TRUE(absl::IsNotFound(ReadStructure(path_ + ".missing").status()));
}

}  // namespace
}  // namespace ronchi::sim
