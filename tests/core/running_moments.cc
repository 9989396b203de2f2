#include "core/running_moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/random.h"

namespace ronchi {
namespace {

// Rows of two columns, row-major.
std::vector<float> Rows(size_t n) {
  RandomStream stream({.seed = 1, .name = "moments"});
  std::vector<float> rows;
  for (size_t i = 0; i < n; ++i) {
    rows.push_back(float(stream.Normal(5, 2)));
    rows.push_back(float(stream.Normal(-1, 0.3)));
  }
  return rows;
}

struct Plain {
  double mean = 0, variance = 0;
};
Plain Of(const std::vector<float>& rows, size_t column) {
  Plain p;
  const double n = double(rows.size()) / 2;
  for (size_t i = column; i < rows.size(); i += 2) p.mean += rows[i] / n;
  for (size_t i = column; i < rows.size(); i += 2) p.variance += std::pow(rows[i] - p.mean, 2) / n;
  return p;
}

void ExpectMomentsOf(const std::vector<float>& rows, const RunningMoments& m) {
  for (size_t c = 0; c < 2; ++c) {
    const Plain p = Of(rows, c);
    // The prior N(0, 1) counts as 1e-4 of a row: 1e-7 of the mean, and 1e-7 (1 + mean²) of the
    // variance, for a thousand rows.
    EXPECT_NEAR(m.mean()[c], p.mean, 1e-6 * std::fabs(p.mean));
    EXPECT_NEAR(m.variance()[c], p.variance, 4e-6);
  }
}

TEST(RunningMoments, OneByOneInBatchesAndAtOnceAreTheMomentsOfTheRows) {
  const std::vector<float> rows = Rows(1000);
  RunningMoments single(2), batches(2), whole(2), wide(2);
  for (size_t i = 0; i < rows.size(); i += 2) single.Add({rows.data() + i, 2});
  for (size_t i = 0; i < rows.size(); i += 40) {
    batches.Update(std::span<const float>(rows.data() + i, 40));
  }
  whole.Update(std::span<const float>(rows));
  wide.Update(std::span<const double>(std::vector<double>(rows.begin(), rows.end())));
  for (const RunningMoments* m : {&single, &batches, &whole, &wide}) {
    ExpectMomentsOf(rows, *m);
    EXPECT_DOUBLE_EQ(m->count(), 1000 + 1e-4);
  }
}

TEST(RunningMoments, NormalisedRowsHaveMeanZeroAndSpreadOneAndAreClipped) {
  std::vector<float> rows = Rows(1000);
  RunningMoments m(2);
  m.Update(std::span<const float>(rows));
  m.Normalise(rows, 0);
  for (size_t c = 0; c < 2; ++c) {
    const Plain p = Of(rows, c);
    EXPECT_NEAR(p.mean, 0, 1e-5);  // the prior's share of the mean, and floats
    EXPECT_NEAR(p.variance, 1, 1e-4);
  }
  std::vector<float> far = {1e6f, -1e6f};
  m.Normalise(far, 1e-8, 10);
  EXPECT_EQ(far, (std::vector<float>{10, -10}));
}

TEST(RunningMoments, GoOnFromJsonToTheBitAndRefuseAnotherSize) {
  const std::vector<float> rows = Rows(10);
  RunningMoments a(2), b(2), three(3);
  a.Update(std::span<const float>(rows));
  ASSERT_TRUE(b.FromJson(nlohmann::json::parse(a.ToJson().dump())));
  a.Add({rows.data(), 2});
  b.Add({rows.data(), 2});
  EXPECT_EQ(a.mean(), b.mean());
  EXPECT_EQ(a.variance(), b.variance());
  EXPECT_EQ(a.count(), b.count());
  EXPECT_FALSE(three.FromJson(a.ToJson()));
  EXPECT_EQ(three.count(), RunningMoments(3).count());
}

}  // namespace
}  // namespace ronchi
