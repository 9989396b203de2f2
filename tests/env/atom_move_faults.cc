// AtomMove-v0 under actions, options and instruments that are not as they should be.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "env/atom_move.h"
#include "hw/safety/guarded.h"
#include "tests/support/atom_world.h"
#include "tests/support/redescribed.h"

namespace ronchi::env {
namespace {

using testing_support::Redescribed;
using testing_support::TowardsTheGoal;
using World = testing_support::AtomWorld;

TEST(AtomMove, BadActionsAreRefusedAndChangeNothing) {
  World w;
  ASSERT_TRUE(w.env->Reset(1).ok());
  const size_t before = w.seen->commands.size();
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& bad : std::vector<std::vector<float>>{
           {}, {1}, {1, 1, 1}, {nan, 0}, {0, inf}, {-inf, 0}, {1.43f, 0}, {0, -1.43f}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(w.env->Step(bad).status())) << bad.size();
  }
  EXPECT_EQ(w.seen->commands.size(), before);
}

TEST(AtomMove, AFaultIsAnErrorAndNoStep) {
  std::string broken;
  World w({}, {}, [&](const hw::Command& c) {
    return hw::VerbName(c) == broken ? absl::UnavailableError("link lost") : absl::OkStatus();
  });
  ASSERT_TRUE(w.env->Reset(1).ok());
  for (const char* verb : {"park", "measure"}) {
    broken = verb;
    EXPECT_TRUE(absl::IsUnavailable(w.env->Step(std::vector<float>{1, 0}).status())) << verb;
    broken.clear();
    EXPECT_TRUE(w.env->Step(std::vector<float>{0, 0}).ok());
  }
  broken = "measure";
  EXPECT_TRUE(absl::IsUnavailable(w.env->Reset(2).status()));
  broken.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(std::vector<float>{0, 0}).status()));
}

// A measurement without a result is made again, as often as it takes and five times at most; each
// has taken its time. Behind a guard as well, which blanks after it.
TEST(AtomMove, AMeasurementWithoutResultIsMadeAgain) {
  hw::AtomTwinOptions failing;
  failing.faults.measure_fails = 0.15;
  failing.faults.measure_fails_later = 0.05;
  hw::GuardOptions budget;
  budget.dose_budget_e_per_m2 = 1e32;
  for (const bool guards : {false, true}) {
    auto instrument = *hw::MakeAtomTwin(failing, 3);
    if (guards) instrument = *hw::MakeGuarded(std::move(instrument), budget);
    const auto env = *AtomMove::Create(instrument.get(), {});
    double images = 0, looks = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const auto reset = env->Reset(seed);
      ASSERT_TRUE(reset.ok()) << reset.status();
      Observation o = reset->observation;
      for (int i = 1; i <= 20; ++i) {
        const auto r = env->Step(TowardsTheGoal(o));
        ASSERT_TRUE(r.ok()) << r.status();
        o = r->observation;
        // An image takes 2 s, a step's dwell 1.5 s; reading and blanking take no time here.
        EXPECT_NEAR(r->info.at("time_s"), 2 * r->info.at("images") + 1.5 * i, 1e-9);
        if (!r->terminated && i < 20) continue;
        images += r->info.at("images");
        looks += i + 1 + r->info.at("recentred");
        break;
      }
    }
    // One in five is made again: of a hundred, twenty-five more, with a standard deviation of six.
    EXPECT_GT(images, looks + 5);
    EXPECT_LT(images, 2 * looks);
  }
  failing.faults.measure_fails = 1;
  failing.faults.measure_fails_later = 0;
  auto never = *hw::MakeAtomTwin(failing, 3);
  const auto env = *AtomMove::Create(never.get(), {});
  const absl::Status status = env->Reset(1).status();
  EXPECT_EQ(hw::ErrorOf(status).kind, hw::ErrorKind::kTimeout) << status;
}

// An answer with fewer numbers, or with others, is no guess.
TEST(AtomMove, AnotherMeasurementIsRefused) {
  class Other final : public hw::Instrument {
   public:
    const hw::Description& description() const override { return twin_->description(); }
    absl::StatusOr<hw::Reply> Run(const hw::Command& c, const hw::ExecuteOptions& o) override {
      auto reply = twin_->Execute(c, o);
      if (reply.ok() && !reply->estimates.empty()) reply->estimates[0].names[3] = "neighbour9.y";
      return reply;
    }

   private:
    std::unique_ptr<hw::Instrument> twin_ = *hw::MakeAtomTwin({}, 1);
  } other;
  const auto env = *AtomMove::Create(&other, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(env->Reset(1).status()));
}

TEST(AtomMove, RefusesWhatItCannotDo) {
  const auto refused = [](const std::function<void(hw::Description*)>& change,
                          AtomMoveOptions options = {}) {
    Redescribed instrument(*hw::MakeAtomTwin({}, 1), change);
    return absl::IsInvalidArgument(AtomMove::Create(&instrument, options).status());
  };
  EXPECT_TRUE(refused([](hw::Description* d) { d->measurements.clear(); }));
  EXPECT_TRUE(refused([](hw::Description* d) { d->cannot.push_back("park"); }));
  EXPECT_TRUE(refused([](hw::Description* d) { d->max_fov_m = 1e-9; }));
  AtomMoveOptions far;
  far.goal_low_A = 12;
  EXPECT_TRUE(refused([](hw::Description*) {}, far));
  // Without ground truth it runs: a real instrument has none.
  Redescribed real(*hw::MakeAtomTwin({}, 1));
  const auto env = *AtomMove::Create(&real, {});
  EXPECT_TRUE(env->Reset(1).ok());
  EXPECT_TRUE(absl::IsUnimplemented(env->Save().status()));
}

TEST(AtomMove, BadOptionsAreNamed) {
  const auto error = [](const char* yaml) {
    AtomMoveOptions options;
    int level = 1;
    return std::string(
        ReadAtomMoveOptions(*Config::Parse(yaml, "t.yaml"), &options, &level).message());
  };
  EXPECT_EQ(error("{}"), "");
  EXPECT_EQ(error("{dwell_s: 0}"), "t.yaml:1: dwell_s: 0 is not allowed; allowed: 0.01 … 600");
  EXPECT_NE(error("{dwell: long}").find("t.yaml:1: dwell"), std::string::npos);
  EXPECT_NE(error("{observation: sound}").find("t.yaml:1: observation"), std::string::npos);
  EXPECT_NE(error("{fov_A: [30, 15]}").find("low <= high"), std::string::npos);
  EXPECT_NE(error("{level: 4}").find("t.yaml:1: level"), std::string::npos);
  EXPECT_NE(error("{nonsense: 1}").find("nonsense"), std::string::npos);
}

}  // namespace
}  // namespace ronchi::env
