#include "hw/wrappers/async.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;
using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class AsyncTest : public testing::Test {
 protected:
  AsyncTest() { state_->blanked = false; }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  Async async_{std::make_unique<NullInstrument>(state_)};
};

TEST_F(AsyncTest, CommandsComeBackInOrder) {
  std::vector<Async::Ticket> tickets;
  for (int i = 1; i <= 100; ++i) {
    tickets.push_back(async_.Start(Set{"optics.C10", Nanometres(i)}));
  }
  for (int i = 1; i <= 100; ++i) {
    const auto reply = tickets[size_t(i - 1)].Wait();
    ASSERT_TRUE(reply.ok());
    EXPECT_NEAR(reply->readings[0].value.si, i * 1e-9, 1e-20);
  }
  EXPECT_TRUE(tickets[0].done());
  EXPECT_TRUE(absl::IsNotFound(async_.Start(Read{{"nonsense"}}).Wait().status()));
}

TEST_F(AsyncTest, WhatRunsIsCancelledAndWhatWaitsNeverBegins) {
  state_->stall_s = 5;
  const auto start = Clock::now();
  const auto running = async_.Start(SmallScan());
  const auto waiting = async_.Start(SmallScan());
  EXPECT_FALSE(running.WaitFor(0.05));
  waiting.Cancel();
  running.Cancel();
  EXPECT_EQ(running.Wait()->ended, Ended::kCancelled);
  EXPECT_TRUE(absl::IsCancelled(waiting.Wait().status()));
  EXPECT_LT(Since(start), 2);  // of 10 s
}

TEST_F(AsyncTest, DeadlinesEndWhatRuns) {
  state_->stall_s = 5;
  const auto start = Clock::now();
  const auto ticket = async_.Start(SmallScan(), {}, 0.1);
  EXPECT_EQ(ticket.Wait()->ended, Ended::kCancelled);
  EXPECT_GE(Since(start), 0.099);
  EXPECT_LT(Since(start), 2);
}

TEST_F(AsyncTest, AbortFromAnotherThreadDropsEverything) {
  state_->stall_s = 5;
  std::vector<Async::Ticket> tickets;
  for (int i = 0; i < 5; ++i) tickets.push_back(async_.Start(SmallScan()));
  EXPECT_FALSE(tickets[0].WaitFor(0.05));
  absl::Status aborted;
  {
    const Background other([&] { aborted = async_.Abort().Wait().status(); });
  }
  EXPECT_TRUE(aborted.ok()) << aborted;
  EXPECT_EQ(tickets[0].Wait()->ended, Ended::kCancelled);
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(absl::IsCancelled(tickets[i].Wait().status()));
  state_->stall_s = 0;
  EXPECT_TRUE(async_.Start(SmallScan()).Wait().ok()) << "and goes on";
}

TEST_F(AsyncTest, LinesAreStreamedAndTheCallersTokenCounts) {
  std::atomic<int> lines = 0;
  CancelToken token;
  ExecuteOptions options;
  options.cancel = &token;
  options.on_line = [&](const ScanLine&) {
    if (++lines == 3) token.Cancel();
  };
  EXPECT_EQ(async_.Start(SmallScan(), options).Wait()->ended, Ended::kCancelled);
  EXPECT_EQ(lines, 3);
}

TEST(Async, DestructionAborts) {
  auto state = std::make_shared<NullState>();
  state->blanked = false;
  state->stall_s = 5;
  const auto start = Clock::now();
  { Async(std::make_unique<NullInstrument>(state)).Start(SmallScan()); }
  EXPECT_LT(Since(start), 2);
}

}  // namespace
}  // namespace ronchi::hw
