#include "agents/rl/saved_weights.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agents/spaces.h"

namespace ronchi::agents {
namespace {

TEST(SavedWeights, AreReadByNameAndNumber) {
  const std::vector<float> six = {1, 2, 3, 4, 5, 6};
  const nlohmann::json weights = {{"a.weight", FloatsToJson(six)}};
  EXPECT_EQ(*ReadSavedWeights(weights, "a.weight", 6), six);
  const auto wrong = ReadSavedWeights(weights, "a.weight", 7);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(std::string(wrong.status().message()).find("policy.weights.a.weight"),
            std::string::npos);
}

TEST(SavedWeights, NoNetworkIsLargerThanTheFile) {
  const nlohmann::json weights = {{"a", FloatsToJson(std::vector<float>(24))}};
  EXPECT_TRUE(CheckSavedWidths(weights, 2, {4, 4}).ok());  // 2·4 + 4·4
  EXPECT_FALSE(CheckSavedWidths(weights, 3, {4, 4}).ok());
  EXPECT_FALSE(CheckSavedWidths(weights, 2, {4, 0}).ok());
  EXPECT_FALSE(CheckSavedWidths(weights, 2, {size_t{1} << 62}).ok());
}

}  // namespace
}  // namespace ronchi::agents
