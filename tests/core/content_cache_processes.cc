// Several threads and processes at one cache, some of them killed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "core/cache_folder.h"
#include "core/file_lock.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "tests/support/cached.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::AppendInPieces;
using testing_support::Contents;
using testing_support::Holds;
using testing_support::PayloadOf;
using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::TestCache;

void SleepFor(std::chrono::duration<double> time) { std::this_thread::sleep_for(time); }

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A child process that runs `body` and ends with what it returns; after half a minute in any case.
template <class Body>
pid_t Start(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    _exit(body());
  }
  return child;
}

// 128 + n: killed by signal n.
int WaitFor(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Waits (at most 10 s) until the folder holds a name with `part` in it.
bool WaitForName(const fs::path& folder, const std::string& part) {
  for (int i = 0; i < 2000; ++i) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(folder, ec)) {
      if (entry.path().filename().string().find(part) != std::string::npos) return true;
    }
    SleepFor(milliseconds(5));
  }
  return false;
}

class ContentCacheProcesses : public ::testing::Test {
 protected:
  void SetUp() override { Progress::SetStyle(Progress::Style::kOff); }
  const TemporaryFolder folder_;
};

constexpr size_t kBytes = 200000;

TEST_F(ContentCacheProcesses, ThreadsMakeOnce) {
  const ContentCache cache({.kind = "test", .root = folder_.path(), .limit_bytes = 1 << 30});
  std::atomic<int> made = 0, right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto entry = cache.GetOrMake("k", "d", [&](CacheWriter& out) {
        ++made;
        SleepFor(milliseconds(100));
        return out.Append(PayloadOf("k", kBytes));
      });
      right += entry.ok() && Holds(*entry, PayloadOf("k", kBytes));
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(right, 4);
  EXPECT_EQ(Contents(folder_ / "test").size(), 1u);
}

