// AdaptiveScan-v0: Gymnasium's contract, what is measured where, and rewards that add up.
#include "env/adaptive_scan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "experiments/catalog/environments.h"
#include "tests/support/map_world.h"
#include "tests/support/redescribed.h"

namespace ronchi::env {
namespace {

using namespace testing_support;  // NOLINT: of tests alone
using Pattern = AdaptiveScanOptions::Pattern;
using ScanWorld = MapWorld<AdaptiveScan, AdaptiveScanOptions>;

AdaptiveScanOptions SmallScan() {
  AdaptiveScanOptions o;
  o.pixels = 16;
  o.budget = 0.2;  // 51 probes: 16 of the coarse grid, 35 steps
  o.dark_counts = 2;
  o.white_counts = 400;
  return o;
}

TEST(AdaptiveScan, KeepsTheContract) {
  for (Pattern pattern : {Pattern::kPoint, Pattern::kPatch, Pattern::kLine}) {
    AdaptiveScanOptions o = SmallScan();
    o.pattern = pattern;
    o.probes_per_step = pattern == Pattern::kPoint ? 1 : pattern == Pattern::kPatch ? 4 : 5;
    ScanWorld w(o);
    EXPECT_EQ(w.env->spec().max_episode_steps, 35 / o.probes_per_step);
    ExpectContract(w.env.get());
  }
}

TEST(AdaptiveScan, MayBeCutOff) {
  AdaptiveScanOptions o = SmallScan();
  o.max_episode_steps = 3;
  ScanWorld w(o);
  ASSERT_TRUE(w.env->Reset(1).ok());
  for (int step = 1; step <= 3; ++step) {
    const auto r = *w.env->Step(SomeAction(w.env->spec(), step));
    EXPECT_FALSE(r.terminated);
    EXPECT_EQ(r.truncated, step == 3);
  }
}

TEST(AdaptiveScan, IsAFunctionOfSeedEpisodeAndIndex) {
  ScanWorld a(SmallScan()), b(SmallScan());
  const Trace first = Episode(a.env.get(), 7, 5), second = Episode(a.env.get(), std::nullopt, 5);
  EXPECT_NE(first, second);
  EXPECT_EQ(Episode(b.env.get(), 7, 5), first);
  EXPECT_EQ(Episode(b.env.get(), std::nullopt, 5), second);
  EXPECT_NE(Episode(a.env.get(), 8, 5), first);
  AdaptiveScanOptions neighbour = SmallScan();
  neighbour.environment = 1;
  ScanWorld c(neighbour);
  EXPECT_NE(Episode(c.env.get(), 7, 5), first);
}

TEST(AdaptiveScan, SavedInMidEpisodeItGoesOnToTheBit) {
  ScanWorld a(SmallScan()), b(SmallScan());
  (void)Episode(a.env.get(), 7, 10);
  const std::string saved = *a.env->Save();
  const Trace rest = GoOn(a.env.get(), 10, 10);
  ASSERT_TRUE(b.env->Restore(saved).ok());
  EXPECT_EQ(
      *b.env->Render(), *[&] {
        ScanWorld c(SmallScan());
        EXPECT_TRUE(c.env->Restore(saved).ok());
        return c.env->Render();
      }());
  EXPECT_EQ(GoOn(b.env.get(), 10, 10), rest);
  AdaptiveScanOptions other = SmallScan();
  other.pixels = 20;
  ScanWorld d(other);
  EXPECT_FALSE(d.env->Restore(saved).ok());
  EXPECT_FALSE(d.env->Restore("nonsense").ok());
}

// The points that reached the instrument are the pixels of the action, where the convention puts
// them: (i/n − 1/2) · fov.
TEST(AdaptiveScan, ProbesGoWhereTheActionSays) {
  const auto points = [](const AdaptiveScanOptions& o, const std::vector<float>& action) {
    ScanWorld w(o);
    RONCHI_CHECK(w.env->Reset(1).ok());
    RONCHI_CHECK(w.env->Step(action).ok());
    std::vector<std::array<int, 2>> at;
    for (const auto& p : std::get<hw::Scan>(w.seen->commands.back()).points_m) {
      const double column = (p[0] / 120e-9 + 0.5) * 16, row = (p[1] / 120e-9 + 0.5) * 16;
      EXPECT_NEAR(column, std::round(column), 1e-9);
      at.push_back({int(std::lround(column)), int(std::lround(row))});
    }
    return at;
  };
  using At = std::vector<std::array<int, 2>>;
  AdaptiveScanOptions o = SmallScan();
  EXPECT_EQ(points(o, {-1, 1}), (At{{0, 15}}));
  EXPECT_EQ(points(o, {0.01f, -0.01f}), (At{{8, 7}}));
  o.pattern = Pattern::kPatch;
  o.probes_per_step = 4;
  EXPECT_EQ(points(o, {0.01f, 0.01f}), (At{{7, 7}, {8, 7}, {7, 8}, {8, 8}}));
  EXPECT_EQ(points(o, {1, 1}), (At{{14, 14}, {15, 14}, {14, 15}, {15, 15}}));
  o.pattern = Pattern::kLine;
  o.probes_per_step = 3;
  EXPECT_EQ(points(o, {0.01f, 0.01f, 0}), (At{{7, 8}, {8, 8}, {9, 8}}));
  EXPECT_EQ(points(o, {0.01f, 0.01f, 0.5f}), (At{{8, 7}, {8, 8}, {8, 9}}));
  EXPECT_EQ(points(o, {1, 0.01f, 0}), (At{{14, 8}, {15, 8}, {15, 8}}));  // at the rim
}

TEST(AdaptiveScan, RewardsAddUpToTheFallOfTheError) {
  ScanWorld w(SmallScan());
  const double before = w.env->Reset(4)->info.at("error");
  const Trace t = GoOn(w.env.get(), 0, 35);
  double sum = 0;
  for (double r : t.rewards) sum += r;
  EXPECT_NEAR(sum, before - t.info.at("error"), 1e-12);
  EXPECT_LT(t.info.at("error"), before);
  EXPECT_EQ(t.info.at("probes"), 51);
}

TEST(AdaptiveScan, InfoCountsTimeDoseAndElectrons) {
  ScanWorld w(SmallScan());
  ASSERT_TRUE(w.env->Reset(2).ok());
  const Trace t = GoOn(w.env.get(), 0, 7);
  double time_s = 0, dose = 0, electrons = 0;
  for (const auto& reply : w.seen->replies) {
    time_s += reply->elapsed_s;
    dose += reply->dose_e_per_m2 * 1e-20;
    electrons += reply->electrons;
  }
  EXPECT_NEAR(t.info.at("time_s"), time_s, 1e-9);
  EXPECT_NEAR(t.info.at("dose_e_per_A2") / dose, 1, 1e-12);
  EXPECT_NEAR(t.info.at("electrons") / electrons, 1, 1e-12);
}

// Every pixel measured, for long: the error that is left is counting noise, √(mean variance) over
// the truth's standard deviation, here below a hundredth; of one frame of 64 pixels.
TEST(AdaptiveScan, AllPixelsMeasuredAreTheTruth) {
  AdaptiveScanOptions o = SmallScan();
  o.pixels = 8;
  o.first_grid = 0;
  o.budget = 1;
  o.dwell_s = 1e-3;
  o.white_counts = 400 * 50;
  ScanWorld w(o, StillMap(""));
  const auto reset = *w.env->Reset(1);
  EXPECT_GT(reset.info.at("error"), 0.5);
  double error = 0;
  for (int i = 0; i < 64; ++i) {
    const std::vector<float> action = {2 * (float(i % 8) + 0.5f) / 8 - 1,
                                       2 * (float(i / 8) + 0.5f) / 8 - 1};
    const auto r = *w.env->Step(action);
    error = r.info.at("error");
    EXPECT_EQ(r.terminated, i == 63);
  }
  EXPECT_LT(error, 0.02);
}

TEST(AdaptiveScan, TheImageAloneWillDo) {
  AdaptiveScanOptions o = SmallScan();
  o.reward_is_truth = false;
  ScanWorld w(o);
  ASSERT_TRUE(w.env->Reset(1).ok());
  const auto r = *w.env->Step(std::vector<float>{0.3f, 0.3f});
  EXPECT_GE(r.reward, 0);
  EXPECT_EQ(r.reward, r.info.at("surprise"));
  EXPECT_FALSE(w.env->spec().needs_ground_truth);
}

TEST(AdaptiveScan, ARealInstrumentWillDoWithoutTruth) {
  Redescribed real(*hw::MakeMapTwin(MapFromYaml(), 0));
  const auto refused = AdaptiveScan::Create(&real, SmallScan());
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_NE(refused.status().message().find("reward: image"), std::string::npos);
  AdaptiveScanOptions o = SmallScan();
  o.reward_is_truth = false;
  const auto env = *AdaptiveScan::Create(&real, o);
  ASSERT_TRUE(env->Reset(1).ok());
  const auto r = *env->Step(std::vector<float>{0, 0});
  EXPECT_FALSE(r.info.contains("error"));
  EXPECT_TRUE(env->Render().ok());
  EXPECT_FALSE(env->Save().ok());
}

TEST(AdaptiveScan, RefusesWhatCannotBe) {
  const auto refused =
      [](
          const char* names, const std::function<void(AdaptiveScanOptions*)>& spoil,
          const std::function<void(hw::Description*)>& change = [](hw::Description*) {}) {
        Redescribed real(*hw::MakeMapTwin(MapFromYaml(), 0), change);
        AdaptiveScanOptions o = SmallScan();
        o.reward_is_truth = false;
        spoil(&o);
        const auto env = AdaptiveScan::Create(&real, o);
        EXPECT_TRUE(absl::IsInvalidArgument(env.status())) << names;
        EXPECT_NE(env.status().message().find(names), std::string::npos) << env.status();
      };
  const auto none = [](AdaptiveScanOptions*) {};
  refused("haadf", none, [](hw::Description* d) { d->detectors.clear(); });
  refused("points", none, [](hw::Description* d) { d->cannot.push_back("scan.points"); });
  refused("dwell_us", [](AdaptiveScanOptions* o) { o->dwell_s = 1e-9; });
  refused("fov_nm", [](AdaptiveScanOptions* o) { o->fov_nm = 5000; });
  refused("white_counts", [](AdaptiveScanOptions* o) { o->white_counts = 0; });
  refused("probe a step", [](AdaptiveScanOptions* o) { o->first_grid = 17; });
  refused("one probe", [](AdaptiveScanOptions* o) { o->probes_per_step = 2; });
  refused("square", [](AdaptiveScanOptions* o) {
    o->pattern = Pattern::kPatch;
    o->probes_per_step = 5;
  });
  refused("no probes left", [](AdaptiveScanOptions* o) { o->budget = 0.05; });
}

TEST(AdaptiveScan, AFaultIsAnErrorAndNoStep) {
  ScanWorld w(SmallScan());
  ASSERT_TRUE(w.env->Reset(1).ok());
  w.broken = true;
  EXPECT_TRUE(absl::IsUnavailable(w.env->Step(std::vector<float>{0.5f, 0.5f}).status()));
  EXPECT_TRUE(absl::IsUnavailable(w.env->Reset(1).status()));
  w.broken = false;
  EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(std::vector<float>{0, 0}).status()));
  ASSERT_TRUE(w.env->Reset(1).ok());
  w.broken = true;
  EXPECT_FALSE(w.env->Step(std::vector<float>{0.5f, 0.5f}).ok());
  w.broken = false;
  for (int step = 1; step <= 35; ++step) {
    const auto r = w.env->Step(std::vector<float>{0.1f, 0.1f});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->terminated, step == 35);
    EXPECT_EQ(r->info.at("probes"), 16 + step);  // the failed one is none
  }
}

