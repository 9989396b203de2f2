// All wrappers saved and restored in the midst of an episode by one body. Each against Gymnasium's
// formula: wrappers/. What they write to disk: record.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "env/wrappers/clip_action.h"
#include "env/wrappers/flatten.h"
#include "env/wrappers/frame_stack.h"
#include "env/wrappers/normalise_observation.h"
#include "env/wrappers/normalise_reward.h"
#include "env/wrappers/record_episode.h"
#include "env/wrappers/record_pictures.h"
#include "env/wrappers/rescale_action.h"
#include "env/wrappers/time_limit.h"
#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<Environment> (*make)();
};
const std::string kFolder = testing::TempDir() + "ronchi_wrappers";
const Kind kKinds[] = {
    {"TimeLimit", [] { return std::unique_ptr<Environment>(new TimeLimit(Cheap(), 5)); }},
    {"NormaliseObservation",
     [] { return std::unique_ptr<Environment>(new NormaliseObservation(Cheap())); }},
    {"NormaliseReward", [] { return std::unique_ptr<Environment>(new NormaliseReward(Cheap())); }},
    {"FrameStack", [] { return std::unique_ptr<Environment>(new FrameStack(Cheap(), 4)); }},
    {"ClipAction", [] { return std::unique_ptr<Environment>(new ClipAction(Cheap())); }},
    {"RescaleAction",
     [] { return std::unique_ptr<Environment>(*RescaleAction::Create(Cheap(), -2, 2)); }},
    {"Flatten", [] { return std::unique_ptr<Environment>(new Flatten(Cheap())); }},
    {"RecordEpisode",
     [] { return std::unique_ptr<Environment>(new RecordEpisode(Cheap(), {.folder = kFolder})); }},
    {"RecordPictures",
     [] {
       return std::unique_ptr<Environment>(
           new RecordPictures(Cheap(), {.folder = kFolder, .png = false}));
     }},
    // All at once.
    {"Nested", [] {
       auto e = std::unique_ptr<Environment>(new TimeLimit(Cheap(), 7));
       e.reset(new FrameStack(std::move(e), 2));
       e.reset(new NormaliseObservation(std::move(e)));
       e.reset(new NormaliseReward(std::move(e)));
       return std::unique_ptr<Environment>(new Flatten(std::move(e)));
     }}};

class EveryWrapper : public testing::TestWithParam<Kind> {
 protected:
  static void TearDownTestSuite() { std::filesystem::remove_all(kFolder); }
};

// Saved after every step, the restored copy goes on to the same bits.
TEST_P(EveryWrapper, GoesOnAfterRestore) {
  Walker a(GetParam().make());
  for (int t = 0; t < 16; ++t) {
    a.Go(t);
    Walker b(GetParam().make());
    const auto saved = a.environment->Save();
    ASSERT_TRUE(saved.ok()) << saved.status();
    ASSERT_TRUE(b.environment->Restore(*saved).ok());
    Walker c(GetParam().make());
    ASSERT_TRUE(c.environment->Restore(*saved).ok());
    b.begun = c.begun = true;
    b.ended = c.ended = a.ended;
    for (int s = 0; s < 12; ++s) {
      const auto x = b.Go(t + s), y = c.Go(t + s);
      ASSERT_EQ(x.has_value(), y.has_value());
      ASSERT_EQ(b.row, c.row);
    }
    // And as the original does, which is the one that was never saved.
    if (t % 10 == 9) {
      Walker d(GetParam().make());
      ASSERT_TRUE(d.environment->Restore(*saved).ok());
      d.begun = true;
      d.ended = a.ended;
      for (int s = 0; s < 12; ++s) {
        const auto x = a.Go(s), y = d.Go(s);
        ASSERT_EQ(x.has_value(), y.has_value());
        if (x) {
          EXPECT_EQ(x->reward, y->reward);
          EXPECT_EQ(x->truncated, y->truncated);
        }
        ASSERT_EQ(a.row, d.row);
      }
    }
  }
}

TEST_P(EveryWrapper, RefusesNonsense) {
  Walker w(GetParam().make());
  w.Go(0);
  const std::string saved = *w.environment->Save();
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore("nonsense")));
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore(saved.substr(0, saved.size() - 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->Restore("")));
}

TEST_P(EveryWrapper, KeepsTheOrderOfCalls) {
  Walker w(GetParam().make());
  const auto before = w.environment->StepInto(ActionOf(0), w.row);
  EXPECT_TRUE(absl::IsFailedPrecondition(before.status())) << before.status();
  w.Go(0);
  while (!w.ended) w.Go(1);
  const auto after = w.environment->StepInto(ActionOf(0), w.row);
  EXPECT_TRUE(absl::IsFailedPrecondition(after.status())) << after.status();
  EXPECT_TRUE(absl::IsInvalidArgument(w.environment->ResetInto(1, {{"none", 1}}, w.row)));
  EXPECT_TRUE(w.environment->Render().ok());
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryWrapper, testing::ValuesIn(kKinds),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ronchi::env
