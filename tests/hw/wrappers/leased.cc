#include "hw/wrappers/leased.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/background.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

class LeasedTest : public testing::Test {
 protected:
  LeasedTest() {
    LeaseOptions options;
    options.compared = {{"stage.x", 1e-9}};
    options.on_foreign_hand = [this](const std::string& what) { told_ = what; };
    desk_ = *LeaseDesk::Create(std::make_unique<NullInstrument>(state_), options);
    agent_ = desk_->MakeLeased("agent");
    person_ = desk_->MakeLeased("person");
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  std::string told_;
  std::shared_ptr<LeaseDesk> desk_;
  std::unique_ptr<Instrument> agent_, person_;
};

TEST_F(LeasedTest, OneWriter) {
  const Command move = Set{"stage.x", Nanometres(10)};
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(move).status())) << "nobody has it";
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  EXPECT_TRUE(agent_->Execute(move).ok());
  EXPECT_FALSE(desk_->Acquire("person").ok());
  const absl::Status refused = person_->Execute(move).status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("'agent' does"));
  EXPECT_TRUE(person_->Execute(Read{{"stage.x"}}).ok()) << "anybody reads";
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  EXPECT_TRUE(person_->Execute(Blank{})->blanked) << "and blanks";
  desk_->Release("agent");
  EXPECT_TRUE(desk_->Acquire("person").ok());
}

TEST_F(LeasedTest, AForeignHandStopsTheAgentAndIsReported) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  ASSERT_TRUE(agent_->Execute(Set{"stage.x", Nanometres(10)}).ok());
  ASSERT_TRUE(agent_->Execute(SmallScan()).ok());
  state_->at["stage.x"] = 12e-9;  // somebody turns a knob
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(SmallScan()).status()));
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(told_, HasSubstr("stage.x stands at 12 nm, last here 10 nm"));
  EXPECT_EQ(desk_->holder(), "");
  EXPECT_FALSE(desk_->Acquire("agent").ok()) << "it does not take it back by itself";
  ASSERT_TRUE(desk_->TakeOver("person").ok());
  EXPECT_TRUE(person_->Execute(Set{"stage.x", Nanometres(0)}).ok());
  desk_->Release("person");
  EXPECT_TRUE(desk_->Acquire("agent").ok());
  EXPECT_TRUE(agent_->Execute(Set{"stage.x", Nanometres(1)}).ok());
}

TEST_F(LeasedTest, TakingOverCancelsWhatRuns) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  state_->stall_s = 10;
  absl::StatusOr<Reply> reply = Reply{};
  {
    const Background scanning([&] { reply = agent_->Execute(SmallScan()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(desk_->TakeOver("person").ok());
  }
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(SmallScan()).status()));
}

TEST_F(LeasedTest, WhoLeavesWithTheLeaseBlanks) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  agent_.reset();
  EXPECT_TRUE(state_->blanked);
  EXPECT_EQ(desk_->holder(), "");
}

}  // namespace
}  // namespace ronchi::hw
