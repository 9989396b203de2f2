// Everything that can go wrong while the beam is on, one test each: a lost heartbeat, an exception
// in an agent, a full disk, a slow instrument, a stuck stage, a lost beam, a lost link. For each:
// the beam is blanked within the time that docs/safety.md states, and the log says why. The chain
// is the usual one, guarded outside recorded; tests/hw/safety/blanking.cc has more of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "hw/record/recorded.h"
#include "hw/safety/guarded.h"
#include "hw/wrappers/faulty.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::Seen;
using testing_support::SmallScan;
using testing_support::Spy;
using Clock = std::chrono::steady_clock;

constexpr double kSlack_s = 0.25;  // of a loaded machine

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Faults : public testing::Test {
 protected:
  Faults() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    log_ = *EventLog::Create(folder_);
    options_.dose_budget_e_per_m2 = 1e40;
    options_.on_event = [log = log_](const std::string& what) { (void)log->Note("guard", what); };
  }
  ~Faults() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<GuardedInstrument> Guard(std::unique_ptr<Instrument> instrument) {
    auto made = MakeGuarded(MakeRecorded(std::move(instrument), "column", log_), options_);
    RONCHI_CHECK(made.ok());
    return std::move(*made);
  }
  std::unique_ptr<GuardedInstrument> On() {
    auto guarded = Guard(std::make_unique<NullInstrument>(state_));
    RONCHI_CHECK(guarded->Execute(Unblank{}).ok() && !state_->blanked);
    return guarded;
  }
  // Does `command`, which must find the fault, and leave the beam blanked within `stated_s`.
  absl::Status DoAndBlank(Instrument* guarded, const Command& command, double stated_s,
                          const ExecuteOptions& options = {}) {
    const auto start = Clock::now();
    const auto reply = guarded->Execute(command, options);
    EXPECT_LE(Since(start), stated_s + kSlack_s);
    EXPECT_TRUE(state_->blanked);
    return reply.status();
  }
  // The guard's last note in the log, which is read back from the disk; "": none.
  std::string LogSays() const {
    const std::string log = *ReadFile(folder_ + "/events.jsonl");
    std::string last;
    for (const auto line : absl::StrSplit(log, '\n')) {
      if (absl::StrContains(line, "\"note\":\"guard\"")) last = std::string(line);
    }
    return last;
  }
  const std::string folder_ = testing::TempDir() + "faults_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  std::shared_ptr<EventLog> log_;
  GuardOptions options_;
};

TEST_F(Faults, LostHeartbeat) {
  options_.heartbeat_s = 0.3;
  auto guarded = On();
  const auto start = Clock::now();
  while (!state_->blanked && Since(start) < 2) std::this_thread::yield();
  EXPECT_LE(Since(start), 0.3 + kSlack_s);
  guarded.reset();  // the note follows the blanking
  EXPECT_THAT(LogSays(), HasSubstr("no command or heartbeat for 0.3 s"));
}

// The guard goes while its watchdog is at work: it waits for it, and the beam is blanked. So it is
// just after it was made, when silence is told before anybody could speak.
TEST_F(Faults, TheGuardGoesWhileItsWatchdogBlanks) {
  std::atomic<bool> blanks = false;
  const auto slowly = [&](const Command& c) {
    if (!std::holds_alternative<Blank>(c)) return absl::OkStatus();
    blanks = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // meanwhile the guard goes
    return absl::OkStatus();
  };
  options_.heartbeat_s = 0.01;
  auto guarded = Guard(std::make_unique<Spy>(std::make_unique<NullInstrument>(state_),
                                             std::make_shared<Seen>(), slowly));
  const auto start = Clock::now();
  while (!blanks && Since(start) < 2) std::this_thread::yield();
  ASSERT_TRUE(blanks);
  guarded.reset();
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(LogSays(), HasSubstr("the beam has been blanked: no command or heartbeat"));
  options_.heartbeat_s = 1e-9;
  for (int i = 0; i < 200; ++i) Guard(std::make_unique<NullInstrument>(state_));
}

