// DriftLock-v1: where it looks, what it measures, what is true. The contract that it shares with
// all environments: tests/experiments/catalog/environments.cc.
#include "env/drift_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"
#include "tests/support/lacking.h"

namespace ronchi::env {
namespace {

using testing::HasSubstr;
using testing_support::Seen;
using testing_support::Spy;
using testing_support::TwinFromYaml;
using testing_support::WhyRefused;

// A tuned twin that moves as told, with many electrons and nothing else noisy.
std::string Moving(double x_A_per_s, double y_A_per_s, const std::string& prior = "") {
  return absl::StrCat("{preset: corrected_200kV, current_pA: 1000, prior: {",
                      "C10_nm: [0, 0], C12a_nm: [0, 0], C12b_nm: [0, 0], stage_walk_A: [0, 0], ",
                      "drift_x_A_per_s: [", x_A_per_s, ", ", x_A_per_s, "], drift_y_A_per_s: [",
                      y_A_per_s, ", ", y_A_per_s, "]", prior, "}}");
}

struct DriftWorld {
  explicit DriftWorld(const std::string& yaml, DriftLockOptions o = Small())
      : instrument(*hw::MakeTwin(TwinFromYaml(yaml), 0), seen),
        env(*DriftLock::Create(&instrument, o)) {}
  static DriftLockOptions Small() {
    DriftLockOptions o;
    o.reward_truth = true;
    o.max_episode_steps = 8;
    return o;
  }
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  Spy instrument;
  std::unique_ptr<DriftLock> env;
};

TEST(DriftLock, ParksAndScansWhereItIsTold) {
  DriftWorld w(Moving(0, 0));
  ASSERT_TRUE(w.env->Reset(1).ok());
  w.seen->commands.clear();
  ASSERT_TRUE(w.env->Step(std::vector<float>{0.1f, -0.2f}).ok());
  ASSERT_TRUE(w.env->Step(std::vector<float>{0.1f, 0.05f}).ok());
  ASSERT_EQ(w.seen->commands.size(), 4u);
  const auto& park = std::get<hw::Park>(w.seen->commands[2]);
  const auto& scan = std::get<hw::Scan>(w.seen->commands[3]);
  EXPECT_NEAR(park.x_m, 0.2e-9, 1e-16);
  EXPECT_NEAR(park.y_m, -0.15e-9, 1e-16);
  EXPECT_EQ(park.duration_s, 1);
  EXPECT_EQ(scan.center_x_m, park.x_m);
  EXPECT_EQ(scan.center_y_m, park.y_m);
  EXPECT_EQ(scan.frames, 1u);
}

// The specimen moves by v t under the scan, so that the site goes the other way in the image.
TEST(DriftLock, MeasuresTheDriftAndItsSign) {
  DriftWorld w(Moving(0.2, -0.1));
  ASSERT_TRUE(w.env->Reset(1).ok());
  const auto r = w.env->Step(std::vector<float>{0, 0});
  const auto& reply = *w.seen->replies.back();
  // From the middle of four frames to the middle of one: park and two and a half frames.
  const double waited_s = 1 + 2.5 * reply.elapsed_s;
  const auto& shift = r->observation.at("shift");
  const double tolerance_nm = 0.05 * 0.02;  // registration sees 95 % at least
  EXPECT_NEAR(shift[0], -0.02 * waited_s, tolerance_nm);
  EXPECT_NEAR(shift[1], 0.01 * waited_s, tolerance_nm);
  EXPECT_NEAR(-r->reward, std::hypot(0.02, 0.01) * waited_s, 1e-4);  // the truth has no noise
  EXPECT_NEAR(r->info.at("distance_pm"), -1e3 * r->reward, 1e-9);
  // Looking where it is seen brings it back.
  const auto next = w.env->Step(std::vector<float>{shift[0], shift[1]});
  // One step's drift again; both are measured, and each may be off.
  EXPECT_NEAR(next->observation.at("shift")[0], shift[0], 2 * tolerance_nm);
}

TEST(DriftLock, TheTruthKnowsTheScanCoilsErrors) {
  DriftWorld w(Moving(0, 0,
                 ", scan_rotation_mrad: [300, 300], scan_x_ratio: [1.1, 1.1], "
                 "scan_y_ratio: [0.9, 0.9]"));
  ASSERT_TRUE(w.env->Reset(1).ok());
  auto r = w.env->Step(std::vector<float>{0.1f, 0});
  EXPECT_NEAR(r->info.at("distance_pm"), 110, 1e-4);
  r = w.env->Step(std::vector<float>{-0.1f, 0.05f});
  EXPECT_NEAR(r->info.at("distance_pm"), 45, 1e-4);
  // The image sees it in its own frame: where it looks, by as much as it was told to.
  EXPECT_NEAR(r->observation.at("shift")[1], -0.05, 0.05 * 0.05);
}

TEST(DriftLock, CentreAndMeasurementsStayInTheirRanges) {
  DriftLockOptions o = DriftWorld::Small();
  o.range_nm = 0.5;
  DriftWorld w(Moving(0, 0), o);
  ASSERT_TRUE(w.env->Reset(1).ok());
  constexpr double kMoved[] = {-0.3, -0.2, 0};
  for (int step = 0; step < 3; ++step) {
    const auto r = w.env->Step(std::vector<float>{0.3f, -0.3f});
    EXPECT_NEAR(r->observation.at("center")[0], std::min(0.5, 0.3 * (step + 1)), 1e-6);
    EXPECT_NEAR(r->observation.at("correction")[1], kMoved[step], 1e-6);
    EXPECT_LE(std::fabs(r->observation.at("shift")[0]), 0.19f);
  }
}

TEST(DriftLock, RefusesAnInstrumentThatLacksWhatItNeeds) {
  const hw::Description whole =
      (*hw::MakeTwin(TwinFromYaml("{preset: corrected_200kV, engine: linear}"), 0))->description();
  const auto why = [&](const std::function<void(hw::Description*, DriftLockOptions*)>& change) {
    return WhyRefused<DriftLock, DriftLockOptions>(whole, {}, change);
  };
  EXPECT_THAT(why([](auto* d, auto*) { d->detectors.clear(); }), HasSubstr("haadf"));
  EXPECT_THAT(why([](auto* d, auto*) { d->cannot.push_back("park"); }), HasSubstr("park_s: 0"));
  EXPECT_THAT(why([](auto*, auto* o) { o->reward_truth = true; }), HasSubstr("ground truth"));
  EXPECT_THAT(why([](auto*, auto* o) { o->max_shift_A = 8; }), HasSubstr("max_shift_A"));
  EXPECT_EQ(why([](auto* d, auto* o) {
              d->cannot.push_back("park");
              o->park_s = 0;
            }),
            "");
}

}  // namespace
}  // namespace ronchi::env
