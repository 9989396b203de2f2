#include "experiments/loop/subscribers.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/files.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;

// A task that shows a contrast and an image of one line.
struct ShownAlready {
  env::Spec spec;
  env::Observation observation;
  env::Info info;
  ShownAlready() {
    spec.observation_space["contrast"] = {{1}, 0, 1, "", ""};
    spec.observation_space["image"] = {{1, 20}, 0, 1, "", ""};
    spec.action_space = {{2}, -1, 1, "nm", ""};
    observation["contrast"] = Array<float>({1}, {0.25f});
    observation["image"] = Array<float>({1, 20});
    info = {{"time_s", 3}, {"dose_e_per_A2", 100}, {"shots", 7}};
  }
  events::Observation Event(int episode) const {
    return {.spec = &spec,
            .observation = &observation,
            .info = &info,
            .episode = episode,
            .settings = {{"C10_nm", 5}},
            .truth = {{"true_C10_nm", 6}},
            .more = {{"scan", 0}}};
  }
};

TEST(StageRecord, RowsAreObservationsAndWhatBelongsToThem) {
  EventBus bus;
  StageRecord record;
  const auto recording = bus.Subscribe([&](const Event& event) { return record.Take(event); });
  ShownAlready shown;
  ASSERT_TRUE(bus.Publish(shown.Event(0)).ok());
  const std::vector<float> action = {0.5f, -0.25f};
  ASSERT_TRUE(bus.Publish(events::Action{action, 2.0}).ok());
  ASSERT_TRUE(bus.Publish(shown.Event(0)).ok());
  ASSERT_TRUE(bus.Publish(events::Prediction{{{"believed_C10_nm", 1.5}}, 3.5, 40}).ok());
  const std::vector<NamedValue> z = {{"C10", -2}};
  ASSERT_TRUE(bus.Publish(events::Residual{z}).ok());
  ASSERT_TRUE(bus.Publish(events::Evidence{{{"reward", 9}}, 1.25}).ok());
  ASSERT_TRUE(bus.Publish(events::Alarm{"C10"}).ok());
  ASSERT_TRUE(
      bus.Publish(events::Estimate{"found", 3, "C12a", {1, 2, 3}, /*after_alarm=*/true}).ok());
  ASSERT_TRUE(bus.Publish(shown.Event(1)).ok());

  const Trace& t = record.trace();
  ASSERT_EQ(t.rows(), 3u);
  EXPECT_EQ(t.images.size(), 3u);
  EXPECT_TRUE(std::isnan(t["action_0"][0]) && std::isnan(t["reward"][0])) << "an episode begins";
  EXPECT_EQ(t["action_1"][1], -0.25);
  EXPECT_EQ(t["reward"][1], 2);
  EXPECT_TRUE(std::isnan(t["action_0"][2])) << "an action belongs to one row";
  EXPECT_EQ(t["contrast"][1], 0.25);
  EXPECT_EQ(t["info_shots"][1], 7);
  EXPECT_EQ(t["C10_nm"][1], 5);
  EXPECT_EQ(t["true_C10_nm"][1], 6);
  EXPECT_EQ(t["episode"][2], 1);
  EXPECT_EQ(t["time_s"][1], 3.5) << "the image's, where theory has one";
  EXPECT_EQ(t["dose_e_per_A2"][1], 140) << "theory's own images count";
  EXPECT_EQ(t["believed_C10_nm"][1], 1.5);
  EXPECT_EQ(t["z_C10"][1], -2);
  EXPECT_EQ(t["stream_reward"][1], 9);
  EXPECT_EQ(t["log10_statistic"][1], 1.25);
  EXPECT_TRUE(std::isnan(t["log10_statistic"][2]));
  ASSERT_EQ(record.alarms().size(), 1u);
  EXPECT_EQ(record.alarms()[0].image, 1);
  EXPECT_EQ(record.alarms()[0].attribution, "C12a");
  EXPECT_EQ(record.alarms()[0].moved_nm, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(record.probing_images(), 3);
}

TEST(Notes, WhatIsSaidStandsInTheLog) {
  const testing_support::TemporaryFolder folder;
  const auto log = *hw::EventLog::Create(folder.path());
  EventBus bus;
  const auto notes = bus.Subscribe(NotesOf(log));
  ASSERT_TRUE(bus.Publish(events::Estimate{"chi2 1"}).ok());
  ASSERT_TRUE(bus.Publish(events::Alarm{"C12a"}).ok());
  ASSERT_TRUE(bus.Publish(events::Estimate{.found = "chi2 2", .after_alarm = true}).ok());
  ASSERT_TRUE(bus.Publish(events::Decision{"resume", "goes on"}).ok());
  ASSERT_TRUE(bus.Publish(events::Note{"guard", "blanked"}).ok());
  ASSERT_TRUE(bus.Publish(events::StepDone{}).ok());
  EXPECT_EQ(log->events(), 5u);
  const std::string text = *ReadFile(folder / "events.jsonl");
  for (const char* part : {"\"calibration\"", "most evidence in C12a; the agent is paused",
                           "\"recalibration\"", "\"resume\"", "\"guard\""}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace ronchi
