#include "experiments/loop/trace_rows.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi {
namespace {

TEST(TraceRows, TheImageIsTheOneOfThatNameOrTheFirstOfTwoDimensions) {
  const env::Box picture{{8, 8}, 0, 1, "", ""}, vector{{64}, 0, 1, "", ""},
      small{{2, 3}, 0, 1, "", ""};
  EXPECT_EQ(ImageEntry({{"a", picture}, {"image", picture}, {"reconstruction", picture}}), "image");
  EXPECT_EQ(ImageEntry({{"a", picture}, {"reconstruction", picture}}), "reconstruction");
  EXPECT_EQ(ImageEntry({{"image", vector}, {"mask", picture}}), "mask");
  EXPECT_EQ(ImageEntry({{"neighbours", small}, {"v", vector}}), "");  // a few numbers are columns
  EXPECT_EQ(ImageEntry({}), "");
}

TEST(TraceRows, ARowHoldsWhatTheTaskShows) {
  env::Spec spec;
  spec.observation_space = {{"image", {{4, 4}, 0, 1, "", ""}},
                            {"contrast", {{1}, 0, 1, "", ""}},
                            {"place", {{2}, 0, 1, "", ""}},
                            {"settings", {{2}, 0, 1, "", ""}}};
  spec.action_space = {{2}, -1, 1, "", ""};
  const env::Observation seen = {{"image", Array<float>({4, 4}, 3.0f)},
                                 {"contrast", Array<float>({1}, 0.5f)},
                                 {"place", Array<float>({2}, {7, 8})},
                                 {"settings", Array<float>({2}, {1, 2})}};
  Trace trace;
  const env::Info info = {{"time_s", 1.5}, {"dose_e_per_A2", 20}, {"distance", 4}};
  PutStep(spec, seen, info, {}, 0, &trace);
  PutStep(spec, seen, info, std::vector<float>{0.25f, -1}, 3, &trace);
  ASSERT_EQ(trace.rows(), 2u);
  EXPECT_EQ(trace.images[1][0], 3);
  std::vector<std::string> names;
  for (const auto& [name, values] : trace.columns) names.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"action_0", "action_1", "contrast", "dose_e_per_A2",
                                      "info_distance", "place_0", "place_1", "reward", "time_s"}));
  EXPECT_TRUE(std::isnan(trace["action_0"][0]));  // an episode begins without one
  EXPECT_EQ(trace["action_0"][1], 0.25);
  EXPECT_EQ(trace["place_1"][1], 8);
  EXPECT_EQ(trace["reward"][1], 3);
  EXPECT_EQ(trace["info_distance"][0], 4);
}

TEST(TraceRows, WithoutTruthThereAreNoColumnsOfIt) {
  env::Spec spec;
  spec.figure = "contrast";
  EXPECT_EQ(TruthColumns(nullptr, spec).Ratio(), std::nullopt);
}

}  // namespace
}  // namespace ronchi
