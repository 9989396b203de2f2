// What is not one answer: links that are lost, blanks, corrections in doubt, units, keys that come
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/drivers/tango/fake_site.h"
#include "tests/hw/drivers/tango/small_scope.h"

namespace ronchi::hw {
namespace {

using testing_support::Fails;
using testing_support::FakeSite;
using testing_support::NullState;
using testing_support::Says;
using testing_support::SmallScan;
using testing_support::SmallScope;
using testing_support::TangoAnswer;
using wire::TangoLink;
using wire::TangoValue;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

class TangoLost : public testing::Test {
 protected:
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  SmallScope scope_{state_};
  FakeSite site_{&scope_};
};

// It says that it has blanked, and has not.
TEST_F(TangoLost, ABlankIsConfirmed) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  site_.script->tango["blank_beam"] = Says(TangoValue());
  for (const absl::Status& s :
       {column->BlankNow(), column->Execute(Blank{}).status(), column->Execute(Safe{}).status()}) {
    EXPECT_THAT(std::string(s.message()), testing::HasSubstr("not blanked after a blank"));
  }
  site_.script->tango.clear();
}

// The image of before is no new one.
TEST_F(TangoLost, AKeyIsNotTakenTwice) {
  TangoOptions options = site_.Options();
  const auto column = *MakeTango(options, site_.Opener());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  ASSERT_TRUE(column->Execute(SmallScan()).ok());
  const auto desk = site_.script;
  auto first = std::make_shared<std::string>();
  desk->tango["acquire_scanned_image"] = Says(std::string("same"));
  EXPECT_FALSE(column->Execute(SmallScan()).ok());
  EXPECT_THAT(ErrorOf(column->Execute(SmallScan()).status()).cause,
              testing::HasSubstr("the key of the image before"));
}

// After an error of the link the next word goes over a new one; nothing is said twice.
TEST_F(TangoLost, ALostLinkIsMadeAnew) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  const int opened = site_.script->opened;
  site_.script->tango["set_defocus"] =
      Fails({{"API_CorbaException", "COMM_FAILURE", ""}}, TangoLink::kLost);
  site_.script->asked.clear();
  const auto lost = column->Execute(Set{.property = "optics.C10", .value = Metres(1e-9)});
  EXPECT_EQ(*ErrorOf(lost.status()).effect, Effect::kPerhaps);
  EXPECT_EQ(site_.script->asked, Texts{"set_defocus"});
  site_.script->tango.clear();
  EXPECT_TRUE(column->Execute(Set{.property = "optics.C10", .value = Metres(1e-9)}).ok());
  EXPECT_EQ(site_.script->opened, opened + 1);
}

// A blank may be said twice: a link that has ended unseen costs no time.
TEST_F(TangoLost, ABlankGoesOverANewLinkAtOnce) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  site_.script->asked.clear();
  site_.script->tango["blank_beam"] = [this](const TangoValue&) -> TangoAnswer {
    site_.script->tango.erase("blank_beam");
    return wire::TangoFailed("dev", {{"API_CorbaException", "COMM_FAILURE", ""}}, TangoLink::kLost);
  };
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_TRUE(state_->blanked);
  EXPECT_EQ(site_.script->asked, (Texts{"blank_beam", "blank_beam", "get_beam_blanked"}));
}

// PyTango's servers refuse what waits for an exposure for more than three seconds.
TEST_F(TangoLost, ABlankIsAskedAgainWhileItsServerIsBusy) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  int refused = 0;
  site_.script->tango["blank_beam"] = [&](const TangoValue&) -> TangoAnswer {
    if (++refused == 3) site_.script->tango.erase("blank_beam");
    return wire::TangoFailed("dev",
                             {{"API_CommandTimedOut", "not able to acquire serialization", ""},
                              {"API_CommandFailed", "Failed to execute", ""}},
                             TangoLink::kFine);
  };
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_TRUE(state_->blanked);
  // It does not go on for ever.
  TangoOptions options = site_.Options();
  options.blank_s = 0.05;
  const auto other = *MakeTango(options, site_.Opener());
  site_.script->tango["blank_beam"] = Fails({{"API_CommandTimedOut", "busy", ""}});
  EXPECT_EQ(ErrorOf(other->BlankNow()).kind, ErrorKind::kBusy);
  site_.script->tango.clear();
}

// A correction that may have been made is not made again.
TEST_F(TangoLost, ALostCorrectionIsInDoubt) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  site_.script->tango["correct_aberration"] =
      Fails({{"API_DeviceTimedOut", "late", ""}}, TangoLink::kLate);
  const Set set{.property = "optics.C12.a", .value = Metres(1e-9)};
  EXPECT_EQ(ErrorOf(column->Execute(set).status()).kind, ErrorKind::kTimeout);
  site_.script->tango.clear();
  const auto again = column->Execute(set);
  EXPECT_EQ(ErrorOf(again.status()).kind, ErrorKind::kHardware);
  EXPECT_THAT(ErrorOf(again.status()).cause, testing::HasSubstr("was made is not known"));
}

// Units that are told and not known, or cannot be, are refused when it is opened.
TEST_F(TangoLost, UnitsThatAreNotKnownAreRefused) {
  const std::pair<const char*, wire::TangoAttribute> wrong[] = {
      {"its unit 'gon' is not known", {.name = "alpha", .unit = "gon"}},
      {"its unit 'deg' is not known", {.name = "x", .unit = "deg"}},
      {"are its units others?", {.name = "alpha", .unit = "rad", .min = -35, .max = 35}},
      {"are its units others?", {.name = "x", .unit = "m", .min = -1000, .max = 1000}}};
  for (const auto& [words, attribute] : wrong) {
    site_.script->attributes["stage"] = [a = attribute](std::vector<wire::TangoAttribute>* all) {
      *all = {a};
    };
    const auto opened = MakeTango(site_.Options(), site_.Opener());
    ASSERT_FALSE(opened.ok()) << attribute.name;
    EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr(words));
  }
}

// A stage that takes degrees for radians: its reading is not what was asked.
TEST_F(TangoLost, DegreesThatAreTakenForRadiansAreSeen) {
  const auto column = *MakeTango(site_.Options(), site_.Opener());
  site_.script->tango["get_stage"] = [this](const TangoValue&) -> TangoAnswer {
    return TangoValue(Numbers{0, 0, 0, state_->at["stage.alpha"], 0});  // radians
  };
  const auto set = column->Execute(Set{.property = "stage.alpha", .value = Radians(0.1)});
  EXPECT_EQ(ErrorOf(set.status()).kind, ErrorKind::kOutOfTolerance) << set.status();
}

TEST_F(TangoLost, NobodyThereIsSaidAtOnce) {
  site_.script->tango["open instrument"] =
      Fails({{"API_CantConnectToDevice", "refused", ""}}, TangoLink::kUnreached);
  const auto opened = MakeTango(site_.Options(), site_.Opener());
  const Error e = ErrorOf(opened.status());
  EXPECT_EQ(e.kind, ErrorKind::kCommunication);
  EXPECT_EQ(*e.effect, Effect::kNone);
}

}  // namespace
}  // namespace ronchi::hw
