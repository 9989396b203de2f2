// A beam that was lost must not become the normal one because a program begins anew: its current is
// kept in the dose ledger from session to session, or stated, and a session that begins with much
// less is refused unless a person says that it is meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files.h"
#include "hw/safety/dose_journal.h"
#include "hw/safety/guarded.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

constexpr double kNormal_A = 60e-12, kLost_A = 0.73e-12;

class BeamBefore : public testing::Test {
 protected:
  BeamBefore() {
    std::filesystem::remove(ledger_);
    options_.dose_budget_e_per_m2 = 1e40;
    options_.ledger_file = ledger_;
    options_.specimen = "s";
    options_.ledger_sync = LedgerSync::kProcess;
    options_.on_event = [this](const std::string& what) { said_ += what + "\n"; };
  }
  ~BeamBefore() override { std::filesystem::remove(ledger_); }

  absl::StatusOr<std::unique_ptr<GuardedInstrument>> Begin(double current_A) {
    state_ = std::make_shared<NullState>();
    state_->current_A = current_A;
    auto instrument = std::make_unique<NullInstrument>(state_);
    state_->at["beam.current"] = current_A;
    return MakeGuarded(std::move(instrument), options_);
  }
  const std::string ledger_ = testing::TempDir() + "beam_before_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
  GuardOptions options_;
  std::shared_ptr<NullState> state_;
  std::string said_;
};

TEST_F(BeamBefore, ALostBeamIsNoNewNormal) {
  ASSERT_TRUE(Begin(kNormal_A).ok());
  const absl::Status s = Begin(kLost_A).status();
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kRefused) << s;
  EXPECT_THAT(std::string(s.message()),
              HasSubstr("beam.current reads 0.73 pA; before it was 60 pA"));
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(said_, HasSubstr("nobody has taken this for the new normal"));
  // The refusal has changed nothing: asked again it says the same, and the true beam goes on.
  EXPECT_FALSE(Begin(kLost_A).ok());
  EXPECT_TRUE(Begin(kNormal_A).ok());
}

// 0.02 of what was normal is where a beam is lost: half of it is none of the guard's business.
TEST_F(BeamBefore, AWeakerBeamGoesOnAndDoesNotLowerTheMark) {
  ASSERT_TRUE(Begin(kNormal_A).ok());
  ASSERT_TRUE(Begin(kNormal_A / 2).ok());
  ASSERT_TRUE(Begin(kNormal_A / 40).ok());
  // A fortieth of the last, but a sixteen-hundredth of the first: step by step into nothing.
  EXPECT_FALSE(Begin(kNormal_A / 1600).ok());
}

TEST_F(BeamBefore, APersonMayTakeItForTheNewNormal) {
  ASSERT_TRUE(Begin(kNormal_A).ok());
  double normal = 0, now = 0;
  int asked = 0;
  bool yes = false;
  options_.accept_current = [&](double normal_A, double now_A) {
    normal = normal_A;
    now = now_A;
    ++asked;
    return yes;
  };
  EXPECT_FALSE(Begin(kLost_A).ok());
  EXPECT_EQ(asked, 1);
  EXPECT_DOUBLE_EQ(normal, kNormal_A);
  EXPECT_DOUBLE_EQ(now, kLost_A);
  yes = true;
  {
    auto guarded = Begin(kLost_A);
    ASSERT_TRUE(guarded.ok()) << guarded.status();
    EXPECT_THAT(said_, HasSubstr("a person takes this for the new normal"));
    ASSERT_TRUE((*guarded)->Execute(Unblank{}).ok());
    EXPECT_TRUE((*guarded)->Execute(SmallScan()).ok());  // by the new normal
  }
  yes = false;
  EXPECT_TRUE(Begin(kLost_A).ok());
  EXPECT_EQ(asked, 2) << "what was accepted is not asked again";
}

// Where the screen stands behind the blanker a blanked beam reads next to nothing, always: that is
// no lost beam. The first exposure shows whether it is.
TEST_F(BeamBefore, ABlankedReadingIsComparedWithBlankedOnes) {
  {
    auto guarded = Begin(1e-15);
    ASSERT_TRUE(guarded.ok());
    ASSERT_TRUE((*guarded)->Execute(Unblank{}).ok());
    state_->at["beam.current"] = state_->current_A = kNormal_A;
    ASSERT_TRUE((*guarded)->Execute(Read{{"beam.current"}}).ok());
  }
  auto guarded = Begin(1e-15);
  ASSERT_TRUE(guarded.ok()) << guarded.status();
  ASSERT_TRUE((*guarded)->Execute(Unblank{}).ok());
  state_->at["beam.current"] = state_->current_A = kLost_A;
  const absl::Status read = (*guarded)->Execute(Read{{"beam.current"}}).status();
  EXPECT_THAT(std::string(read.message()), HasSubstr("it was 6e-11 A"));
  ASSERT_TRUE((*guarded)->Execute(Unblank{}).ok());
  const absl::Status scan = (*guarded)->Execute(SmallScan()).status();
  EXPECT_THAT(std::string(scan.message()), HasSubstr("electrons reached the specimen"));
}

// Without a ledger nothing is known of other sessions but what the document states.
TEST_F(BeamBefore, AStatedCurrentNeedsNoLedger) {
  options_.ledger_file = "";
  EXPECT_TRUE(Begin(kLost_A).ok());
  options_.beam_current_A = kNormal_A;
  EXPECT_TRUE(Begin(kNormal_A).ok());
  const absl::Status s = Begin(kLost_A).status();
  EXPECT_THAT(std::string(s.message()), HasSubstr("reads 0.73 pA; it should be 60 pA"));
}

// Readings scatter: lines are for what is higher by a twentieth, and the file is read back.
TEST_F(BeamBefore, TheLedgerHoldsTheHighest) {
  {
    auto j = *DoseJournal::Open(ledger_, "s", LedgerSync::kProcess);
    EXPECT_EQ(j->current_A(true), 0);
    for (double current : {1e-11, 1.04e-11, 0.5e-11, 2e-11}) {
      ASSERT_TRUE(j->NoteCurrent(current, false, false).ok());
    }
    ASSERT_TRUE(j->NoteCurrent(3e-11, true, false).ok());
  }
  {
    auto j = *DoseJournal::Open(ledger_, "s", LedgerSync::kProcess);
    EXPECT_EQ(j->current_A(false), 2e-11);
    EXPECT_EQ(j->current_A(true), 3e-11);
    ASSERT_TRUE(j->NoteCurrent(1e-12, true, true).ok());
  }
  auto j = *DoseJournal::Open(ledger_, "s", LedgerSync::kProcess);
  EXPECT_EQ(j->current_A(true), 1e-12);
  EXPECT_EQ(j->current_A(false), 0) << "what is normal otherwise is to be found anew";
  const std::string text = *ReadFile(ledger_);
  EXPECT_EQ(text.find("current 0 1.04"), std::string::npos);
}

}  // namespace
}  // namespace ronchi::hw
