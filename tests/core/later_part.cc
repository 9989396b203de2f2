#include "core/later_part.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/files.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// A small project with a part that is not built with all, configured as ours is.
class LaterPartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/later_part_" + std::to_string(getpid());
    fs::create_directories(folder_);
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/CMakeLists.txt",
                                    "cmake_minimum_required(VERSION 3.25)\n"
                                    "project(small LANGUAGES NONE)\n"
                                    "add_custom_target(part COMMAND echo made >> part.txt)\n"
                                    "add_custom_target(broken COMMAND false)\n")
                    .ok());
    const std::string configure =
        "cmake -G Ninja -S " + folder_ + " -B " + build() + " > " + folder_ + "/log 2>&1";
    ASSERT_EQ(std::system(configure.c_str()), 0);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string build() const { return folder_ + "/build/small"; }

  std::string folder_;
};

TEST_F(LaterPartTest, IsMadeOnceAndOnlyWhenItIsMissing) {
  const LaterPart part = {"part", build() + "/part.txt", "a part", "no time"};
  EXPECT_TRUE(BuildLaterPart(build(), part).ok());
  EXPECT_EQ(*ReadFile(part.file), "made\n");
  EXPECT_TRUE(BuildLaterPart(build(), part).ok());
  EXPECT_EQ(*ReadFile(part.file), "made\n");
}

TEST_F(LaterPartTest, WhatCannotBeMadeIsNamed) {
  for (const std::string target : {"broken", "none"}) {
    const absl::Status status =
        BuildLaterPart(build(), {target, build() + "/" + target, "a part", "no time"});
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_NE(status.message().find("the target " + target), std::string::npos) << status;
  }
  // Not a build's folder: nothing is run.
  EXPECT_TRUE(absl::IsNotFound(BuildLaterPart(folder_, {"part", folder_ + "/part.txt", "", ""})));
  EXPECT_FALSE(fs::exists(folder_ + "/part.txt"));
}

TEST(LaterPart, TheProgramKnowsWhereItLies) {
  EXPECT_TRUE(fs::exists(ProgramFolder() + "/test_core_units")) << ProgramFolder();
  EXPECT_EQ(fs::path(ProgramFolder()).parent_path(), BuildFolder());
}

}  // namespace
}  // namespace ronchi
