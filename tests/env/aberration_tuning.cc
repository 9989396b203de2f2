// AberrationTuning-v1: Gymnasium's contract, and a contrast without shot-noise bias.
#include "env/aberration_tuning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hw/instrument/ground_truth.h"
#include "tests/support/column.h"
#include "tests/support/in_space.h"
#include "tests/support/instruments.h"
#include "tests/support/redescribed.h"

namespace ronchi::env {
namespace {

using testing_support::ExpectInSpace;
using testing_support::Redescribed;
using testing_support::Seen;
using testing_support::Spy;
using testing_support::TwinFromYaml;

AberrationTuningOptions SmallTuning() {
  AberrationTuningOptions o;
  o.fov_A = 7.81;
  o.pixels = 24;
  o.max_episode_steps = 4;
  o.range_nm = 12;
  o.dark_counts = 2;
  return o;
}

// An environment with a twin of its own, and what passed between them.
struct TuningWorld {
  explicit TuningWorld(const AberrationTuningOptions& o = SmallTuning(),
                 const std::string& yaml = "preset: corrected_200kV")
      : instrument(*hw::MakeTwin(TwinFromYaml(yaml), 0), seen),
        env(*AberrationTuning::Create(&instrument, o)) {}
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  Spy instrument;
  std::unique_ptr<AberrationTuning> env;
};

TEST(AberrationTuning, KeepsTheContractOverAnEpisode) {
  TuningWorld w;
  const std::vector<float> action = {1, -2, 0.5};
  EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(action).status()));
  for (int episode = 0; episode < 2; ++episode) {
    const auto reset = w.env->Reset(episode ? std::nullopt : std::optional<uint64_t>(3));
    ASSERT_TRUE(reset.ok()) << reset.status();
    ExpectInSpace(w.env->spec(), reset->observation);
    for (float v : reset->observation.at("settings")) EXPECT_EQ(v, 0);
    for (int step = 1; step <= 4; ++step) {
      const auto r = w.env->Step(action);
      ASSERT_TRUE(r.ok()) << r.status();
      ExpectInSpace(w.env->spec(), r->observation);
      EXPECT_FALSE(r->terminated);
      EXPECT_EQ(r->truncated, step == 4);
      EXPECT_EQ(float(r->reward), r->observation.at("contrast")[0]);
      // 0.01 nm: the corrector's resolution.
      EXPECT_NEAR(r->observation.at("settings")[1], -2.0 * step, 0.0101);
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(action).status()));
  }
}

TEST(AberrationTuning, SettingsStayInRange) {
  TuningWorld w;
  ASSERT_TRUE(w.env->Reset(1).ok());
  for (int step = 0; step < 3; ++step) {
    const auto r = w.env->Step(std::vector<float>{24, -24, 10});
    ASSERT_TRUE(r.ok()) << r.status();
    ExpectInSpace(w.env->spec(), r->observation);
    EXPECT_NEAR(r->observation.at("settings")[0], 12, 0.0101);
    EXPECT_NEAR(r->observation.at("settings")[1], -12, 0.0101);
  }
}

TEST(AberrationTuning, BadActionsAreRefusedAndChangeNothing) {
  TuningWorld w;
  ASSERT_TRUE(w.env->Reset(1).ok());
  const size_t before = w.seen->commands.size();
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& bad : std::vector<std::vector<float>>{
           {}, {1, 1}, {1, 1, 1, 1}, {nan, 0, 0}, {0, inf, 0}, {0, 0, -inf}, {24.001f, 0, 0}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(w.env->Step(bad).status())) << bad.size();
  }
  EXPECT_EQ(w.seen->commands.size(), before);
  for (int step = 1; step <= 4; ++step) {  // none of them was a step
    EXPECT_EQ(w.env->Step(std::vector<float>{0, 0, 0})->truncated, step == 4);
  }
}

std::vector<Array<float>> Images(AberrationTuning* env, std::optional<uint64_t> seed) {
  std::vector<Array<float>> images = {env->Reset(seed)->observation.at("image")};
  for (int i = 0; i < 3; ++i) {
    images.push_back(env->Step(std::vector<float>{float(i), -1, 0.5})->observation.at("image"));
  }
  return images;
}

