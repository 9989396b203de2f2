// What a child process tries first, and what comes of it.
#include "core/child_first.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

namespace ronchi {
namespace {

TEST(ChildFirst, ItsStatusIsThatOfTheWork) {
  EXPECT_TRUE(TryInAChild([] { return absl::OkStatus(); }, "damaged").ok());
  // Longer than a pipe holds.
  const std::string message(200000, 'm');
  const absl::Status status = TryInAChild([&] { return absl::NotFoundError(message); }, "damaged");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), message);
  EXPECT_TRUE(TryInAChild([] { return absl::DataLossError(""); }, "damaged").code() ==
              absl::StatusCode::kDataLoss);
}

TEST(ChildFirst, WhatItDoesIsNotDoneHere) {
  int here = 0;
  EXPECT_TRUE(TryInAChild(
                  [&] {
                    here = 1;
                    return absl::OkStatus();
                  },
                  "damaged")
                  .ok());
  EXPECT_EQ(here, 0);
}

TEST(ChildFirst, ACrashIsAnError) {
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) {
    const absl::Status status = TryInAChild(
        [&] {
          std::raise(signal);
          return absl::OkStatus();
        },
        "f.hdf5: is damaged");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << signal;
    EXPECT_EQ(status.message(), "f.hdf5: is damaged");
  }
  EXPECT_FALSE(TryInAChild([]() -> absl::Status { _exit(0); }, "damaged").ok());
  for (int signal : {SIGINT, SIGTERM}) {  // of the terminal's: this process's to answer
    EXPECT_TRUE(TryInAChild(
                    [&] {
                      std::signal(signal, SIG_DFL);
                      std::raise(signal);
                      return absl::OkStatus();
                    },
                    "damaged")
                    .ok());
  }
}

TEST(ChildFirst, MemoryAndProcessorTimeEnd) {
  // Room for half of it; a library that gets none may say so, and its word is passed on.
  const ChildLimits limits = {.memory_bytes = 100 << 20, .cpu_s = 1};
  const auto take = [](size_t bytes) {
    std::vector<char> all(bytes);
    return all[bytes / 2] == 0 ? absl::OkStatus() : absl::InternalError("");
  };
#ifndef __SANITIZE_ADDRESS__  // whose allocator has room of its own
  EXPECT_TRUE(TryInAChild([&] { return take(50 << 20); }, "damaged", limits).ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(TryInAChild([&] { return take(200 << 20); }, "damaged", limits)));
  EXPECT_TRUE(absl::IsResourceExhausted(TryInAChild(
      [] {
        void* p = std::malloc(200 << 20);
        const bool none = p == nullptr;
        std::free(p);
        return none ? absl::ResourceExhaustedError("no memory") : absl::OkStatus();
      },
      "damaged", limits)));
#endif
  EXPECT_TRUE(absl::IsInvalidArgument(TryInAChild(
      [] {
        for (volatile bool on = true; on;) {
        }
        return absl::OkStatus();
      },
      "damaged", limits)));
}

}  // namespace
}  // namespace ronchi
