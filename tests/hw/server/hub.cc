#include "hw/server/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing_support::NullInstrument;
using testing_support::NullState;

class HubTest : public testing::Test {
 protected:
  // A scan that lasts until it is cancelled, on a thread of its own; returns once it runs.
  std::thread LongScan(Hub* hub, absl::StatusOr<Reply>* reply) {
    EXPECT_TRUE(hub->Execute(Unblank{}).ok());
    state_->stall_s = 1e3;
    const int before = state_->scans;
    std::thread thread([=] { *reply = hub->Execute(testing_support::SmallScan()); });
    while (state_->scans == before) std::this_thread::yield();  // the hub's turn is not enough
    return thread;
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  NullInstrument instrument_{state_};
};

TEST_F(HubTest, ABlankEndsWhatExposes) {
  for (const bool now : {false, true}) {
    state_->has_blank_now = now;
    Hub hub(&instrument_);
    absl::StatusOr<Reply> reply;
    std::thread scan = LongScan(&hub, &reply);
    EXPECT_TRUE(hub.BlankNow().ok());
    EXPECT_TRUE(state_->blanked);
    scan.join();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->ended, Ended::kCancelled);
  }
}

TEST_F(HubTest, ABlankGoesBeforeWhatWaits) {
  Hub hub(&instrument_);
  absl::StatusOr<Reply> reply, after;
  std::thread scan = LongScan(&hub, &reply);
  std::thread waits([&] { after = hub.Execute(testing_support::SmallScan()); });
  while (hub.waiting() == 0) std::this_thread::yield();
  state_->stall_s = 0;
  EXPECT_TRUE(hub.Execute(Blank{}).ok());
  scan.join();
  waits.join();
  EXPECT_EQ(ErrorOf(after.status()).kind, ErrorKind::kImpossibleNow) << after.status();  // blanked
}

TEST_F(HubTest, OnceClosedNothingIsDoneButBlanks) {
  Hub hub(&instrument_);
  absl::StatusOr<Reply> reply;
  std::thread scan = LongScan(&hub, &reply);
  absl::StatusOr<Reply> after;
  std::thread waits([&] { after = hub.Execute(testing_support::SmallScan()); });
  while (hub.waiting() == 0) std::this_thread::yield();
  hub.Close();
  waits.join();  // although the scan may still run
  scan.join();
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_EQ(ErrorOf(after.status()).kind, ErrorKind::kRefused);
  EXPECT_EQ(ErrorOf(hub.Execute(Unblank{}).status()).kind, ErrorKind::kRefused);
  EXPECT_FALSE(state_->blanked);
  EXPECT_TRUE(hub.BlankNow().ok());
  EXPECT_TRUE(state_->blanked);
}

TEST_F(HubTest, TooManyOrTooLongIsBusy) {
  Hub hub(&instrument_, {.turn_s = 0.01, .waiting = 1});
  absl::StatusOr<Reply> reply;
  std::thread scan = LongScan(&hub, &reply);
  const auto late = hub.Execute(Read{{"optics.C10"}});
  EXPECT_EQ(ErrorOf(late.status()).kind, ErrorKind::kBusy);
  EXPECT_FALSE(MayHaveHappened(late.status()));
  hub.Cancel();
  scan.join();
  EXPECT_TRUE(hub.Execute(Read{{"optics.C10"}}).ok());
  Hub none(&instrument_, {.waiting = 0});
  EXPECT_EQ(ErrorOf(none.Execute(Read{{"optics.C10"}}).status()).kind, ErrorKind::kBusy);
}

}  // namespace
}  // namespace ronchi::hw
