// The driver against the server, over loopback.
#include "hw/drivers/ceos/ceos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "hw/conformance/conformance.h"
#include "hw/instrument/capability.h"
#include "hw/wrappers/composite.h"
#include "tests/hw/drivers/ceos/corrector_of.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/corrected.h"

namespace ronchi::hw {
namespace {

using ceos::CeosOptions;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::CorrectedColumn;
using testing_support::CorrectedState;
using testing_support::Corrector;

class CeosTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(there_.opened.ok()) << there_.opened.status(); }
  absl::StatusOr<Reply> SetTo(const std::string& name, double to_m, bool relative = false) {
    return there_.driver().Execute(Set{name, Metres(to_m), relative});
  }

  std::shared_ptr<CorrectedState> state_ = std::make_shared<CorrectedState>();
  CorrectedColumn column_{state_};
  Corrector there_{&column_};
};

TEST_F(CeosTest, DescribesWhatItWasAskedToOffer) {
  const Description& d = there_.driver().description();
  EXPECT_EQ(d.id, "ceos:corrector");
  EXPECT_EQ(d.model, "CEOS corrector: Ronchi, a column for tests, 4");
  EXPECT_TRUE(d.simulated);
  EXPECT_EQ(d.properties.size(), 25u);
  const PropertyInfo& b2 = *d.FindProperty("optics.C21.b");
  EXPECT_DOUBLE_EQ(b2.max, 3e-5);
  EXPECT_DOUBLE_EQ(b2.min, -3e-5);
  EXPECT_EQ(b2.group, PropertyGroup::kOptics);
  for (const char* verb : {"blank", "unblank", "scan", "park", "expose", "safe", "abort"}) {
    EXPECT_FALSE(Can(d, verb)) << verb;
  }
  Corrector usual(&column_, {});
  std::vector<std::string> names;
  for (const auto& p : usual.driver().description().properties) names.push_back(p.name);
  EXPECT_THAT(names, ElementsAre("optics.C12.a", "optics.C12.b", "optics.C23.a", "optics.C23.b",
                                 "optics.C21.a", "optics.C21.b"));
}

TEST_F(CeosTest, Conforms) {
  const auto checks = CheckConformance(&there_.driver());
  for (const auto& c : checks) EXPECT_NE(c.outcome, Outcome::kFail) << c.name << ": " << c.reason;
}

TEST_F(CeosTest, ASetMovesTheColumnByTheSameDouble) {
  RandomStream random({.seed = 3});
  for (const PropertyInfo& p : there_.driver().description().properties) {
    for (int i = 0; i < 20; ++i) {
      const double to = random.Uniform(p.min, p.max);
      const auto reply = SetTo(p.name, to);
      ASSERT_TRUE(reply.ok()) << reply.status();
      const double stands = reply->readings[0].value.si;
      EXPECT_EQ(state_->at_m[p.name], stands) << p.name;
      EXPECT_DOUBLE_EQ(stands, to) << p.name;  // exact but for factors of 3, 5 and 6
      ASSERT_TRUE(SetTo(p.name, 0).ok() && SetTo(p.name, stands).ok());
      EXPECT_EQ(state_->at_m[p.name], stands) << p.name;
    }
  }
}

TEST_F(CeosTest, OnlyTheComponentThatChangesIsSet) {
  ASSERT_TRUE(SetTo("optics.C12.a", 5e-9).ok());
  EXPECT_EQ(state_->sets, 1);
  ASSERT_TRUE(SetTo("optics.C12.b", -3e-9).ok());
  EXPECT_EQ(state_->sets, 2);
  EXPECT_EQ(state_->at_m["optics.C12.a"], 5e-9);
  ASSERT_TRUE(SetTo("optics.C12.b", -3e-9).ok());  // it stands there
  EXPECT_EQ(state_->sets, 2);
  ASSERT_TRUE(SetTo("optics.C12.b", 1e-9, true).ok());
  EXPECT_EQ(state_->at_m["optics.C12.b"], -3e-9 + 1e-9);
}

// The corrections of a driver count from where it found the column.
TEST_F(CeosTest, StartsAtZeroWhereverTheColumnStands) {
  ASSERT_TRUE(SetTo("optics.C21.a", 6e-7).ok());
  Corrector again(&column_);
  const auto read = again.driver().Execute(Read{{"optics.C21.a"}});
  EXPECT_EQ(read->readings[0].value.si, 0);
  ASSERT_TRUE(again.driver().Execute(Set{"optics.C21.a", Metres(3e-8)}).ok());
  // 1e-22: round-off of one sum.
  EXPECT_NEAR(state_->at_m["optics.C21.a"], 6.3e-7, 1e-21);
}

TEST(Ceos, RoundingOfTheColumnDoesNotAddUp) {
  const auto state = std::make_shared<CorrectedState>();
  constexpr double kResolution_m = 1e-9;
  CorrectedColumn column(state, kResolution_m);
  Corrector there(&column);
  RandomStream random({.seed = 5});
  for (int i = 0; i < 200; ++i) {
    const double to = random.Uniform(-1e-6, 1e-6);
    ASSERT_TRUE(there.driver().Execute(Set{"optics.C12.a", Metres(to)}).ok());
    EXPECT_EQ(state->at_m["optics.C12.a"], std::round(to / kResolution_m) * kResolution_m);
  }
}