// In the midst of a scan, and between commands: there the guard goes as the stack unwinds.
TEST_F(Faults, ExceptionInAnAgent) {
  ExecuteOptions options;
  options.on_line = [](const ScanLine&) { throw std::runtime_error("agent divided by zero"); };
  const absl::Status s = DoAndBlank(On().get(), SmallScan(), 0, options);
  EXPECT_TRUE(absl::IsInternal(s)) << s;
  EXPECT_THAT(LogSays(), HasSubstr("agent divided by zero"));
  const auto start = Clock::now();
  try {
    const auto guarded = On();
    throw std::runtime_error("agent lost its mind");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(state_->blanked);
  EXPECT_LE(Since(start), kSlack_s);
  EXPECT_THAT(LogSays(), HasSubstr("an exception ends"));
}

// No file may grow any more. The note is there when one may again.
TEST_F(Faults, FullDisk) {
  auto guarded = On();
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{std::filesystem::file_size(folder_ + "/events.jsonl"), before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  const absl::Status s = DoAndBlank(guarded.get(), SmallScan(), 0);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(absl::IsDataLoss(s)) << s;
  EXPECT_THAT(std::string(s.message()), HasSubstr("the beam has been blanked"));
  EXPECT_EQ(LogSays(), "");
  EXPECT_TRUE(guarded->Execute(Read{{"beam.current"}}).ok());
  EXPECT_THAT(LogSays(), HasSubstr("File too large"));
  EXPECT_THAT(*ReadFile(folder_ + "/events.jsonl"), HasSubstr("column: blank, confirmed"));
  EXPECT_TRUE(ReadRecording(folder_).ok());
}

TEST_F(Faults, SlowInstrument) {
  options_.command_limit_s = 0.2;
  for (bool own_connection : {true, false}) {
    state_->has_blank_now = own_connection;
    auto guarded = On();
    state_->stall_s = 3;  // ends within a millisecond of being cancelled
    EXPECT_TRUE(DoAndBlank(guarded.get(), SmallScan(), 0.2).ok());
    guarded.reset();
    EXPECT_THAT(LogSays(), HasSubstr("a command has not ended after 0.2 s"));
  }
}

TEST_F(Faults, StuckStage) {
  // Those spared are the reads at the start and some sets.
  auto guarded = Guard(
      MakeFaulty(std::make_unique<NullInstrument>(state_), {.stuck = 1, .spared = 20, .seed = 1}));
  absl::Status s;
  for (int i = 0; i < 30 && s.ok(); ++i) {
    ASSERT_TRUE(guarded->Execute(Unblank{}).ok());
    const auto start = Clock::now();
    s = guarded->Execute(Set{"stage.alpha", Radians(0.01), true}).status();
    EXPECT_LE(Since(start), kSlack_s);
  }
  EXPECT_TRUE(absl::IsAborted(s)) << s;
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(LogSays(), HasSubstr("stage.alpha has not moved"));
}

// Found by a reading of the current, by too few electrons, by the gun's own state.
TEST_F(Faults, LostBeam) {
  options_.beam_needs["gun.lens"] = {1, 10};
  auto guarded = On();
  state_->at["gun.lens"] = 5;
  EXPECT_TRUE(guarded->Execute(SmallScan()).ok());

  state_->at["beam.current"] = 1e-15;
  absl::Status s = DoAndBlank(guarded.get(), Read{{"beam.current"}}, 0);
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware) << s;
  EXPECT_FALSE(IsRetryable(s));
  EXPECT_THAT(LogSays(), HasSubstr("the beam is lost: beam.current reads 1e-15 A"));
  // Blanked, a screen behind the blanker reads nothing.
  EXPECT_TRUE(guarded->Execute(Read{{"beam.current"}}).ok());

  state_->at["beam.current"] = 1e-12;
  state_->current_A = 1e-15;
  ASSERT_TRUE(guarded->Execute(Unblank{}).ok());
  s = DoAndBlank(guarded.get(), SmallScan(), 0);
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware) << s;
  EXPECT_THAT(LogSays(), HasSubstr("electrons reached the specimen"));

  state_->current_A = 1e-12;
  ASSERT_TRUE(guarded->Execute(Unblank{}).ok());
  EXPECT_TRUE(guarded->Execute(SmallScan()).ok());
  state_->at["gun.lens"] = 0;
  const double before_s = state_->time_s;
  s = DoAndBlank(guarded.get(), SmallScan(), 0);
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware) << s;
  EXPECT_EQ(state_->time_s, before_s) << "nothing was exposed";
  EXPECT_THAT(LogSays(), HasSubstr("gun.lens reads 0; it needs 1 … 10"));
}

TEST_F(Faults, LostLink) {
  auto guarded = Guard(std::make_unique<Spy>(
      std::make_unique<NullInstrument>(state_), std::make_shared<Seen>(), [](const Command& c) {
        return std::holds_alternative<Scan>(c) ? absl::UnavailableError("the cable is out")
                                               : absl::OkStatus();
      }));
  ASSERT_TRUE(guarded->Execute(Unblank{}).ok());
  EXPECT_TRUE(absl::IsUnavailable(DoAndBlank(guarded.get(), SmallScan(), 0)));
  EXPECT_THAT(LogSays(), HasSubstr("the cable is out"));
}

}  // namespace
}  // namespace ronchi::hw