TEST(AdaptiveScan, ConfigsAreCheckedAndLevelsDiffer) {
  const auto message = [](const std::string& yaml) {
    const auto e = MakeEnvironment("AdaptiveScan-v0", yaml);
    EXPECT_FALSE(e.ok()) << yaml;
    return std::string(e.status().message());
  };
  EXPECT_NE(message("{task: {level: 4}}").find("level: 4 is not allowed"), std::string::npos);
  EXPECT_NE(message("{task: {pixel: 4}}").find("pixels"), std::string::npos);
  EXPECT_NE(message("{task: {pattern: star}}").find("point"), std::string::npos);
  EXPECT_NE(message("{instrument: {preset: plasmonic_particles, current: 4}}").find("current"),
            std::string::npos);
  EXPECT_NE(message("{instrument: nothing_like_it}").find("nothing_like_it"), std::string::npos);
  EXPECT_NE(message("{instrument: {kind: plane}}").find("column, particles"), std::string::npos);
  int steps[3];
  for (int level = 1; level <= 3; ++level) {
    const auto e =
        MakeEnvironment("AdaptiveScan-v0", "{task: {level: " + std::to_string(level) + "}}");
    ASSERT_TRUE(e.ok()) << e.status();
    const auto reset = (*e)->Reset(1);
    ASSERT_TRUE(reset.ok()) << reset.status();
    ExpectInSpace((*e)->spec(), reset->observation);
    steps[level - 1] = (*e)->spec().max_episode_steps;
  }
  EXPECT_EQ(steps[0], 137);
  EXPECT_EQ(steps[1], 393);
  EXPECT_EQ(steps[2], 188);
  EXPECT_TRUE(MakeEnvironment("AdaptiveScan-v0",
                              "{instrument: plasmonic_particles, task: {pixels: 24, level: 2, "
                              "dwell_us: 3, pattern: line, probes_per_step: 8}}")
                  .ok());
}

}  // namespace
}  // namespace ronchi::env
