#include "core/file_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "tests/support/command.h"

namespace ronchi {
namespace {

// The lock's file is deleted with the lock, while others open it: no two may think they have it.
TEST(FileLock, Excludes) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder / "lock", inside = folder / "inside";
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int had = 0; had < 2000;) {
        const auto lock = FileLock::TryAcquire(path);
        if (absl::IsUnavailable(lock.status())) continue;
        const int file = open(inside.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (!lock.ok() || file < 0) _exit(1);
        close(file);
        unlink(inside.c_str());
        ++had;
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_THAT(testing_support::Contents(folder.path()), testing::IsEmpty());
}

TEST(FileLock, TellsWhoElseHasItAndIsDeletedWithItsHolder) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder / "lock";
  {
    auto lock = FileLock::TryAcquire(path);
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ(FileLock::TryAcquire(path).status(),
              absl::UnavailableError(path + ": locked by another process"));
    const FileLock moved = *std::move(lock);  // still held, once
    EXPECT_TRUE(absl::IsUnavailable(FileLock::TryAcquire(path).status()));
    RemoveIfUnlocked(path);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(FileLock::TryAcquire(path).ok());
  EXPECT_TRUE(absl::IsNotFound(FileLock::TryAcquire(folder / "no/lock").status()));
}

// Of a file that is no longer there a lock excludes nobody.
TEST(FileLock, OfADeletedFileIsNone) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder / "lock";
  testing_support::WriteAll(path, "x");
  const Descriptor file(open(path.c_str(), O_RDWR));
  EXPECT_TRUE(TryLockOpenFile(file, path).ok());
  RemoveIfUnlocked(path);
  EXPECT_TRUE(std::filesystem::exists(path));  // it is locked
  unlink(path.c_str());
  EXPECT_EQ(TryLockOpenFile(file, path), absl::NotFoundError(path + ": deleted"));
  testing_support::WriteAll(path, "x");
  RemoveIfUnlocked(path);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace ronchi
