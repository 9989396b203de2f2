// A structure file of a test's own, and what is said of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/specimen/read_structure.h"

namespace ronchi::sim {

class ReadStructureTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::path(testing::TempDir()) /
             (std::string("structure_") +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".xyz"))
                .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  absl::StatusOr<Specimen> Of(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadStructure(path_);
  }
  // The message must begin with "<path>:<line>: " and hold `what`.
  void ExpectError(const std::string& text, int line, const std::string& what) {
    const absl::StatusOr<Specimen> s = Of(text);
    ASSERT_FALSE(s.ok()) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(s.status())) << s.status();
    const std::string message(s.status().message());
    EXPECT_EQ(message.rfind(path_ + ":" + std::to_string(line) + ": ", 0), 0u) << message;
    EXPECT_NE(message.find(what), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  std::string path_;
};

inline const std::string kPrismatic =
    "two atoms\n"
    "  4 5.5 6\n"
    "38 0.5 1 2 1.0 0.08\n"
    "  8\t1.5 2 3.25 0.5\n"
    "-1\n";

inline const std::string kExtended =
    "3\n"
    "Lattice=\"4 0 0 0 5 0 0 0 6\" "
    "Properties=species:S:1:forces:R:3:pos:R:3:occupancy:R:1:rms:R:1 pbc=\"T T T\"\n"
    "Sr 9 9 9 0.5 1 2 0.75 0.08\n"
    "o  9 9 9 1.5 2 3 1 0\n"
    "22 9 9 9 2.5 3 4 1 0.1\n";

}  // namespace ronchi::sim
