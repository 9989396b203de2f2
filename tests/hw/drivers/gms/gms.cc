// The driver against a bridge that does as it should.
#include "hw/drivers/gms/gms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "hw/instrument/capability.h"
#include "hw/instrument/error.h"
#include "tests/hw/drivers/gms/fake_gms.h"

namespace ronchi::hw::gms {
namespace {

using testing::HasSubstr;
using testing_support::FakeGms;
using testing_support::PatternPixel;

const Scan kField{.fov_x_m = 1e-7,
                 .fov_y_m = 0.75e-7,
                 .pixels_x = 8,
                 .pixels_y = 6,
                 .dwell_s = 2e-6,
                 .detectors = {"haadf"},
                 .rotation_rad = std::numbers::pi / 6};

void ExpectPixels(const Array<float>& counts, std::vector<size_t> shape) {
  EXPECT_EQ(counts.shape(), shape);
  for (size_t i = 0; i < counts.size(); ++i) ASSERT_EQ(counts[i], PatternPixel(0, i));
}

TEST(Gms, DescribesWhatItIs) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  const Description& d = gms->description();
  EXPECT_TRUE(Can(d, "scan"));
  EXPECT_TRUE(Can(d, "expose"));
  EXPECT_FALSE(Can(d, "blank"));
  EXPECT_FALSE(Can(d, "scan.points"));
  EXPECT_TRUE(d.FindProperty("stage.x")->writable);
  EXPECT_FALSE(d.simulated);
  GmsOptions bare = fake.Options(60);
  bare.camera_pixels_x = bare.camera_pixels_y = 0;
  bare.field_at_magnification_1_m = 0;
  bare.stage_m = {};
  const auto reader = *MakeGms(bare);
  EXPECT_FALSE(Can(reader->description(), "scan"));
  EXPECT_FALSE(Can(reader->description(), "expose"));
  EXPECT_EQ(reader->description().FindProperty("stage.y"), nullptr);
}

// GMS has micrometres and degrees.
TEST(Gms, TheStageMovesOneAxisAndIsReadBack) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  const auto at = gms->Execute(Read{{"stage.x", "stage.alpha"}});
  ASSERT_TRUE(at.ok()) << at.status();
  EXPECT_DOUBLE_EQ(at->readings[0].value.si, 1e-6);
  EXPECT_DOUBLE_EQ(at->readings[1].value.si, 4 * std::numbers::pi / 180);
  const auto moved = gms->Execute(Set{.property = "stage.y", .value = Metres(-5e-6)});
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_DOUBLE_EQ(moved->readings[0].value.si, -5e-6);
  EXPECT_EQ(fake.Last("EMSetStagePositions").size(), 2u);
  EXPECT_EQ(fake.Last("EMSetStagePositions")["flags"], 2);
  EXPECT_NEAR(fake.Last("EMSetStagePositions")["y"].get<double>(), -5.0, 1e-12);
  const auto tilted =
      gms->Execute(Set{.property = "stage.beta", .value = Radians(0.1), .relative = true});
  ASSERT_TRUE(tilted.ok()) << tilted.status();
  EXPECT_NEAR(tilted->readings[0].value.si, 5 * std::numbers::pi / 180 + 0.1, 1e-12);
  EXPECT_EQ(
      KindName(ErrorOf(gms->Execute(Set{.property = "stage.x", .value = Metres(1)}).status()).kind),
      "out_of_limits");
}

TEST(Gms, ImagesComePixelForPixel) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  Scan two = kField;
  two.frames = 2;
  const auto scanned = gms->Execute(two);
  ASSERT_TRUE(scanned.ok()) << scanned.status();
  ASSERT_EQ(scanned->frames.size(), 2u);
  ExpectPixels(scanned->frames[1].counts, {6, 8});
  const nlohmann::json asked = fake.Last("DS_Configure");
  EXPECT_EQ(asked["width"], 8);
  EXPECT_DOUBLE_EQ(asked["dwell_us"], 2);
  EXPECT_NEAR(asked["rotation_deg"].get<double>(), 30, 1e-9);
  const auto exposed =
      gms->Execute(Expose{.camera = "cam", .time_s = 0.25, .frames = 3, .binning = 2});
  ASSERT_TRUE(exposed.ok()) << exposed.status();
  ASSERT_EQ(exposed->frames.size(), 3u);
  ExpectPixels(exposed->frames[2].counts, {6, 8});
  EXPECT_EQ(fake.Last("CM_AcquireImage")["exposure"], 0.25);
}

TEST(Gms, AnotherFieldThanStandsIsRefused) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  for (const auto& [x, y] : {std::pair{1e-8, 0.75e-8}, {1e-7, 1e-7}}) {
    Scan scan = kField;
    scan.fov_x_m = x;
    scan.fov_y_m = y;
    const absl::Status s = gms->Execute(scan).status();
    EXPECT_EQ(KindName(ErrorOf(s).kind), "out_of_limits");
    EXPECT_THAT(std::string(s.message()), HasSubstr("the scanned field is 100 nm"));
    EXPECT_FALSE(MayHaveHappened(s));
  }
  EXPECT_TRUE(fake.Last("DS_Acquire").is_null());
}

TEST(Gms, ATimeAllowedEndsItBetweenFrames) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  Expose long_one{.camera = "cam", .time_s = 10, .frames = 9};
  EXPECT_EQ(gms->Execute(long_one, {.timeout_s = 5})->ended, Ended::kTimeout);
}

TEST(Gms, ABridgeThatWasStartedAnewIsFoundAgain) {
  FakeGms fake;
  const auto gms = *MakeGms(fake.Options(60));
  fake.Stop();
  fake.Start();
  EXPECT_TRUE(gms->Execute(Read{{"stage.x"}}).ok());
}

}  // namespace
}  // namespace ronchi::hw::gms