TEST_F(CeosTest, MeasuresWhatTheColumnHas) {
  state_->blanked = false;
  double own = 1e-9;
  for (const PropertyInfo& p : column_.description().properties) {
    state_->own_m[p.name.substr(7)] = own;
    own *= -1.7;
  }
  for (const char* what : {"defocus", "aberrations"}) {
    const Estimate direct = column_.Execute(Measure{what})->estimates[0];
    const auto reply = there_.driver().Execute(Measure{what});
    ASSERT_TRUE(reply.ok()) << reply.status();
    const Estimate& e = reply->estimates[0];
    EXPECT_EQ(e.what, what);
    EXPECT_EQ(e.names, direct.names);
    for (size_t i = 0; i < e.values.size(); ++i) {
      EXPECT_DOUBLE_EQ(e.values[i].si, direct.values[i].si);
    }
    ASSERT_EQ(e.covariance.size(), direct.covariance.size());
    for (size_t i = 0; i < e.covariance.size(); ++i) {  // through a root: round-off
      EXPECT_NEAR(e.covariance[i], direct.covariance[i], 1e-15 * direct.covariance[0]);
    }
  }
}

// The sign, as a microscopist finds it: measure, correct, measure.
TEST_F(CeosTest, SettingMinusEstimateBringsItToZero) {
  state_->blanked = false;
  state_->own_m = {{"C12.a", 8e-9}, {"C12.b", -5e-9}, {"C21.a", 4e-8}, {"C32.b", 9e-7}};
  for (int round = 0; round < 2; ++round) {
    const Estimate e = there_.driver().Execute(Measure{"aberrations"})->estimates[0];
    for (size_t i = 0; i < e.names.size(); ++i) {
      const auto at = there_.driver().Execute(Read{{"optics." + e.names[i]}});
      if (round == 1) {
        EXPECT_NEAR(e.values[i].si, 0, 1e-21) << e.names[i];
      }
      ASSERT_TRUE(SetTo("optics." + e.names[i], at->readings[0].value.si - e.values[i].si).ok());
    }
  }
  EXPECT_NEAR(state_->at_m["optics.C32.b"], -9e-7, 1e-21);
}

TEST_F(CeosTest, TheColumnsErrorsArriveAsTheyAre) {
  const auto blanked = there_.driver().Execute(Measure{"defocus"});
  EXPECT_EQ(ErrorOf(blanked.status()).kind, ErrorKind::kImpossibleNow);
  EXPECT_EQ(ErrorOf(blanked.status()).remedy, "unblank first");
  EXPECT_THAT(ErrorOf(blanked.status()).cause, HasSubstr("blanked"));
  state_->refuses = "optics.C12.a";
  const auto refused = SetTo("optics.C12.a", 1e-9);
  EXPECT_EQ(ErrorOf(refused.status()).kind, ErrorKind::kRefused);
  EXPECT_EQ(*ErrorOf(refused.status()).effect, Effect::kNone);
  state_->refuses = "";
  EXPECT_TRUE(SetTo("optics.C12.a", 1e-9).ok());
}

TEST_F(CeosTest, LimitsAreKeptHereAndThere) {
  EXPECT_TRUE(absl::IsOutOfRange(SetTo("optics.C12.a", 1.1e-5).status()));
  ASSERT_TRUE(SetTo("optics.C12.a", 9e-6).ok());
  EXPECT_TRUE(absl::IsOutOfRange(SetTo("optics.C12.a", 2e-6, true).status()));
  EXPECT_EQ(state_->sets, 1);
  CeosOptions wide;
  wide.limits_m.fill(1);
  Corrector there(&column_, wide);
  const auto beyond = there.driver().Execute(Set{"optics.C12.a", Metres(0.5)});
  EXPECT_EQ(ErrorOf(beyond.status()).kind, ErrorKind::kOutOfLimits) << beyond.status();
  EXPECT_EQ(state_->sets, 1);
}

TEST_F(CeosTest, NoPlaceNoCancelledCommandNoOtherVerb) {
  Instrument& driver = there_.driver();
  EXPECT_TRUE(absl::IsInvalidArgument(driver.Execute(Measure{"defocus", 1e-9}).status()));
  EXPECT_TRUE(absl::IsUnimplemented(driver.Execute(Measure{"drift"}).status()));
  EXPECT_TRUE(absl::IsUnimplemented(driver.Execute(Blank{}).status()));
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_TRUE(absl::IsCancelled(
      driver.Execute(Set{"optics.C12.a", Metres(1e-9)}, {.cancel = &cancel}).status()));
  EXPECT_TRUE(driver.Execute(Read{{"optics.C12.a"}}, {.cancel = &cancel}).ok());
  EXPECT_EQ(state_->sets, 0);
}

TEST(Ceos, WhatTheCorrectorLacksIsSaidAtOnce) {
  CorrectedColumn column(std::make_shared<CorrectedState>(), 0, 2);
  Corrector there(&column, {});
  EXPECT_TRUE(absl::IsUnimplemented(there.opened.status()));
  EXPECT_THAT(std::string(there.opened.status().message()), HasSubstr("does not correct A2"));
}

TEST(Ceos, IsAPartBesideAColumn) {
  const auto state = std::make_shared<CorrectedState>();
  CorrectedColumn column(state);
  Corrector there(&column, {});
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(std::make_unique<testing_support::NullInstrument>());
  parts.push_back(*std::move(there.opened));
  const auto whole = MakeComposite(std::move(parts));
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_TRUE((*whole)->Execute(Blank{}).ok());
  const auto reply = (*whole)->Execute(Set{"optics.C21.a", Metres(3e-8)});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->blanked);  // as the column says
  EXPECT_EQ(state->at_m["optics.C21.a"], 3e-8);
}

}  // namespace
}  // namespace ronchi::hw
