#include "theory/parameters/parameter_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ronchi::theory {
namespace {

ParameterSet Some() {
  return *ParameterSet::Create(
      {{.name = "C10_nm", .unit = "nm", .label = "C10", .mean = 2, .sigma = 3},
       {.name = "current_ratio", .transform = Transform::kLog, .mean = 1.5, .sigma = 0.2},
       {.name = "drift_nm_per_s", .mean = 0.1, .rate_of = "C10_nm"}});
}

TEST(ParameterSet, FindsByNameAndLabels) {
  const ParameterSet set = Some();
  EXPECT_EQ(set.Find("current_ratio"), 1u);
  EXPECT_EQ(set.Find("C10"), std::nullopt);
  EXPECT_EQ(set.Label(0), "C10");
  EXPECT_EQ(set.Label(1), "current_ratio");
  EXPECT_EQ(set.Moved(2), 0u);
  EXPECT_EQ(set.Moved(0), std::nullopt);
}

// Values and coordinates are each other's inverse; slopes are the limit of differences, which are
// off by h²/6 of themselves for an exponential: 2e-13 for h = 1e-6, and round-off of 1e-16/h.
TEST(ParameterSet, CoordinatesOfALogarithm) {
  const ParameterSet set = Some();
  const State x = set.PriorMean();
  EXPECT_DOUBLE_EQ(x[1], std::log(1.5));
  const State values = set.ToValues(x);
  EXPECT_DOUBLE_EQ(values[1], 1.5);
  EXPECT_EQ(values[0], 2);
  EXPECT_LT((*set.ToCoordinates(values) - x).cwiseAbs().maxCoeff(), 1e-15);
  for (int i = 0; i < 3; ++i) {
    State up = x, down = x;
    up[i] += 1e-6;
    down[i] -= 1e-6;
    const double slope = (set.ToValues(up)[i] - set.ToValues(down)[i]) / 2e-6;
    EXPECT_NEAR(set.Slopes(x)[i], slope, 1e-9) << i;
  }
}

TEST(ParameterSet, RatesCarryWhatTheyMove) {
  const ParameterSet set = Some();
  State x = set.PriorMean();
  const State later = set.Propagator(10) * x;
  EXPECT_DOUBLE_EQ(later[0], 3);
  EXPECT_EQ(later[1], x[1]);
  EXPECT_EQ(later[2], x[2]);
  // Two legs make one way.
  EXPECT_LT((set.Propagator(4) * set.Propagator(6) - set.Propagator(10)).cwiseAbs().maxCoeff(),
            1e-15);
}

TEST(ParameterSet, RefusesWhatMakesNoSense) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<std::vector<Parameter>, const char*> bad[] = {
      {{}, "no parameter"},
      {{{.name = ""}}, "must not be empty"},
      {{{.name = "a"}, {.name = "a"}}, "'a': is there twice"},
      {{{.name = "a", .sigma = 0}}, "'a': sigma 0 is not allowed; allowed: finite, above 0"},
      {{{.name = "a", .sigma = nan}}, "sigma nan"},
      {{{.name = "a", .mean = nan}}, "mean nan"},
      {{{.name = "a", .transform = Transform::kLog, .mean = 0}}, "above 0 (a logarithm)"},
      {{{.name = "a", .walk = -1}}, "walk -1 is not allowed; allowed: finite, at least 0"},
      {{{.name = "a", .jitter = -1}}, "jitter"},
      {{{.name = "a", .search_step = -1}}, "search_step"},
      {{{.name = "a", .rate_of = "b"}}, "'a': is a rate of 'b', which is not there"},
      {{{.name = "a"}, {.name = "b", .rate_of = "a"}, {.name = "c", .rate_of = "b"}},
       "'c': is a rate of a rate"},
      {{{.name = "a", .transform = Transform::kLog, .mean = 1}, {.name = "b", .rate_of = "a"}},
       "cannot be logarithms"}};
  for (const auto& [parameters, why] : bad) {
    const auto set = ParameterSet::Create(parameters);
    ASSERT_FALSE(set.ok()) << why;
    EXPECT_TRUE(absl::IsInvalidArgument(set.status()));
    EXPECT_THAT(std::string(set.status().message()), testing::HasSubstr(why));
  }
  State values = State::Ones(3);
  EXPECT_TRUE(Some().ToCoordinates(values).ok());
  values[1] = -1;
  EXPECT_FALSE(Some().ToCoordinates(values).ok());
  EXPECT_FALSE(Some().ToCoordinates(State::Ones(2)).ok());
}

}  // namespace
}  // namespace ronchi::theory