TEST_F(ContentCacheProcesses, ProcessesMakeOnce) {
  const std::string log = folder_ / "made";  // a letter each time
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(Start([&] {
      TestCache test(folder_.path());
      const auto entry = test.cache.GetOrMake("k", "d", [&](CacheWriter& out) {
        const int file = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
        if (write(file, "x", 1) != 1) return absl::InternalError("log");
        SleepFor(milliseconds(100));
        return out.Append(PayloadOf("k", kBytes));
      });
      return entry.ok() && Holds(*entry, PayloadOf("k", kBytes)) && test.warnings.empty() ? 0 : 1;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(WaitFor(child), 0);
  EXPECT_EQ(ReadAll(log), "x");
  EXPECT_EQ(Contents(folder_ / "test").size(), 1u);
}

TEST_F(ContentCacheProcesses, TheLockOfADeadProcessIsFree) {
  const pid_t maker = Start([&] {
    TestCache test(folder_.path());
    (void)test.cache.GetOrMake("k", "d", [&](CacheWriter& out) {
      (void)out.Append(PayloadOf("k", kBytes));
      SleepFor(std::chrono::seconds(60));
      return absl::OkStatus();
    });
    return 1;
  });
  ASSERT_TRUE(WaitForName(folder_ / "test", ".part-"));
  // What is being written is no leftover, not for `clear` and not for who writes another entry.
  TestCache other(folder_.path());
  other.Get("other", 10);
  ClearCache(folder_.path(), {});
  EXPECT_EQ(Contents(folder_ / "test").size(), 2u) << "temporary and lock file";
  std::thread killer([&] {
    SleepFor(milliseconds(100));
    kill(maker, SIGKILL);
  });
  EXPECT_TRUE(Holds(other.Get("k", kBytes), PayloadOf("k", kBytes)));
  EXPECT_EQ(other.made, 2);
  killer.join();
  EXPECT_EQ(WaitFor(maker), 128 + SIGKILL);
  EXPECT_THAT(Contents(folder_ / "test"), ::testing::ElementsAre(HasSubstr(".entry")));
}

TEST_F(ContentCacheProcesses, WaitingIsSaidOnceAndEndsWithCtrlC) {
  TestCache test(folder_.path());
  const std::string entry = test.cache.PathOf("k"), said = folder_ / "said";
  ASSERT_TRUE(MakeWritableDirectory(folder_ / "test").ok());
  const auto lock = FileLock::TryAcquire(entry.substr(0, entry.size() - 6) + ".lock");
  ASSERT_TRUE(lock.ok()) << lock.status();
  const pid_t waiter = Start([&] {
    dup2(open(said.c_str(), O_CREAT | O_WRONLY, 0644), STDERR_FILENO);
    Progress::SetStyle(Progress::Style::kLines);
    InstallInterruptHandlers();
    const auto got = TestCache(folder_.path()).cache.GetOrMake("k", "SrTiO3", [](CacheWriter&) {
      return absl::OkStatus();
    });
    return absl::IsCancelled(got.status()) ? 42 : 1;
  });
  for (int i = 0; i < 2000 && ReadAll(said).empty(); ++i) SleepFor(milliseconds(5));
  SleepFor(milliseconds(100));
  kill(waiter, SIGINT);
  EXPECT_EQ(WaitFor(waiter), 42);  // a poll takes 20 ms; who never looked would wait for good
  EXPECT_EQ(ReadAll(said), "waiting for who prepares the same: SrTiO3\n");
}

bool IsTemporary(const std::string& name) { return name.find(".part-") != std::string::npos; }

// A process that writes entries over and over is killed 50 times, at moments spread over two of its
// writings: before, in the middle of a piece, between rename and sync.
TEST_F(ContentCacheProcesses, KilledAtAnyMoment) {
  constexpr size_t kBig = 3000000, kPiece = 100000;
  const std::vector<std::string> keys = {"a", "b", "c"};
  std::vector<std::vector<std::byte>> payloads;
  for (const std::string& key : keys) payloads.push_back(PayloadOf(key, kBig));
  // Room for two, so that old ones are deleted on the way.
  const uint64_t limit = 2 * kBig + 50000;
  const auto write = [&](TestCache& test, size_t i) {
    return test.cache.GetOrMake(
        keys[i], "d", [&](CacheWriter& out) { return AppendInPieces(out, payloads[i], kPiece); });
  };
  TestCache test(folder_.path(), limit);
  const double start = Seconds();
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(write(test, i).ok());
  const double one = (Seconds() - start) / 3;
  int64_t in_the_middle = 0, whole = 0;
  for (int round = 0; round < 50; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = Start([&] {
      TestCache mine(folder_.path(), limit);
      if (::write(ready[1], "x", 1) != 1) return 1;
      for (size_t i = 0;; i = (i + 1) % 3) {
        fs::remove(mine.cache.PathOf(keys[i]));
        if (!write(mine, i).ok()) return 1;
      }
    });
    char byte;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]), close(ready[1]);
    SleepFor(std::chrono::duration<double>(2 * one * round / 50));
    kill(child, SIGKILL);
    ASSERT_EQ(WaitFor(child), 128 + SIGKILL);
    // Every entry that can be seen is whole: a bad one would warn.
    for (size_t i = 0; i < 3; ++i) {
      const auto entry = test.cache.Load(keys[i]);
      if (entry.ok()) {
        EXPECT_TRUE(Holds(*entry, payloads[i])) << "round " << round;
        ++whole;
      }
    }
    EXPECT_THAT(test.warnings, IsEmpty()) << "round " << round;
    in_the_middle += std::ranges::count_if(Contents(folder_ / "test"), IsTemporary);
    // The next who writes cleans up.
    const size_t next = size_t(round) % 3;
    fs::remove(test.cache.PathOf(keys[next]));
    const auto entry = write(test, next);
    ASSERT_TRUE(entry.ok() && Holds(*entry, payloads[next])) << "round " << round;
    for (const std::string& name : Contents(folder_ / "test")) {
      EXPECT_THAT(name, ::testing::EndsWith(".entry")) << "round " << round;
    }
  }
  // The test must have met what it is about: most of a writing's time there is a temporary file.
  EXPECT_GE(in_the_middle, 5);
  EXPECT_GE(whole, 5);
  std::printf(
      "%lld of 50 kills left a temporary file, %lld entries were whole; a writing takes %.1f ms\n",
      static_cast<long long>(in_the_middle), static_cast<long long>(whole), one * 1e3);
}

}  // namespace
}  // namespace ronchi
