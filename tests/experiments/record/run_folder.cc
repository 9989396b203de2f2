#include "experiments/record/run_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

TEST(RunFolders, AreMadeAndTakenOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "deep/er/run";
  {
    auto mine = RunFolder::Take(path);
    ASSERT_TRUE(mine.ok()) << mine.status();
    EXPECT_EQ(mine->path(), path);
    EXPECT_TRUE(fs::is_directory(path));
    EXPECT_EQ(
        RunFolder::Take(path).status(),
        absl::AlreadyExistsError(path + ": another process writes there; nothing is overwritten"));
    EXPECT_EQ(RunFolder::TakeFree(path)->path(), path + "-2");
    WriteAll(path + "/record", "x");
    mine->Keep();
  }
  EXPECT_TRUE(fs::exists(path + "/record"));
  EXPECT_EQ(RunFolder::Take(path).status(),
            absl::AlreadyExistsError(
                path + ": exists and is not an empty folder; nothing is overwritten"));
  EXPECT_EQ(RunFolder::Take(path + "/record").status().code(), absl::StatusCode::kAlreadyExists);
}

// What a run that came to nothing has made goes; what was there before stays.
TEST(RunFolders, OfNothingLeaveNothing) {
  const TemporaryFolder folder;
  const std::string path = folder / "a/b";
  fs::create_directory(folder / "a");
  {
    auto mine = *RunFolder::Take(path);
    WriteAll(path + "/log", "x");
    mine.DeleteUnlessKept({"log"});
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(folder / "a"));
  { const auto mine = *RunFolder::Take(folder / "a"); }  // empty: taken as it is
  EXPECT_TRUE(fs::exists(folder / "a"));
  {
    auto mine = *RunFolder::Take(path);
    WriteAll(path + "/log", "x");
    WriteAll(path + "/somebody's", "x");
    mine.DeleteUnlessKept({"log"});
  }
  EXPECT_TRUE(fs::exists(path + "/somebody's"));
  EXPECT_FALSE(fs::exists(path + "/log"));
}

TEST(RunFolders, MovedTheyAreStillHeldAndLetGoOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "run";
  {
    auto first = *RunFolder::Take(path);
    const RunFolder second = std::move(first);
    EXPECT_FALSE(RunFolder::Take(path).ok());
  }
  EXPECT_TRUE(RunFolder::Take(path).ok());
}

TEST(RunFolders, CannotBeBelowAFile) {
  const TemporaryFolder folder;
  WriteAll(folder / "file", "x");
  const absl::Status status = RunFolder::Take(folder / "file/run").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsAlreadyExists(status)) << "TakeFree would go on for ever: " << status;
}

}  // namespace
}  // namespace ronchi
