#include "hw/drivers/tango/tango.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "hw/conformance/conformance.h"
#include "tests/hw/drivers/tango/fake_site.h"
#include "tests/hw/drivers/tango/small_scope.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::FakeSite;
using testing_support::NullState;
using testing_support::SmallScan;
using testing_support::SmallScope;

constexpr double kDeg = std::numbers::pi / 180;

class TangoTest : public testing::Test {
 protected:
  std::unique_ptr<Instrument> Open(const TangoOptions& options) {
    auto opened = MakeTango(options, site_.Opener());
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  static double ReadOne(Instrument* instrument, const std::string& property) {
    return instrument->Execute(Read{{property}})->readings.at(0).value.si;
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  SmallScope scope_{state_};
  FakeSite site_{&scope_};
};

TEST_F(TangoTest, Conforms) {
  const auto column = Open(site_.Options());
  const auto checks = CheckConformance(column.get());
  size_t passed = 0;
  for (const ConformanceCheck& c : checks) {
    EXPECT_NE(c.outcome, Outcome::kFail) << c.name << ": " << c.reason;
    passed += c.outcome == Outcome::kPass;
  }
  EXPECT_GE(passed, 20u);
  EXPECT_TRUE(column->description().simulated);
  EXPECT_EQ(column->description().id, "tango:site/asyncroscopy/instrument/default");
}

TEST_F(TangoTest, SetsAndReadsInItsUnits) {
  const auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Set{.property = "stage.x", .value = Metres(12e-6)}).ok());
  EXPECT_EQ(state_->at["stage.x"], 12e-6);
  ASSERT_TRUE(column->Execute(Set{.property = "stage.alpha", .value = Radians(0.1)}).ok());
  EXPECT_NEAR(state_->at["stage.alpha"], 0.1, 1e-16);  // degrees on the wire
  ASSERT_TRUE(column->Execute(Set{.property = "optics.C10", .value = Metres(-5e-9)}).ok());
  EXPECT_EQ(state_->at["optics.C10"], -5e-9);
  ASSERT_TRUE(
      column->Execute(Set{.property = "optics.C10", .value = Metres(1e-9), .relative = true}).ok());
  EXPECT_EQ(state_->at["optics.C10"], -5e-9 + 1e-9);
  ASSERT_TRUE(column->Execute(Set{.property = "image.shift.y", .value = Metres(3e-9)}).ok());
  EXPECT_EQ(state_->at["image.shift.y"], 3e-9);
  EXPECT_EQ(state_->at["image.shift.x"], 0);
  ASSERT_TRUE(column->Execute(Set{.property = "scan.fov", .value = Metres(7e-9)}).ok());
  EXPECT_EQ(ReadOne(column.get(), "scan.fov"), 7e-9);
  EXPECT_DOUBLE_EQ(ReadOne(column.get(), "beam.current"), 1e-12);
}

TEST_F(TangoTest, LimitsAndUnitsAreWhatTheDevicesTell) {
  const auto column = Open(site_.Options());
  const PropertyInfo* alpha = column->description().FindProperty("stage.alpha");
  EXPECT_NEAR(alpha->max, 1.2, 1e-15);  // NullInstrument's
  EXPECT_EQ(column->description().FindProperty("stage.z")->max, 3e-4);
  EXPECT_EQ(column->description().max_dwell_s, 10);
  // Another site's, which states limits of one axis, in radians.
  site_.script->attributes["stage"] = [](std::vector<wire::TangoAttribute>* all) {
    *all = {{.name = "a", .unit = "rad", .min = -0.2, .max = 0.3}};
  };
  site_.script->attributes["scan"] = [](std::vector<wire::TangoAttribute>* all) {
    (*all)[0] = {.name = "dwell_time", .unit = "us", .writable = true, .min = 0.5, .max = 100};
  };
  const auto other = Open(site_.Options());
  const Description& d = other->description();
  EXPECT_EQ(d.FindProperty("stage.alpha")->min, -0.2);
  EXPECT_EQ(d.FindProperty("stage.alpha")->max, 0.3);
  EXPECT_NEAR(d.FindProperty("stage.beta")->max, 30 * kDeg, 1e-12);  // the config's
  EXPECT_EQ(d.min_dwell_s, 0.5e-6);
  EXPECT_NEAR(d.max_dwell_s, 1e-4, 1e-18);
}

TEST_F(TangoTest, AScanBringsItsPixelsInOrder) {
  const auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  Scan scan = SmallScan(0, 4e-9);
  scan.detectors = {"bf", "haadf"};
  scan.frames = 2;
  const auto reply = column->Execute(scan);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 4u);
  for (size_t f = 0; f < 4; ++f) {
    EXPECT_EQ(reply->frames[f].detector, f % 2 ? "haadf" : "bf");
    for (size_t i = 0; i < 64; ++i) {
      ASSERT_EQ(reply->frames[f].counts[i], float(i) + (f % 2 ? 0.25f : 1000.5f)) << f << " " << i;
    }
  }
  EXPECT_NEAR(reply->electrons, 2 * 64e-6 * 1e-12 / kElementaryCharge_C, 1e-9);
  for (Scan odd : {scan, scan}) {
    odd.fov_y_m *= 2;
    EXPECT_EQ(ErrorOf(column->Execute(odd).status()).kind, ErrorKind::kCannot);
  }
}

