// A twin's state in the middle of an episode: saved, gone on with, restored, gone on with again.
#include <gtest/gtest.h>

#include "core/random.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::SameReply;
using testing_support::TwinFromYaml;

// Everything that a twin can have, switched on.
constexpr char kRich[] = R"(
preset: corrected_200kV
correctors_nm: {C21: 1000, C30: 10000}
detectors: {bf: {inner_mrad: 0, outer_mrad: 9}}
stage: {present: true}
camera: {present: true, pixels: 16, pixel_mrad: 4}
measurements: {present: true}
prior:
  tilt_backlash_mrad: [3, 3]
  mistilt_beta_mrad: [-4, 4]
  corrector_lag_share: [0.3, 0.3]
  corrector_gain_spread: [0.05, 0.05]
  cross_talk: [0.02, 0.02]
  stage_lag_share: [0.2, 0.2]
  stage_backlash_nm: [20, 20]
  eucentric_um: [1, 1]
  C21_walk_nm: [0.3, 0.3]
  line_jitter_A: [0.1, 0.1]
  flyback_lag_A: [0.5, 0.5]
  line_noise: [0.02, 0.02]
  current_decay_per_h: [0.1, 0.1]
  critical_dose_e_per_A2: [20000, 20000]
  contamination_nm_per_Me_A2: [1, 1]
  source_tail_share: [0.2, 0.3]
  pulse_height_noise: [0.5, 0.5]
  afterglow_share: [0.1, 0.1]
  hum_x_A: [0.2, 0.2]
  flyback_lag_share: [0.01, 0.01]
  scan_wander_A: [0.2, 0.2]
  current_flicker: [0.02, 0.02]
  measure_bias_nm: [1, 1]
  measure_covariance_ratio: [0.5, 0.5]
events:
  - {at_scan: 3, add: {C12a_nm: 2}}
)";

Scan Field(double x_nm) {
  return {.center_x_m = x_nm * 1e-9,
          .fov_x_m = 1e-9,
          .fov_y_m = 1e-9,
          .pixels_x = 12,
          .pixels_y = 12,
          .dwell_s = 2e-5,
          .frames = 2,
          .detectors = {"haadf", "bf"}};
}

std::vector<Command> Session(uint64_t seed) {
  RandomStream random({.seed = seed, .name = "test.session"});
  std::vector<Command> commands = {Unblank{}};
  for (int i = 0; i < 4; ++i) {
    commands.push_back(Set{"optics.C12.a", Nanometres(random.Uniform(-5, 5))});
    commands.push_back(Set{"optics.C21.b", Nanometres(random.Uniform(-50, 50))});
    commands.push_back(Set{"stage.x", Nanometres(random.Uniform(-50, 50))});
    commands.push_back(Set{"stage.alpha", Radians(random.Uniform(-0.05, 0.05))});
    commands.push_back(Set{"scan.rotation", Radians(random.Uniform(-1, 1))});
    commands.push_back(Field(random.Uniform(-2, 2)));
    commands.push_back(Expose{.camera = "camera", .time_s = 1e-3, .frames = 2, .binning = 2});
    commands.push_back(Measure{i % 2 ? "drift" : "aberrations", 2e-7, 0});
    commands.push_back(Park{1e-9, 0, 0.2});
    commands.push_back(Read{{"beam.current", "dose.max", "scan.count", "stage.x"}});
  }
  commands.push_back(Blank{});
  return commands;
}

std::vector<Reply> Go(Instrument* twin, const std::vector<Command>& commands) {
  std::vector<Reply> replies;
  for (const Command& c : commands) {
    auto reply = twin->Execute(c);
    EXPECT_TRUE(reply.ok()) << VerbName(c) << ": " << reply.status();
    replies.push_back(reply.ok() ? *reply : Reply{});
  }
  return replies;
}

void ExpectSame(const std::vector<Reply>& a, const std::vector<Reply>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(SameReply(a[i], b[i])) << "reply " << i;
}

TEST(TwinState, RestoredItGoesOnToTheBit) {
  auto twin = *MakeTwin(TwinFromYaml(kRich), 5);
  twin->ground_truth()->Randomise(5, 3, 7);
  Go(twin.get(), Session(1));
  const std::string state = *twin->ground_truth()->Save();
  const auto hidden = twin->ground_truth()->Hidden();
  const auto first = Go(twin.get(), Session(2));
  EXPECT_NE(twin->ground_truth()->Hidden(), hidden);

  ASSERT_TRUE(twin->ground_truth()->Restore(state).ok());
  EXPECT_EQ(twin->ground_truth()->Hidden(), hidden);
  EXPECT_EQ(*twin->ground_truth()->Save(), state);
  ExpectSame(Go(twin.get(), Session(2)), first);

  // Another twin of the same options, in another episode, goes on likewise.
  auto other = *MakeTwin(TwinFromYaml(kRich), 99);
  ASSERT_TRUE(other->ground_truth()->Restore(state).ok());
  ExpectSame(Go(other.get(), Session(2)), first);
  // And drawn anew, nothing of the old state is left.
  auto fresh = *MakeTwin(TwinFromYaml(kRich), 4);
  other->ground_truth()->Randomise(4, 0, 0);
  ExpectSame(Go(other.get(), Session(3)), Go(fresh.get(), Session(3)));
}

TEST(TwinState, AnotherTwinsOrADamagedStateIsRefusedAndChangesNothing) {
  auto twin = *MakeTwin(TwinFromYaml(kRich), 5);
  auto plain = *MakeTwin(TwinFromYaml(), 5);
  Go(twin.get(), Session(1));
  const std::string before = *twin->ground_truth()->Save();
  std::string damaged = before;
  damaged[damaged.size() / 2] ^= 1;
  for (const std::string& bad :
       {std::string(), std::string("ronchi"), damaged, before.substr(0, before.size() - 1),
        before + "x", *plain->ground_truth()->Save()}) {
    const absl::Status status = twin->ground_truth()->Restore(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(*twin->ground_truth()->Save(), before);
  }
}

}  // namespace
}  // namespace ronchi::hw
