// AtomMove-v0: Gymnasium's contract, what is observed and rewarded, saving.
#include "env/atom_move.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "env/picture.h"
#include "hw/safety/guarded.h"
#include "tests/support/atom_world.h"
#include "tests/support/in_space.h"

namespace ronchi::env {
namespace {

using testing_support::ExpectInSpace;
using testing_support::TowardsTheGoal;
using World = testing_support::AtomWorld;

TEST(AtomMove, KeepsTheContractOverAnEpisode) {
  for (int level : {1, 2, 3}) {
    World w({}, hw::AtomTwinOptions::Level(level));
    EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(std::vector<float>{0, 0}).status()));
    const auto reset = w.env->Reset(3);
    ASSERT_TRUE(reset.ok()) << reset.status();
    ExpectInSpace(w.env->spec(), reset->observation);
    Observation o = reset->observation;
    bool ended = false;
    double last_s = reset->info.at("time_s");
    for (int step = 1; !ended; ++step) {
      const auto r = w.env->Step(TowardsTheGoal(o));
      ASSERT_TRUE(r.ok()) << r.status();
      ExpectInSpace(w.env->spec(), r->observation);
      EXPECT_EQ(r->reward > 0, r->terminated);
      EXPECT_FALSE(r->terminated && r->truncated);
      EXPECT_GT(r->info.at("time_s"), last_s);
      EXPECT_EQ(r->truncated, !r->terminated && r->info.at("time_s") >= 600);
      EXPECT_LT(step, w.env->spec().max_episode_steps);  // the time ends it, not the count
      EXPECT_EQ(r->observation.at("time")[0], float(r->info.at("time_s")));
      last_s = r->info.at("time_s");
      ended = r->terminated || r->truncated;
      o = r->observation;
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(w.env->Step(std::vector<float>{0, 0}).status()));
    EXPECT_TRUE(w.env->Reset(std::nullopt).ok());
  }
}

TEST(AtomMove, TheRewardIsTheDiscountedSuccess) {
  World w;
  Observation o = w.env->Reset(1)->observation;
  const double first_s = w.env->info()[0];
  EXPECT_EQ(first_s, 2);  // an image
  for (int i = 0; i < 1000; ++i) {
    const auto r = *w.env->Step(TowardsTheGoal(o));
    o = r.observation;
    if (!r.terminated) continue;
    EXPECT_NEAR(r.reward, std::pow(0.9967, r.info.at("time_s") - first_s), 1e-12);
    EXPECT_EQ(r.info.at("success"), 1);
    EXPECT_LT(r.info.at("distance_A"), 0.71);
    return;
  }
  FAIL() << "never there";
}

// The goal stays where it is in the sheet while the atom hops and all drifts: what the task has
// counted agrees with the truth, which it never asked for.
TEST(AtomMove, TheGoalDriftsWithTheSheet) {
  for (int level : {1, 2, 3}) {
    World w({}, hw::AtomTwinOptions::Level(level));
    for (uint64_t seed = 0; seed < 5; ++seed) {
      Observation o = w.env->Reset(seed)->observation;
      // Of the goal, in the sheet's own frame.
      const auto goal = [&] {
        const auto h = w.Hidden();
        return Vector2{(h.at("silicon_x_m") - h.at("shift_x_m")) * 1e10 + o.at("goal")[0],
                       (h.at("silicon_y_m") - h.at("shift_y_m")) * 1e10 + o.at("goal")[1]};
      };
      double hops = w.Hidden().at("hops");
      const Vector2 start = goal();
      for (int step = 0; step < 40; ++step) {
        const auto r = *w.env->Step(TowardsTheGoal(o));
        o = r.observation;
        // Half a bond would be another site; an image of level 3 may be the last's before a hop.
        if (level < 3) {
          EXPECT_NEAR(goal()[0], start[0], level == 1 ? 1e-4 : 0.5) << step;
          EXPECT_NEAR(goal()[1], start[1], level == 1 ? 1e-4 : 0.5) << step;
        }
        if (r.terminated || r.truncated) break;
      }
      EXPECT_GE(w.Hidden().at("hops"), hops);
    }
  }
}

TEST(AtomMove, TheBeamGoesWhereTheActionSays) {
  World w;
  const Observation o = w.env->Reset(1)->observation;
  const auto h = w.Hidden();
  ASSERT_TRUE(w.env->Step(std::vector<float>{0.5f, -1}).ok());
  for (const hw::Command& c : w.seen->commands) {
    const auto* park = std::get_if<hw::Park>(&c);
    if (!park) continue;
    EXPECT_NEAR((park->x_m - h.at("silicon_x_m")) * 1e10, 0.5, 1e-6);
    EXPECT_NEAR((park->y_m - h.at("silicon_y_m")) * 1e10, -1, 1e-6);
    EXPECT_EQ(park->duration_s, 1.5);
    return;
  }
  FAIL() << "it never parked";
}

