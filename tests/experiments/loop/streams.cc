#include "experiments/loop/streams.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ronchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

env::Spec SomeSpec() {
  env::Spec spec;
  spec.observation_space["contrast"] = {{1}, 0, 10};
  spec.observation_space["shift"] = {{2}, -1, 1, "nm"};
  spec.observation_space["spectrum"] = {{20}, 0, 1};
  spec.action_space = {{2}, -1, 1};
  spec.info_names = {"time_s", "moves"};
  return spec;
}

std::string Refused(const std::string& name, bool per_episode = false) {
  return std::string(Streams::Create({name}, SomeSpec(), per_episode).status().message());
}

env::Observation Shown(float contrast, float x, float y) {
  Array<float> spectrum({20});
  spectrum[3] = 1;
  spectrum[5] = 3;
  return {{"contrast", Array<float>({1}, {contrast})},
          {"shift", Array<float>({2}, {x, y})},
          {"spectrum", spectrum}};
}

std::vector<double> Values(const std::vector<NamedValue>& streams) {
  std::vector<double> out;
  for (const NamedValue& s : streams) out.push_back(s.value);
  return out;
}

TEST(Streams, NamesStandForNumbers) {
  const auto streams = Streams::Create(
      {"reward", "shift", "spectrum.centroid", "action.norm", "info.moves", "shift.norm"},
      SomeSpec(), false);
  ASSERT_TRUE(streams.ok()) << streams.status();
  EXPECT_THAT(streams->names(), ElementsAre("reward", "shift[0]", "shift[1]", "spectrum.centroid",
                                            "action.norm", "info.moves", "shift.norm"));
  Streams s = *streams;
  const float action[] = {0.6f, -0.8f};
  const auto values = Values(s.Step(Shown(2, 3, 4), action, -7, {{"moves", 9}, {"time_s", 1}}));
  ASSERT_EQ(values.size(), 7u);
  EXPECT_EQ(values[0], -7);
  EXPECT_EQ(values[1], 3);
  EXPECT_EQ(values[2], 4);
  EXPECT_EQ(values[3], (3 * 1 + 5 * 3) / 4.0);
  EXPECT_NEAR(values[4], 1, 1e-7);  // of single precision
  EXPECT_EQ(values[5], 9);
  EXPECT_EQ(values[6], 5);
}

TEST(Streams, AChangeIsFromRowToRowAndNotAcrossEpisodes) {
  Streams s = *Streams::Create({"contrast.change", "shift.change"}, SomeSpec(), false);
  EXPECT_THAT(s.names(), ElementsAre("contrast.change", "shift[0].change", "shift[1].change"));
  const auto step = [&](float contrast) {
    return Values(s.Step(Shown(contrast, contrast, 0), {}, 0, {}))[0];
  };
  EXPECT_TRUE(std::isnan(step(4)));
  EXPECT_EQ(step(6), 2);
  EXPECT_EQ(step(5), -1);
  s.BeginEpisode();
  EXPECT_TRUE(std::isnan(step(9)));
}

TEST(Streams, AnEpisodeIsMeansAndWhatIsItsOwn) {
  Streams s = *Streams::Create({"return", "length", "contrast", "info.moves"}, SomeSpec(), true);
  for (int episode = 0; episode < 2; ++episode) {
    s.BeginEpisode();
    for (int i = 0; i < 4; ++i) s.Step(Shown(float(i), 0, 0), {}, 0.5, {{"moves", double(i)}});
    EXPECT_THAT(Values(s.EndEpisode()), ElementsAre(2, std::log(4.0), 1.5, 3)) << episode;
  }
}

TEST(Streams, WhatThereIsNotIsRefusedWithWhatThereIs) {
  for (const char* name : {"contrst", "spectrum", "shift.median", "info.mves", "return", "length",
                           "contrast.change.change.mean"}) {
    EXPECT_THAT(Refused(name), HasSubstr(std::string("'") + name + "' is not allowed")) << name;
    EXPECT_THAT(Refused(name), HasSubstr("contrast, shift, spectrum.mean")) << name;
  }
  EXPECT_THAT(Refused("contrast.change", true), HasSubstr("is not allowed"));
  EXPECT_EQ(Refused("return", true), "");
  EXPECT_TRUE(Streams::Create({"innovations"}, SomeSpec(), false)->wants_innovations());
}

}  // namespace
}  // namespace ronchi
