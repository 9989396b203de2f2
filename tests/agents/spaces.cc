#include "agents/spaces.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

TEST(Spaces, AnObservationHasTheKeysAndShapesOfItsSpaceAndIsFinite) {
  const env::DictSpace space = {{"a", {{2}, -1, 1, "", ""}}, {"b", {{2, 1}, -1, 1, "", ""}}};
  env::Observation o = {{"a", Array<float>({2}, 0.0f)},
                        {"b", Array<float>({2, 1}, 0.0f)},
                        {"new", Array<float>({9}, NAN)}};
  EXPECT_TRUE(CheckObservation(space, o).ok());
  const auto why = [&] { return std::string(CheckObservation(space, o).message()); };
  o["b"] = Array<float>({2}, 0.0f);  // as many numbers, another shape
  EXPECT_EQ(why(), "observation \"b\" has shape [2]; the policy was made for [2, 1]");
  o["b"] = Array<float>({2, 1}, {0, INFINITY});
  EXPECT_EQ(why(), "observation \"b\" holds inf; it must be finite");
  o.erase("a");
  EXPECT_EQ(why(), "observation lacks \"a\"");
}

TEST(Spaces, ActionsAreBroughtIn) {
  const env::Box space = env::VectorBox({-1, 2, -3}, {1, 4, 5}, "nm", "");
  EXPECT_EQ(ClampAction(space, std::vector<double>{7, -7, 0.5}), (Action{1, 2, 0.5}));
  const double nan = std::nan("");
  EXPECT_EQ(ClampAction(space, std::vector<double>{nan, INFINITY, -INFINITY}), (Action{0, 3, 1}));
  // Above the largest float32: clamped, not infinite.
  EXPECT_EQ(ClampAction(space, std::vector<double>{1e300, 3, 0}), (Action{1, 3, 0}));
}

TEST(Spaces, BoxesGoThroughJsonWithoutBoundsToo) {
  env::Box box = env::VectorBox({-1, 2}, {1, 4}, "nm", "what it is");
  const auto through = [](const env::Box& b) {
    return BoxFromJson(nlohmann::json::parse(BoxToJson(b).dump()));
  };
  const env::Box again = through(box);
  EXPECT_EQ(again.lows, box.lows);
  EXPECT_EQ(again.highs, box.highs);
  EXPECT_EQ(again.unit, "nm");
  EXPECT_EQ(again.meaning, "what it is");
  box = {{3, 2}, -INFINITY, INFINITY, "", ""};
  EXPECT_EQ(through(box).low, -INFINITY);  // JSON has no infinity
  EXPECT_EQ(through(box).high, INFINITY);
  EXPECT_EQ(through(box).shape, box.shape);
  const env::DictSpace space = {{"a", box}, {"b", again}};
  EXPECT_EQ(DictSpaceToJson(DictSpaceFromJson(DictSpaceToJson(space))), DictSpaceToJson(space));
}

TEST(Spaces, BoxesThatCannotBeAreRefused) {
  const nlohmann::json good = BoxToJson(env::VectorBox({-1, 2}, {1, 4}, "nm", ""));
  EXPECT_NO_THROW(BoxFromJson(good));
  const std::pair<const char*, nlohmann::json> changes[] = {
      {"shape", {1e5, 1e5}},  // 40 GB
      {"shape", {3}},         // of two bounds
      {"highs", {1, 1}},      // below its low
      {"lows", {-1}},         // of two elements
      {"low", 9},             // above high
      {"choices", -1},
      {"choices", 2}};  // an action of two numbers
  for (const auto& [key, value] : changes) {
    nlohmann::json bad = good;
    bad[key] = value;
    EXPECT_THROW(BoxFromJson(bad), nlohmann::json::exception) << key << " " << value;
    bad.erase(key);
    if (std::string(key) == "shape" || std::string(key) == "low") {
      EXPECT_THROW(BoxFromJson(bad), nlohmann::json::exception) << key;
    }
  }
}

TEST(Spaces, FloatsGoThroughBase64ToTheBit) {
  const std::vector<float> values = {0.1f, -0.0f, std::numeric_limits<float>::denorm_min(), 3e38f};
  const auto read = FloatsFromJson(FloatsToJson(values), 4);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, values);
  EXPECT_TRUE(std::signbit((*read)[1]));
  EXPECT_EQ(FloatsFromJson(FloatsToJson(values), 5).status(),
            absl::InvalidArgumentError("weights hold 16 bytes; expected 20"));
  const std::vector<float> infinite = {1, 2, INFINITY};
  EXPECT_EQ(FloatsFromJson(FloatsToJson(infinite), 3).status(),
            absl::InvalidArgumentError("entry 2 is inf; weights are finite numbers"));
  EXPECT_FALSE(FloatsFromJson("$", 1).ok());
}

}  // namespace
}  // namespace ronchi::agents