TEST(AtomMove, TheDwellTimeCanBeAnAction) {
  AtomMoveOptions options;
  options.dwell_is_action = true;
  World w(options);
  ASSERT_TRUE(w.env->Reset(1).ok());
  const double before = w.env->info()[0];
  ASSERT_TRUE(w.env->Step(std::vector<float>{0, 0, 4.25}).ok());
  EXPECT_NEAR(w.env->info()[0] - before, 6.25, 1e-9);
  EXPECT_TRUE(absl::IsInvalidArgument(w.env->Step(std::vector<float>{0, 0, 0.5}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(w.env->Step(std::vector<float>{0, 0}).status()));
}

TEST(AtomMove, TheImageCanBeTheObservation) {
  AtomMoveOptions options;
  options.image_pixels = 32;
  hw::AtomTwinOptions twin;
  twin.image_pixels = 32;
  World w(options, twin);
  const auto check = [&](const Observation& o) {
    ExpectInSpace(w.env->spec(), o);
    const Array<float>& image = o.at("image");
    const size_t brightest = size_t(std::max_element(image.begin(), image.end()) - image.begin());
    // The silicon is where the observation says, to a pixel and a half, whatever the field is.
    double largest = 0;
    for (const hw::Command& c : w.seen->commands) {
      if (const auto* m = std::get_if<hw::Measure>(&c)) largest = m->fov_m * 1e10;
    }
    const double pixel_A = largest / 32;
    EXPECT_NEAR((double(brightest % 32) - 16) * pixel_A, o.at("silicon")[0], 1.5 * pixel_A);
    EXPECT_NEAR((double(brightest / 32) - 16) * pixel_A, o.at("silicon")[1], 1.5 * pixel_A);
  };
  check(w.env->Reset(1)->observation);
  check(w.env->Step(std::vector<float>{1, 0})->observation);
  // An instrument that gives none is refused when it first does not.
  World none(options);
  EXPECT_TRUE(absl::IsFailedPrecondition(none.env->Reset(1).status()));
}

// A lost atom costs images: the field is doubled until it is in it, and then put around it.
TEST(AtomMove, AnAtomThatHasLeftTheFieldIsLookedFor) {
  World w;
  ASSERT_TRUE(w.env->Reset(1).ok());
  // The stage is knocked: 40 Å of drift that nobody saw.
  hw::AtomTwinOptions drifting;
  std::map<std::string, theory::Range> ranges = drifting.prior.ranges();
  ranges["drift_x_A_per_s"] = {1, 1};
  drifting.prior = theory::Prior(ranges);
  World far({}, drifting);
  ASSERT_TRUE(far.env->Reset(1).ok());
  far.instrument.ground_truth()->Pass(40);
  const double images = far.env->info()[2];
  ASSERT_TRUE(far.env->Step(std::vector<float>{0, 0}).ok());
  EXPECT_GE(far.env->info()[2] - images, 3);
  const auto o = far.env->Step(std::vector<float>{0, 0})->observation;
  EXPECT_LT(std::fabs(o.at("silicon")[0]), 8);
  far.instrument.ground_truth()->Pass(1000);  // beyond every field
  EXPECT_TRUE(absl::IsUnavailable(far.env->Step(std::vector<float>{0, 0}).status()));
}

std::vector<float> Course(AtomMove* env, int steps) {
  std::vector<float> all, observation(env->spec().observation_size());
  for (int i = 0; i < steps; ++i) {
    const std::array<float, 2> action = {float(i % 3) - 1, 0.7f};
    const auto outcome = env->StepInto(action, observation);
    RONCHI_CHECK(outcome.ok());
    all.insert(all.end(), observation.begin(), observation.end());
    all.push_back(float(outcome->reward));
    for (double v : env->info()) all.push_back(float(v));
    if (outcome->terminated || outcome->truncated) break;
  }
  return all;
}

TEST(AtomMove, IsAFunctionOfSeedEpisodeAndIndex) {
  for (int level : {1, 3}) {
    const hw::AtomTwinOptions twin = hw::AtomTwinOptions::Level(level);
    World a({}, twin), b({}, twin);
    AtomMoveOptions neighbour;
    neighbour.environment = 1;
    World c(neighbour, twin);
    const auto of = [](World* w, std::optional<uint64_t> seed) {
      const auto reset = *w->env->Reset(seed);
      std::vector<float> all(reset.observation.at("goal").begin(),
                             reset.observation.at("goal").end());
      const std::vector<float> course = Course(w->env.get(), 30);
      all.insert(all.end(), course.begin(), course.end());
      return all;
    };
    const auto first = of(&a, 7), second = of(&a, std::nullopt);
    EXPECT_NE(first, second);
    EXPECT_EQ(of(&b, 7), first);
    EXPECT_EQ(of(&b, std::nullopt), second);
    EXPECT_NE(of(&a, 8), first);
    EXPECT_NE(of(&c, 7), first);
  }
}

TEST(AtomMove, GoesOnToTheBitAfterRestore) {
  for (int level : {1, 2, 3}) {
    const hw::AtomTwinOptions twin = hw::AtomTwinOptions::Level(level);
    World a({}, twin), b({}, twin);
    ASSERT_TRUE(a.env->Reset(4).ok());
    Course(a.env.get(), 12);
    const auto saved = a.env->Save();
    ASSERT_TRUE(saved.ok()) << saved.status();
    const std::vector<float> ahead = Course(a.env.get(), 40);
    ASSERT_TRUE(b.env->Reset(9).ok());
    ASSERT_TRUE(b.env->Restore(*saved).ok());
    EXPECT_EQ(Course(b.env.get(), 40), ahead) << level;
    // Back in the same one, too, and the next episode is the same.
    ASSERT_TRUE(a.env->Restore(*saved).ok());
    EXPECT_EQ(Course(a.env.get(), 40), ahead);
    EXPECT_EQ(a.env->Reset(std::nullopt)->observation, b.env->Reset(std::nullopt)->observation);
    EXPECT_TRUE(absl::IsInvalidArgument(a.env->Restore("nonsense")));
  }
}

// As on a real instrument: limits, a dose budget, no truth.
TEST(AtomMove, RunsBehindAGuard) {
  hw::GuardOptions budget;
  budget.dose_budget_e_per_m2 = 1e32;
  const auto guarded = *hw::MakeGuarded(*hw::MakeAtomTwin({}, 3), budget);
  const auto env = *AtomMove::Create(guarded.get(), {});
  const auto reset = env->Reset(1);
  ASSERT_TRUE(reset.ok()) << reset.status();
  Observation o = reset->observation;
  for (int i = 0; i < 200; ++i) {
    const auto r = env->Step(TowardsTheGoal(o));
    ASSERT_TRUE(r.ok()) << r.status();
    o = r->observation;
    if (r->terminated) return;
  }
  FAIL() << "never there";
}

TEST(AtomMove, ResetOptionsBringGoalsNearer) {
  World w;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto reset = w.env->Reset(seed, {{"goal_high_A", 2}});
    ASSERT_TRUE(reset.ok()) << reset.status();
    EXPECT_NEAR(reset->info.at("distance_A"), 1.42, 1e-6);  // the next is 2.46 away
  }
  EXPECT_TRUE(absl::IsInvalidArgument(w.env->Reset(1, {{"goal_high_A", 1}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(w.env->Reset(1, {{"goal", 3}}).status()));
}

// Not what it looks like, but that what matters is on it, and that looking changes nothing.
TEST(AtomMove, ThePictureShowsSiliconGoalAndBeam) {
  World w;
  ASSERT_TRUE(w.env->Render().ok());  // before anything began
  ASSERT_TRUE(w.env->Reset(1).ok());
  ASSERT_TRUE(w.env->Step(std::vector<float>{1.2f, 0}).ok());
  const size_t commands = w.seen->commands.size();
  const Array<uint8_t> picture = *w.env->Render();
  EXPECT_EQ(picture.shape(), (std::vector<size_t>{256, 448, 3}));
  for (const Rgb& colour : {Picture::kAccent, Picture::kGood, Picture::kBad, Picture::kFaint}) {
    int seen = 0;
    for (size_t i = 0; i < picture.size(); i += 3) {
      seen += Rgb{picture[i], picture[i + 1], picture[i + 2]} == colour;
    }
    EXPECT_GT(seen, 8);
  }
  EXPECT_EQ(*w.env->Render(), picture);
  EXPECT_EQ(w.seen->commands.size(), commands);
}

TEST(AtomMove, SuitesAreTheFirstSeeds) {
  const std::vector<uint64_t> tiny = AtomMoveSuite(10), medium = AtomMoveSuite(1000);
  EXPECT_EQ(std::set<uint64_t>(medium.begin(), medium.end()).size(), 1000u);
  EXPECT_TRUE(std::equal(tiny.begin(), tiny.end(), medium.begin()));
}

}  // namespace
}  // namespace ronchi::env
