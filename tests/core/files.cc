#include "core/files.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ronchi {
namespace {
namespace fs = std::filesystem;

TEST(Files, AppearWholeOrNotAtAll) {
  const fs::path folder = fs::path(testing::TempDir()) / "ronchi_files";
  fs::remove_all(folder);
  ASSERT_TRUE(MakeWritableDirectory(folder).ok());
  const std::string path = folder / "a.txt";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "two").ok());
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically(folder / "no" / "b.txt", "x")));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(folder / "none").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(folder).status()));
}

// /dev/full refuses every write with ENOSPC, as a full disk does; the temporary file is elsewhere,
// so here only the status is looked at (tests/experiments/bad_input.cc fills a real disk).
TEST(Files, ErrnoBecomesOneClearStatus) {
  EXPECT_TRUE(absl::IsResourceExhausted(ErrnoStatus(ENOSPC, "f")));
  EXPECT_TRUE(absl::IsPermissionDenied(ErrnoStatus(EACCES, "f")));
  EXPECT_TRUE(IsBadInput(ErrnoStatus(ENOSPC, "f")));
}

TEST(Files, AnInstalledDataFolderGivesWayToTheVariable) {
  const std::string source = DataDirectory();
  EXPECT_TRUE(std::filesystem::is_directory(source + "/structures"));
  SetDataDirectory("/elsewhere/data");
  EXPECT_EQ(DataDirectory(), "/elsewhere/data");
  setenv("RONCHI_DATA", "/by/hand", 1);
  EXPECT_EQ(DataDirectory(), "/by/hand");
  unsetenv("RONCHI_DATA");
  SetDataDirectory(source);
}

TEST(Files, Base64RoundTrip) {
  const std::string bytes("\0\xff\x10 abc", 7);
  EXPECT_EQ(*FromBase64(Base64(bytes)), bytes);
  EXPECT_FALSE(FromBase64("%%%").ok());
}

}  // namespace
}  // namespace ronchi
