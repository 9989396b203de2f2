#include "hw/server/tango_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/hw/drivers/tango/small_scope.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing_support::NullState;
using testing_support::SmallScope;
using wire::TangoValue;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

const std::string kScope = "asyncroscopy/instrument/default", kScan = "asyncroscopy/scan/default",
                  kStage = "asyncroscopy/stage/default", kCamera = "asyncroscopy/camera/default",
                  kCorrector = "asyncroscopy/corrector/default";

class TangoDeskTest : public testing::Test {
 protected:
  ErrorKind KindOf(const std::string& device, const std::string& command, const TangoValue& in) {
    const auto answer = desk_.Command(device, command, in);
    EXPECT_FALSE(answer.ok()) << command;
    return ErrorOf(answer.status()).kind;
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  SmallScope scope_{state_};
  Hub hub_{&scope_};
  std::shared_ptr<TiledShelf> shelf_ = std::make_shared<TiledShelf>();
  TangoDesk desk_{&hub_, shelf_};
};

TEST_F(TangoDeskTest, OffersWhatTheInstrumentHas) {
  Texts kinds;
  for (const auto& d : desk_.Devices()) kinds.push_back(d.kind);
  EXPECT_EQ(kinds, (Texts{"ElectronMicroscope", "SCAN", "STAGE", "CAMERA", "CORRECTOR"}));
  testing_support::NullInstrument null;
  Hub hub(&null);
  kinds.clear();
  for (const auto& d : TangoDesk(&hub, shelf_).Devices()) {
    kinds.push_back(d.kind);
    for (const auto& c : d.commands) EXPECT_THAT(c.name, testing::Not(HasSubstr("shift")));
  }
  EXPECT_EQ(kinds, (Texts{"ElectronMicroscope", "SCAN", "STAGE"}));
}

TEST_F(TangoDeskTest, AnswersInAsyncroscopysUnits) {
  state_->at["stage.alpha"] = 0.25;
  state_->at["stage.x"] = 1e-6;
  const auto at = std::get<Numbers>(*desk_.Command(kScope, "get_stage", {}));
  EXPECT_EQ(at[0], 1e-6);
  EXPECT_NEAR(at[3], 0.25 * 180 / std::numbers::pi, 1e-12);
  EXPECT_EQ(at[4], 0);  // there is none
  ASSERT_TRUE(desk_.Command(kScope, "move_stage", Numbers{2e-6, 0, 0, at[3], 0}).ok());
  EXPECT_EQ(state_->at["stage.x"], 2e-6);
  EXPECT_EQ(state_->at["stage.alpha"], 0.25);
  EXPECT_EQ(KindOf(kScope, "move_stage", Numbers{0, 0, 0, 0, 5}), ErrorKind::kCannot);
  EXPECT_EQ(KindOf(kScope, "move_stage", Numbers{1, 0, 0, 0, 0}), ErrorKind::kOutOfLimits);
  EXPECT_EQ(state_->at["stage.x"], 2e-6);
  EXPECT_EQ(std::get<double>(*desk_.Command(kScope, "get_screen_current", {})), 1);  // pA
}

TEST_F(TangoDeskTest, ScansTheRegionThatItWasTold) {
  ASSERT_TRUE(desk_.Command(kScope, "unblank_beam", {}).ok());
  ASSERT_TRUE(desk_.Write(kScan, "imsize", int64_t{16}).ok());
  ASSERT_TRUE(desk_.Write(kScan, "scan_region", Numbers{0.25, 0, 0.5, 1}).ok());
  const auto key = desk_.Command(kScope, "acquire_scanned_image", Texts{"HAADF", "bf"});
  ASSERT_TRUE(key.ok()) << key.status();
  const auto image = shelf_->Find(std::get<std::string>(*key));
  EXPECT_EQ(image->shape(), (std::vector<size_t>{2, 16, 8}));  // left, top, width, height
  const auto cached =
      std::get<wire::TangoEncoded>(*desk_.Command(kScope, "get_image_data_cached", int64_t{1}));
  EXPECT_EQ(json::parse(cached.format)["shape"], (json{16, 8}));
  EXPECT_EQ(cached.bytes.size(), 16u * 8 * 4);
  EXPECT_EQ(KindOf(kScope, "get_image_data_cached", int64_t{2}), ErrorKind::kNoSuchName);
  EXPECT_EQ(KindOf(kScope, "get_image_data_cached", int64_t{-1}), ErrorKind::kNoSuchName);
  EXPECT_EQ(KindOf(kScope, "acquire_scanned_image", Texts{"se"}), ErrorKind::kNoSuchName);
}

TEST_F(TangoDeskTest, RefusesWhatCannotBe) {
  EXPECT_EQ(KindOf(kScope, "acquire_camera_image", {}), ErrorKind::kImpossibleNow);  // blanked
  EXPECT_EQ(KindOf(kScope, "get_image_data_cached", int64_t{0}), ErrorKind::kImpossibleNow);
  EXPECT_EQ(KindOf(kScope, "coffee", {}), ErrorKind::kCannot);
  EXPECT_EQ(KindOf("a/b/c", "get_fov", {}), ErrorKind::kCannot);
  EXPECT_EQ(KindOf(kScope, "set_fov", kNan), ErrorKind::kBadCommand);
  EXPECT_EQ(KindOf(kScope, "set_fov", -1.0), ErrorKind::kOutOfLimits);
  EXPECT_EQ(KindOf(kScope, "set_defocus", kInf), ErrorKind::kBadCommand);
  EXPECT_EQ(KindOf(kScope, "set_defocus", 1.0), ErrorKind::kOutOfLimits);
  EXPECT_EQ(KindOf(kScope, "place_beam", Numbers{0.5}), ErrorKind::kBadCommand);
  EXPECT_EQ(KindOf(kScope, "place_beam", Numbers{0.5, 1.5}), ErrorKind::kOutOfLimits);
  EXPECT_EQ(KindOf(kScope, "set_image_shift", Numbers{0, kNan}), ErrorKind::kBadCommand);
  EXPECT_FALSE(desk_.Write(kScan, "scan_region", Numbers{0.5, 0, 1, 1}).ok());
  EXPECT_FALSE(desk_.Write(kScan, "scan_region", Numbers{0, 0, 0, 1}).ok());
  EXPECT_FALSE(desk_.Write(kScan, "imsize", int64_t{0}).ok());
  EXPECT_FALSE(desk_.Write(kScan, "dwell_time", -1e-6).ok());
  EXPECT_FALSE(desk_.Write(kCamera, "exposure_time", kNan).ok());
  EXPECT_FALSE(desk_.Write(kScan, "nothing", 1.0).ok());
  EXPECT_FALSE(desk_.Read(kStage, "w").ok());
}

TEST_F(TangoDeskTest, CorrectsByTheErrorToTakeOut) {
  ASSERT_TRUE(desk_.Command(kCorrector, "correct_aberration", std::string("A1 -2e-9 3e-9")).ok());
  EXPECT_EQ(state_->at["optics.C12.a"], 2e-9);
  EXPECT_EQ(state_->at["optics.C12.b"], -3e-9);
  const auto c1a1 = desk_.Command(kCorrector, "measure_c1a1", {});
  ASSERT_TRUE(c1a1.ok()) << c1a1.status();
  EXPECT_EQ(json::parse(std::get<std::string>(*c1a1))["A1"], (json{2e-9, -3e-9}));
  const auto tableau = desk_.Command(kCorrector, "acquire_tableau", std::string("Fast 18"));
  EXPECT_EQ(json::parse(std::get<std::string>(*tableau))["angle"], 18.0);
  for (const char* bad : {"", "Q9 1 2", "A1 x y", "A1 1e-9", "A1 nan nan", "A1 1 2 3 4"}) {
    EXPECT_FALSE(desk_.Command(kCorrector, "correct_aberration", std::string(bad)).ok()) << bad;
  }
  EXPECT_EQ(state_->at["optics.C12.a"], 2e-9);
}

}  // namespace
}  // namespace ronchi::hw