TEST(AberrationTuning, IsAFunctionOfSeedEpisodeAndIndex) {
  TuningWorld a, b;
  const auto first = Images(a.env.get(), 7), second = Images(a.env.get(), std::nullopt);
  EXPECT_NE(first, second);
  EXPECT_EQ(Images(b.env.get(), 7), first);
  EXPECT_EQ(Images(b.env.get(), std::nullopt), second);
  EXPECT_EQ(Images(a.env.get(), 7), first);  // the sequence begins again
  EXPECT_NE(Images(a.env.get(), 8), first);
  AberrationTuningOptions neighbour = SmallTuning();
  neighbour.environment = 1;
  TuningWorld c(neighbour);
  EXPECT_NE(Images(c.env.get(), 7), first);
}

TEST(AberrationTuning, InfoCountsTimeDoseAndImages) {
  TuningWorld w;
  auto expect = [&](const Info& info, double images) {
    double time_s = 0, dose = 0;
    for (const auto& reply : w.seen->replies) {
      time_s += reply->elapsed_s;
      dose += reply->dose_e_per_m2 * 1e-20;
    }
    EXPECT_NEAR(info.at("time_s"), time_s, 1e-9);
    EXPECT_NEAR(info.at("dose_e_per_A2") / dose, 1, 1e-12);
    EXPECT_EQ(info.at("images"), images);
    EXPECT_GT(dose, 0);
  };
  expect(w.env->Reset(2)->info, 1);
  expect(w.env->Step(std::vector<float>{1, 1, 0})->info, 2);
  expect(w.env->Step(std::vector<float>{0, 0, 0})->info, 3);
  w.seen->commands.clear();
  w.seen->replies.clear();
  expect(w.env->Reset(std::nullopt)->info, 1);  // every episode counts from zero
}

TEST(AberrationTuning, ShiftOriginMovesTheColumnAndNotTheAgentsView) {
  TuningWorld w;
  ASSERT_TRUE(w.env->Reset(2).ok());
  ASSERT_TRUE(w.env->Step(std::vector<float>{2, -3, 1}).ok());
  const auto before = w.env->settings_nm();
  ASSERT_TRUE(w.env->ShiftOrigin(std::array{1.5, 0.0, -2.0}).ok());
  const auto after = w.env->settings_nm();
  EXPECT_NEAR(after[0] - before[0], 1.5, 1e-6);
  EXPECT_NEAR(after[1] - before[1], 0, 1e-6);
  EXPECT_NEAR(after[2] - before[2], -2, 1e-6);
  const auto column = *w.instrument.Execute(hw::Read{{"optics.C10", "optics.C12.b"}});
  EXPECT_NEAR(column.readings[0].value.si * 1e9, 3.5, 1e-6);
  EXPECT_NEAR(column.readings[1].value.si * 1e9, -1, 1e-6);
  const auto r = w.env->Step(std::vector<float>{0, 0, 0});
  EXPECT_NEAR(r->observation.at("settings")[0], 2, 1e-5);
  EXPECT_NEAR(r->observation.at("settings")[1], -3, 1e-5);
  EXPECT_NEAR(r->observation.at("settings")[2], 1, 1e-5);
}

// A twin in which nothing moves and nothing but electrons and readout is noisy.
const char* const kStill = R"(preset: corrected_200kV
prior:
  C10_walk_nm: [0, 0]
  C12_walk_nm: [0, 0]
  stage_walk_A: [0, 0]
  drift_x_A_per_s: [0, 0]
  drift_y_A_per_s: [0, 0]
  current_noise: [0, 0]
  dark_error_counts: [0, 0]
)";

