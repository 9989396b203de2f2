#include "hw/drivers/ceos/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hw/instrument/error.h"

namespace ronchi::hw::ceos {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<Estimate> Of(const char* text) {
  return AberrationsOf(json::parse(text), "aberrations");
}

TEST(CeosAnswer, AberrationsAreFoundInEveryShapeThatIsKnown) {
  for (const char* text :
       {R"({"C1": 1e-9, "B2": [2e-9, -3e-9]})", R"({"C1": [1e-9], "B2": [2e-9, -3e-9]})",
        R"({"C1": [1e-9, 0], "B2": [2e-9, -3e-9], "We": [1, 2], "WD": 3, "time": "now"})",
        R"({"coefficients": {"B2": [2e-9, -3e-9], "C1": [1e-9]}, "tabType": "Fast", "A1": 7})",
        R"({"aberrations": {"C1": {"value": [1e-9]}, "B2": {"value": [2e-9, -3e-9]}}})",
        R"({"aberrations": [{"name": "C1", "value": 1e-9}, {"name": "B2", "value": [2e-9, -3e-9]},
                            {"name": 3}, 4, null]})",
        R"([{"name": "B2", "value": [2e-9, -3e-9]}, {"name": "C1", "value": [1e-9]}])"}) {
    const auto e = Of(text);
    ASSERT_TRUE(e.ok()) << text << e.status();
    EXPECT_EQ(e->what, "aberrations");
    EXPECT_THAT(e->names, ElementsAre("C10", "C21.a", "C21.b")) << text;
    EXPECT_THAT(e->values, ElementsAre(Metres(1e-9), Metres(3 * 2e-9), Metres(3 * -3e-9)));
    EXPECT_TRUE(e->covariance.empty());
  }
}

TEST(CeosAnswer, ConfidenceIsTheDeviationOfEachPart) {
  const auto e = Of(R"({"C1": 1e-9, "B2": [2e-9, -3e-9],
                        "confidence": {"C1": 2e-10, "B2": [1e-10, 3e-10]}})");
  ASSERT_TRUE(e.ok()) << e.status();
  const double b = 3 * 1e-10, c = 3 * 3e-10;
  EXPECT_THAT(e->covariance, ElementsAre(2e-10 * 2e-10, 0, 0, 0, b * b, 0, 0, 0, c * c));
  // Not of all: not known.
  EXPECT_TRUE(Of(R"({"C1": 1e-9, "A1": [0, 0], "confidence": {"C1": 1e-10}})")->covariance.empty());
}

TEST(CeosAnswer, WhatCannotBeIsRefusedInALine) {
  for (const char* text : {"{}",
                           "[]",
                           "null",
                           "true",
                           "3",
                           R"("C1")",
                           R"({"C1": "1e-9"})",
                           R"({"C1": null})",
                           R"({"C1": []})",
                           R"({"C1": [1, 2, 3]})",
                           R"({"A1": 1e-9})",
                           R"({"A1": [1e-9]})",
                           R"({"A1": [1e-9, null]})",
                           R"({"A1": [1e-9, "0"]})",
                           R"({"A1": {"x": 1e-9, "y": 0}})",
                           R"({"A1": [[1e-9], [0]]})",
                           R"({"C1": 12.5})",
                           R"({"C1": -1e300})",
                           R"({"C1": 1e-9, "confidence": {"C1": -1e-10}})",
                           R"({"C1": 1e-9, "confidence": {"C1": "small"}})",
                           R"({"C1": 1e-9, "confidence": {"C1": [1, 2, 3]}})",
                           R"({"aberrations": {}, "C1": 1e-9})",
                           R"({"aberrations": [], "C1": 1e-9})"}) {
    const auto e = Of(text);
    EXPECT_TRUE(absl::IsInvalidArgument(e.status())) << text << e.status();
    EXPECT_FALSE(e.status().message().empty());
  }
}

TEST(CeosAnswer, AnErrorKeepsItsCodeAndItsText) {
  const auto error = [](const char* text) {
    return ErrorOf(ResultOf(text, 7, "measureC1A1", "there").status());
  };
  Error e = error(R"({"id": 7, "error": {"code": -32000, "message": "Server error",
                                         "data": {"message": "out of range\u001b[2J"}}})");
  EXPECT_EQ(e.cause, "there: measureC1A1: Server error: out of range\\x1b[2J (-32000)");
  e = error(R"({"id": 7, "error": {"code": -32000, "message": "blanked; unblank first",
      "data": {"kind": "impossible_now", "effect": "none", "remedy": "unblank first"}}})");
  EXPECT_EQ(e.cause, "there: measureC1A1: blanked (-32000)");
  EXPECT_EQ(e.remedy, "unblank first");
  EXPECT_EQ(e.kind, ErrorKind::kImpossibleNow);
  EXPECT_EQ(*e.effect, Effect::kNone);
  e = error(R"({"id": 7, "error": []})");
  EXPECT_THAT(e.cause, HasSubstr("gave no reason"));
  const std::string lengthy = R"({"id": 7, "error": ")" + std::string(100'000, 'x') + "\"}";
  EXPECT_LT(error(lengthy.c_str()).cause.size(), 1000u);
}

}  // namespace
}  // namespace ronchi::hw::ceos
