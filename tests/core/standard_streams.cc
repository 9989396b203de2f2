// Each case in a process of its own, whose exit status says what was so.
#include "core/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>

#include "tests/support/command.h"

namespace ronchi {
namespace {

int ExitOf(const std::function<int()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardStreams, WhatIsClosedIsOpenedOnNothing) {
  EXPECT_EQ(ExitOf([] {
              const int next = open("/dev/zero", O_RDONLY);
              for (int fd : {0, 1, 2, next}) close(fd);
              OpenStandardStreams();
              struct stat null = {}, info = {};
              stat("/dev/null", &null);
              for (int fd : {0, 1, 2}) {
                if (fstat(fd, &info) != 0 || info.st_rdev != null.st_rdev) return 10 + fd;
              }
              return open("/dev/zero", O_RDONLY) == next ? 3 : 4;
            }),
            3);
}

TEST(StandardStreams, WhatIsOpenStaysAsItIs) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder / "out";
  EXPECT_EQ(ExitOf([&] {
              const int file = open(path.c_str(), O_CREAT | O_WRONLY, 0644);
              dup2(file, STDOUT_FILENO);
              close(STDIN_FILENO);
              OpenStandardStreams();
              std::printf("kept");
              return FlushStandardOutput().ok() ? 0 : 1;
            }),
            0);
  EXPECT_EQ(testing_support::ReadAll(path), "kept");
}

TEST(StandardStreams, AFullDiskIsTold) {
  EXPECT_EQ(ExitOf([] {
              dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
              std::printf("lost");
              const absl::Status status = FlushStandardOutput();
              return absl::IsResourceExhausted(status) ? 0 : 1;
            }),
            0);
  // Told by an earlier flush, which nobody looked at.
  EXPECT_EQ(ExitOf([] {
              dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
              std::printf("lost");
              std::fflush(stdout);
              return FlushStandardOutput().ok() ? 1 : 0;
            }),
            0);
}

TEST(StandardStreams, APipeThatNobodyReadsIsCancelled) {
  EXPECT_EQ(ExitOf([] {
              std::signal(SIGPIPE, SIG_IGN);
              int ends[2];
              if (pipe(ends) != 0) return 2;
              dup2(ends[1], STDOUT_FILENO);
              close(ends[1]);
              close(ends[0]);
              std::printf("unread");
              return absl::IsCancelled(FlushStandardOutput()) ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace ronchi