// 400 pairs of frames with a few electrons a pixel: the mean agrees with the noise-free contrast
// (which the harmonics give without pixels; n/(n − 1) as for every sample covariance) within four
// of its own standard errors; one frame's var/mean² is off by tens of them.
TEST(AberrationTuning, ContrastHasNoShotNoiseBias) {
  auto twin = *hw::MakeTwin(TwinFromYaml(kStill), 4);
  ASSERT_TRUE(twin->Execute(hw::Unblank{}).ok());
  const hw::Scan scan{.fov_x_m = 7.81e-10,
                      .fov_y_m = 7.81e-10,
                      .pixels_x = 32,
                      .pixels_y = 32,
                      .dwell_s = 5e-7,
                      .frames = 2,
                      .detectors = {"haadf"}};
  constexpr int kPairs = 400;
  double sum = 0, squares = 0, naive = 0;
  for (int i = 0; i < kPairs; ++i) {
    const hw::Reply r = *twin->Execute(scan);
    const double c = TwoFrameContrast(r.frames[0].counts, r.frames[1].counts, 2);
    sum += c;
    squares += c * c;
    double mean = 0, variance = 0;
    for (float v : r.frames[0].counts) mean += (v - 2) / 1024;
    for (float v : r.frames[0].counts) variance += std::pow(v - 2 - mean, 2) / 1023;
    naive += variance / (mean * mean) / kPairs;
  }
  const double mean = sum / kPairs;
  const double error = std::sqrt((squares / kPairs - mean * mean) / kPairs);
  const double truth = twin->ground_truth()->Figure("contrast").value() * 1024 / 1023;
  EXPECT_NEAR(mean, truth, 4 * error);
  EXPECT_GT(naive - truth, 40 * error);
}

TEST(AberrationTuning, ContrastOfKnownFrames) {
  const Array<float> a({2, 2}, std::vector<float>{1, 2, 3, 6});
  const Array<float> b({2, 2}, std::vector<float>{2, 2, 4, 8});
  // Means 3 and 4; covariance (−2·−2 + −1·−2 + 0·0 + 3·4)/3 = 6.
  EXPECT_NEAR(TwoFrameContrast(a, b, 0), 6.0 / 12, 1e-12);
  EXPECT_NEAR(TwoFrameContrast(a, b, 1), 6.0 / 6, 1e-12);
  EXPECT_EQ(TwoFrameContrast(a, b, 5), 0);  // no mean above zero
}

TEST(AberrationTuning, RefusesAnInstrumentThatLacksWhatItNeeds) {
  auto refused = [](const std::function<void(hw::Description*)>& change, const char* names,
                    AberrationTuningOptions o = SmallTuning()) {
    Redescribed instrument(*hw::MakeTwin(TwinFromYaml(), 0), change);
    const auto env = AberrationTuning::Create(&instrument, o);
    EXPECT_TRUE(absl::IsInvalidArgument(env.status()));
    EXPECT_NE(env.status().message().find(names), std::string::npos) << env.status();
  };
  refused(
      [](hw::Description* d) {
        std::erase_if(d->properties, [](const auto& p) { return p.name == "optics.C12.a"; });
      },
      "optics.C12.a");
  refused([](hw::Description* d) { d->properties[0].writable = false; }, "optics.C10");
  refused([](hw::Description* d) { d->detectors.clear(); }, "haadf");
  refused([](hw::Description* d) { d->max_pixels = 16; }, "pixels");
  AberrationTuningOptions none = SmallTuning();
  none.range_nm = 0;
  refused([](hw::Description*) {}, "range_nm", none);
  // A real instrument has no ground truth, and none is needed.
  Redescribed real(*hw::MakeTwin(TwinFromYaml(), 0));
  EXPECT_TRUE((*AberrationTuning::Create(&real, SmallTuning()))->Reset(1).ok());
}

TEST(AberrationTuning, AFaultIsAnErrorAndNoStep) {
  bool broken = false;
  Spy instrument(
      *hw::MakeTwin(TwinFromYaml(), 0), std::make_shared<Seen>(), [&](const hw::Command& c) {
        return broken && std::holds_alternative<hw::Scan>(c) ? absl::UnavailableError("link lost")
                                                             : absl::OkStatus();
      });
  auto env = *AberrationTuning::Create(&instrument, SmallTuning());
  ASSERT_TRUE(env->Reset(1).ok());
  broken = true;
  EXPECT_TRUE(absl::IsUnavailable(env->Step(std::vector<float>{1, 0, 0}).status()));
  broken = false;
  for (int step = 1; step <= 4; ++step) {
    const auto r = env->Step(std::vector<float>{0, 0, 0});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->truncated, step == 4);
    EXPECT_NEAR(r->observation.at("settings")[0], 1, 0.0101);  // where the column really stands
  }
}

}  // namespace
}  // namespace ronchi::env
