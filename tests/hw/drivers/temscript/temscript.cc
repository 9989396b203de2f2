#include "hw/drivers/temscript/temscript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/conformance/conformance.h"
#include "tests/hw/drivers/temscript/served.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::ServedByTemscript;
using testing_support::SmallScan;

class TemscriptTest : public testing::Test {
 protected:
  std::unique_ptr<Instrument> Open(const TemscriptOptions& options) {
    auto opened = MakeTemscript(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  static double ReadOne(Instrument* instrument, const std::string& property) {
    return instrument->Execute(Read{{property}})->readings.at(0).value.si;
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  NullInstrument null_{state_};
  ServedByTemscript served_{&null_};
};

TEST_F(TemscriptTest, Conforms) {
  const auto column = Open(served_.Options());
  const auto checks = CheckConformance(column.get());
  for (const ConformanceCheck& c : checks) {
    EXPECT_NE(c.outcome, Outcome::kFail) << c.name << ": " << c.reason;
  }
  EXPECT_TRUE(column->description().simulated);
  EXPECT_EQ(column->description().id, "temscript:null");
}

TEST_F(TemscriptTest, SetsAndReadsInItsUnits) {
  const auto column = Open(served_.Options());
  state_->at["beam.energy"] = 2e5;
  EXPECT_DOUBLE_EQ(ReadOne(column.get(), "beam.energy"), 2e5);
  ASSERT_TRUE(column->Execute(Set{.property = "stage.x", .value = Metres(12e-6)}).ok());
  EXPECT_EQ(state_->at["stage.x"], 12e-6);
  ASSERT_TRUE(column->Execute(Set{.property = "stage.alpha", .value = Radians(0.1)}).ok());
  EXPECT_EQ(state_->at["stage.alpha"], 0.1);
  ASSERT_TRUE(column->Execute(Set{.property = "optics.C10", .value = Metres(-5e-9)}).ok());
  EXPECT_EQ(state_->at["optics.C10"], -5e-9);
  ASSERT_TRUE(
      column->Execute(Set{.property = "optics.C10", .value = Metres(1e-9), .relative = true}).ok());
  EXPECT_EQ(state_->at["optics.C10"], -5e-9 + 1e-9);
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  EXPECT_FALSE(state_->blanked);
}

TEST_F(TemscriptTest, TheSignOfDefocusIsTheConfigs) {
  TemscriptOptions options = served_.Options();
  options.defocus_sign = -1;
  const auto column = Open(options);
  ASSERT_TRUE(column->Execute(Set{.property = "optics.C10", .value = Metres(-5e-9)}).ok());
  EXPECT_EQ(state_->at["optics.C10"], 5e-9);
  EXPECT_EQ(ReadOne(column.get(), "optics.C10"), -5e-9);
  options.defocus_sign = 0;
  EXPECT_EQ(Open(options)->description().FindProperty("optics.C10"), nullptr);
}

TEST_F(TemscriptTest, AScanHasItsFieldToTheBit) {
  const auto column = Open(served_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  const Scan scan = SmallScan(0, 4e-9);
  const auto reply = column->Execute(scan);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 1u);
  EXPECT_EQ(reply->frames[0].detector, "haadf");
  EXPECT_EQ(reply->frames[0].counts, Array<float>({8, 8}, 1.0f));
  EXPECT_NEAR(reply->electrons, 64e-6 * 1e-12 / kElementaryCharge_C, 1e-9);
  Scan odd = scan;
  odd.pixels_x = odd.pixels_y = 7;
  EXPECT_THAT(ErrorOf(column->Execute(odd).status()).cause, HasSubstr("divided by a binning"));
  odd = scan;
  odd.fov_y_m *= 2;
  EXPECT_EQ(ErrorOf(column->Execute(odd).status()).kind, ErrorKind::kCannot);
  odd = scan;
  odd.center_x_m = 1e-9;
  EXPECT_EQ(ErrorOf(column->Execute(odd).status()).kind, ErrorKind::kCannot);
}

TEST_F(TemscriptTest, FramesEndBetweenOneAndTheNext) {
  const auto column = Open(served_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  Scan scan = SmallScan();
  scan.frames = 5;
  const auto reply = column->Execute(scan, {.timeout_s = 3.5 * 64e-6});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kTimeout);
  EXPECT_EQ(reply->frames.size(), 3u);
  EXPECT_NEAR(reply->electrons, 3 * 64e-6 * 1e-12 / kElementaryCharge_C, 1e-9);
}

TEST_F(TemscriptTest, ABlankGoesBesideWhatRuns) {
  const auto column = Open(served_.Options());
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

TEST_F(TemscriptTest, BlanksAtItsEnd) {
  auto column = Open(served_.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  column.reset();
  EXPECT_TRUE(state_->blanked);
}

TEST_F(TemscriptTest, AServerThatComesBackIsAskedAgain) {
  const auto column = Open(served_.Options());
  const int port = served_.port();
  served_.Stop();
  const auto lost = column->Execute(Read{{"stage.x"}});
  EXPECT_EQ(ErrorOf(lost.status()).kind, ErrorKind::kCommunication);
  EXPECT_EQ(*ErrorOf(lost.status()).effect, Effect::kNone);
  served_.Start(port);
  EXPECT_TRUE(column->Execute(Read{{"stage.x"}}).ok());
}

TEST_F(TemscriptTest, DetectorsHaveOurNames) {
  TemscriptOptions options = served_.Options();
  options.detectors["haadf"] = {"ring", 0.06, 0.1};
  const auto column = Open(options);
  EXPECT_EQ(column->description().FindDetector("ring")->outer_rad, 0.1);
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  Scan scan = SmallScan();
  scan.detectors = {"ring"};
  EXPECT_EQ(column->Execute(scan)->frames.at(0).detector, "ring");
  options.detectors["BF-S"] = {"bf", 0, 0.01};
  EXPECT_THAT(std::string(MakeTemscript(options).status().message()),
              HasSubstr("has no STEM detector 'BF-S'"));
}

}  // namespace
}  // namespace ronchi::hw
