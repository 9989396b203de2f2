#include "core/new_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <span>

#include "core/files.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using testing_support::Contents;

class NewFiles : public testing::Test {
 protected:
  const testing_support::TemporaryFolder folder_;
};

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(NewFiles, AKilledWriterLeavesNothing) {
  const std::string path = folder_ / "a.txt";
  for (const bool there : {false, true}) {
    const pid_t child = fork();
    if (child == 0) {
      auto file = NewFile::Create(path);
      RONCHI_CHECK(file.ok());
      (void)file->file().WriteAt(0, std::as_bytes(std::span(path)), path);
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    // Where files need names, the next writer cleans up.
    EXPECT_TRUE(WriteFileAtomically(path, there ? "two" : "one").ok());
    EXPECT_EQ(Contents(folder_.path()), std::vector<std::string>{"a.txt"});
  }
  EXPECT_EQ(*ReadFile(path), "two");
}

// As file systems without nameless files, and earlier versions, leave them.
TEST_F(NewFiles, LeftoversOfTheDeadAreDeletedAndNothingElse) {
  const std::string path = folder_ / "o.hdf5";
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string dead = std::to_string(child), alive = std::to_string(getpid());
  for (const std::string& name :
       {"o.hdf5.part-" + dead, "o.hdf5.part-" + dead + "-3", "o.hdf5.part-" + alive,
        std::string("o.hdf5.part-x"), "o.hdf5.part-" + dead + ".bak", "p.hdf5.part-" + dead}) {
    std::ofstream(folder_ / name) << "x";
  }
  NewFile::RemoveLeftovers(path);
  EXPECT_EQ(Contents(folder_.path()),
            (Sorted({"o.hdf5.part-" + alive, "o.hdf5.part-" + dead + ".bak", "o.hdf5.part-x",
                     "p.hdf5.part-" + dead})));
}

TEST_F(NewFiles, DroppedUnpublishedNothingIsLeft) {
  EXPECT_TRUE(NewFile::Create(folder_ / "a").ok());
  EXPECT_EQ(Contents(folder_.path()), std::vector<std::string>{});
}

}  // namespace
}  // namespace ronchi