TEST_F(TangoTest, WithoutTiledImagesComeByTheMicroscope) {
  TangoOptions options = site_.Options();
  options.tiled.reset();
  options.detectors.erase("BF");
  const auto column = Open(options);
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  const auto reply = column->Execute(SmallScan());
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->frames[0].counts[63], 63.25f);
  ASSERT_TRUE(column->Execute(Expose{.camera = "camera", .time_s = 0.01, .binning = 2}).ok());
}

TEST_F(TangoTest, TheCorrectorIsDrivenByTheErrorToTakeOut) {
  const auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  for (const double to : {10e-9, -4e-9}) {
    const auto set = column->Execute(Set{.property = "optics.C12.b", .value = Metres(to)});
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_EQ(set->readings[0].value.si, to);
    EXPECT_NEAR(state_->at["optics.C12.b"], to, 1e-23);
    EXPECT_EQ(state_->at["optics.C12.a"], 0);
  }
  const auto measured = column->Execute(Measure{"aberrations"});
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_EQ(measured->estimates[0].names[2], "C12.b");
  EXPECT_NEAR(measured->estimates[0].values[2].si, -4e-9, 1e-23);
  EXPECT_GT(measured->electrons, 0);
  ASSERT_TRUE(column->Execute(Blank{}).ok());
  EXPECT_EQ(ErrorOf(column->Execute(Measure{"defocus"}).status()).kind, ErrorKind::kImpossibleNow);
}

TEST_F(TangoTest, TheProbeParksWhereItIsTold) {
  const auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  ASSERT_TRUE(column->Execute(Set{.property = "scan.fov", .value = Metres(8e-9)}).ok());
  std::vector<double> placed;
  site_.script->tango["place_beam"] =
      [&](const wire::TangoValue& at) -> absl::StatusOr<wire::TangoValue> {
    placed = std::get<std::vector<double>>(at);
    return wire::TangoValue();
  };
  const auto reply = column->Execute(Park{2e-9, -4e-9, 0.02});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(placed, (std::vector<double>{0.75, 0}));
  EXPECT_GE(reply->electrons, 0.02 * 1e-12 / kElementaryCharge_C);
  EXPECT_EQ(ErrorOf(column->Execute(Park{2e-9, -5e-9, 0.02}).status()).kind,
            ErrorKind::kOutOfLimits);
}

TEST_F(TangoTest, ABlankGoesBesideWhatRuns) {
  const auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  state_->stall_s = 1e3;
  absl::StatusOr<Reply> reply;
  std::thread scan([&] { reply = column->Execute(SmallScan()); });
  EXPECT_TRUE(column->BlankNow().ok());
  state_->stall_s = 0;
  EXPECT_TRUE(state_->blanked);
  scan.join();  // ended by the blank, or not begun
  EXPECT_FALSE(reply.ok());
}

TEST_F(TangoTest, BlanksAtItsEnd) {
  auto column = Open(site_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  column.reset();
  EXPECT_TRUE(state_->blanked);
}

// asyncroscopy does not tell whether the beam is blanked: it is what it was last told, and not
// known before.
TEST_F(TangoTest, WhereNobodyTellsItIsBlankedOnceItHasAnswered) {
  site_.script->hidden = {"get_beam_blanked"};
  const auto column = Open(site_.Options());
  EXPECT_FALSE(column->Execute(Read{{"optics.C10"}})->blanked);
  EXPECT_TRUE(column->Execute(Blank{})->blanked);
  EXPECT_FALSE(column->Execute(Unblank{})->blanked);
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_TRUE(column->Execute(Read{{"optics.C10"}})->blanked);
}

TEST_F(TangoTest, WhatIsNotThereIsNotOffered) {
  const auto missing = [](const wire::TangoValue&) -> absl::StatusOr<wire::TangoValue> {
    return wire::TangoFailed("x", {{"API_DeviceNotDefined", "no such device", ""}},
                             wire::TangoLink::kUnreached);
  };
  for (const char* part : {"stage", "camera", "corrector", "scan"}) {
    site_.script->tango["open " + std::string(part)] = missing;
  }
  const auto column = Open(site_.Options());
  const auto& cannot = column->description().cannot;
  for (const char* verb : {"scan", "expose", "measure"}) {
    EXPECT_THAT(cannot, testing::Contains(verb));
  }
  EXPECT_NE(column->description().FindProperty("stage.x"), nullptr);  // by the microscope
  site_.script->tango["open instrument"] = missing;
  EXPECT_EQ(ErrorOf(MakeTango(site_.Options(), site_.Opener()).status()).kind,
            ErrorKind::kNoSuchName);
}

TEST_F(TangoTest, TheSignOfDefocusIsTheConfigs) {
  TangoOptions options = site_.Options();
  options.defocus_sign = -1;
  const auto column = Open(options);
  ASSERT_TRUE(column->Execute(Set{.property = "optics.C10", .value = Metres(-5e-9)}).ok());
  EXPECT_EQ(state_->at["optics.C10"], 5e-9);
  EXPECT_EQ(ReadOne(column.get(), "optics.C10"), -5e-9);
}

}  // namespace
}  // namespace ronchi::hw
