// The guard's rules on sets: forbidden groups, valves, rates, coupled limits; places on the
// specimen. On an instrument that does whatever it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hw/safety/guarded.h"
#include "hw/safety/set_rules.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

class GuardEnvelope : public testing::Test {
 protected:
  GuardEnvelope() { options_.dose_budget_e_per_m2 = 1e30; }
  std::unique_ptr<GuardedInstrument> Make() {
    auto made = MakeGuarded(std::make_unique<NullInstrument>(state_), options_);
    RONCHI_CHECK(made.ok());
    return std::move(*made);
  }
  static absl::Status Do(Instrument* i, const Command& c) { return i->Execute(c).status(); }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  GuardOptions options_;
};

// The driver calls all of these writable.
TEST_F(GuardEnvelope, HighTensionGunAndVacuumAreReadOnly) {
  auto g = Make();
  EXPECT_TRUE(absl::IsPermissionDenied(Do(g.get(), Set{"beam.energy", Volts(2e5)})));
  EXPECT_TRUE(absl::IsPermissionDenied(Do(g.get(), Set{"gun.lens", Number(1)})));
  EXPECT_TRUE(Do(g.get(), Read{{"beam.energy", "gun.lens"}}).ok());
  EXPECT_EQ(state_->at["beam.energy"], 0);
  using Group = PropertyGroup;
  const std::pair<const char*, Group> names[] = {
      {"gun.shift.x", Group::kGun},         {"emission.current", Group::kGun},
      {"vacuum.mode", Group::kVacuum},      {"column.pressure", Group::kVacuum},
      {"ht.offset", Group::kHighTension},   {"extractor_voltage", Group::kHighTension},
      {"beam.energy", Group::kHighTension}, {"ColumnValve", Group::kValves},
      {"optics.C10", Group::kOther},        {"stage.height", Group::kOther}};
  for (const auto& [name, group] : names) {
    EXPECT_EQ(GuardedGroup({.name = name}), group) << name;
    EXPECT_EQ(GuardedGroup({.name = "x", .group = group}), group) << name;
  }
  // Limits for what the guard has made read only are a mistake.
  options_.limits["gun.lens"] = {0, 1, 1};
  EXPECT_TRUE(
      absl::IsInvalidArgument(MakeGuarded(std::make_unique<NullInstrument>(), options_).status()));
}

TEST_F(GuardEnvelope, ValvesMayBeClosedButNotOpened) {
  auto g = Make();
  EXPECT_EQ(state_->at["vacuum.column_valves"], 0);  // open
  EXPECT_TRUE(Do(g.get(), Set{"vacuum.column_valves", Number(1)}).ok());
  EXPECT_EQ(state_->at["vacuum.column_valves"], 1);
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"vacuum.column_valves", Number(0)})));
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"vacuum.column_valves", Number(-1), true})));
  EXPECT_EQ(state_->at["vacuum.column_valves"], 1);
}

// 10 µm at once and 2 µm/s: whatever the steps, T seconds allow 10 µm + 2 µm · T.
TEST_F(GuardEnvelope, RatesHoldOverAnyTime) {
  options_.limits["stage.x"] = {-1e-3, 1e-3, 10e-6, 2e-6};
  auto g = Make();
  const auto step = [&](double um) { return Do(g.get(), Set{"stage.x", Metres(um * 1e-6), true}); };
  EXPECT_TRUE(step(6).ok());
  EXPECT_TRUE(step(4).ok());
  const absl::Status fast = step(-1);
  EXPECT_TRUE(absl::IsResourceExhausted(fast)) << fast;
  EXPECT_TRUE(IsRetryable(fast));
  EXPECT_THAT(std::string(fast.message()), HasSubstr("wait 0.5"));
  state_->time_s += 0.5;  // somebody waits
  EXPECT_TRUE(step(-1).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(step(0.1)));
  state_->time_s += 100;
  EXPECT_TRUE(step(10).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(step(0.1)));
  EXPECT_TRUE(absl::IsOutOfRange(step(11)));
}

// z + 2e-4 |alpha| ≤ 100 µm with a single-tilt holder: two rows.
TEST_F(GuardEnvelope, CoupledLimitsOfHeightTiltAndHolder) {
  for (double sign : {1.0, -1.0}) {
    options_.coupled.push_back(
        {"z under tilt", {{"stage.z", 1}, {"stage.alpha", sign * 2e-4}}, 100e-6, "holder.type", 0});
  }
  auto g = Make();
  EXPECT_TRUE(Do(g.get(), Set{"stage.alpha", Radians(0.4)}).ok());  // 80 µm
  EXPECT_TRUE(Do(g.get(), Set{"stage.z", Metres(20e-6)}).ok());     // 100 µm
  const absl::Status touch = Do(g.get(), Set{"stage.z", Metres(21e-6)});
  EXPECT_TRUE(absl::IsOutOfRange(touch));
  EXPECT_THAT(std::string(touch.message()), HasSubstr("z under tilt"));
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"stage.alpha", Radians(-0.41)})));
  EXPECT_TRUE(Do(g.get(), Set{"stage.alpha", Radians(-0.39)}).ok());
  // The operator tilts by hand: the guard looks before it moves.
  state_->at["stage.alpha"] = 0.5;
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"stage.z", Metres(15e-6)})));
  EXPECT_TRUE(Do(g.get(), Set{"stage.z", Metres(-1e-6)}).ok());
  // Another holder has room; one that reads as nothing has not.
  state_->at["holder.type"] = 1;
  EXPECT_TRUE(Do(g.get(), Set{"stage.z", Metres(200e-6)}).ok());
  EXPECT_TRUE(Do(g.get(), Set{"stage.z", Metres(0)}).ok());
  state_->at["holder.type"] = std::nan("");
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"stage.z", Metres(200e-6)})));
  state_->at["stage.alpha"] = std::nan("");
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), Set{"stage.z", Metres(1e-9)})));
}

// 1 pA · 1 µs on 1 Å², where the probe stands: 6.24 e⁻/Å² a scan. A budget of 15 allows two at one
// place of the specimen, wherever the stage has brought it.
TEST_F(GuardEnvelope, TheDoseBelongsToThePlaceOnTheSpecimen) {
  options_.dose_budget_e_per_m2 = 15e20;
  auto g = Make();
  ASSERT_TRUE(Do(g.get(), Unblank{}).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan())));
  // The stage carries the specimen along +x; the same place is then under +x of the scan.
  ASSERT_TRUE(Do(g.get(), Set{"stage.x", Metres(50e-9)}).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan(50e-9))));
  // Also when the operator moves it.
  state_->at["stage.x"] = 0;
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan())));
  // With 10 nm of doubt the neighbourhood is taken for exposed too.
  options_.position_uncertainty_m = 10e-9;
  g = Make();
  ASSERT_TRUE(Do(g.get(), Unblank{}).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan(20e-9))));
  EXPECT_TRUE(Do(g.get(), SmallScan(30e-9)).ok());
}

// A current that is seen to rise is counted with from then on.
TEST_F(GuardEnvelope, TheHighestCurrentSeenCounts) {
  options_.dose_budget_e_per_m2 = 15e20;
  auto g = Make();
  ASSERT_TRUE(Do(g.get(), Unblank{}).ok());
  EXPECT_TRUE(Do(g.get(), SmallScan()).ok());
  state_->at["beam.current"] = 2e-12;  // 6 + 12 is too much
  EXPECT_TRUE(Do(g.get(), Read{{"beam.current"}}).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan())));
  state_->at["beam.current"] = 1e-13;
  EXPECT_TRUE(Do(g.get(), Read{{"beam.current"}}).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), SmallScan())));
}

// Points of a list that fall on one square nanometre add up: 10 ns of 1 pA on 1 Å² are 0.0624
// e⁻/Å².
TEST_F(GuardEnvelope, PointsAddUp) {
  options_.dose_budget_e_per_m2 = 0.2e20;
  auto g = Make();
  ASSERT_TRUE(Do(g.get(), Unblank{}).ok());
  Scan points = SmallScan();
  points.pattern = ScanPattern::kPoints;
  points.dwell_s = 1e-8;
  points.points_m = {{0, 0}, {5e-9, 0}, {10e-9, 0}, {15e-9, 0}, {20e-9, 0}};
  EXPECT_TRUE(Do(g.get(), points).ok());
  points.points_m.assign(5, {30e-9, 0});
  EXPECT_TRUE(absl::IsOutOfRange(Do(g.get(), points)));
  points.points_m.resize(3);
  EXPECT_TRUE(Do(g.get(), points).ok());
}

}  // namespace
}  // namespace ronchi::hw
