#include "core/config_series.h"

#include <gmock/gmock.h>

namespace ronchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kText[] = R"(beam:
  aberrations: {C10_A: {from: -1, to: 1, steps: 5}}
scan: {end_A: [{series: [3, 4]}, 2]}
detectors: {series: {type: annular}, to: {type: dpc}}
)";

TEST(ConfigSeries, RangesAndListsAreFoundWhereverANumberStands) {
  const auto series = ConfigSeries::Find(*Config::Parse(kText, "s.yaml"));
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->axes().size(), 2u);  // detectors may be called what they like
  EXPECT_EQ(series->axes()[0].path, "beam.aberrations.C10_A");
  EXPECT_THAT(series->axes()[0].values, ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_EQ(series->axes()[1].path, "scan.end_A[0]");
  EXPECT_EQ(series->points(), 10u);
  EXPECT_THAT(series->Indices(0), ElementsAre(0, 0));
  EXPECT_THAT(series->Indices(1), ElementsAre(0, 1));  // the last one is fastest
  EXPECT_THAT(series->Indices(9), ElementsAre(4, 1));
}

// Numbers of a range are those of their closed form to the bit; whole ones stay whole.
TEST(ConfigSeries, ARangeHasBothEndsAndWholeNumbersStayWhole) {
  Config config =
      *Config::Parse("n: {from: 1, to: 31, steps: 4}\nx: {from: 0, to: 0.3, steps: 4}", "s.yaml");
  auto series = *ConfigSeries::Find(config);
  EXPECT_THAT(series.axes()[0].values, ElementsAre(1, 11, 21, 31));
  EXPECT_EQ(series.axes()[1].values.back(), 0.3);
  series.Choose(4);
  int64_t n = 0;
  double x = 0;
  ConfigReader r(config);
  r.Integer("n", &n);
  r.Number("x", &x);
  EXPECT_TRUE(r.Done().ok()) << r.Done();
  EXPECT_EQ(n, 11);
  EXPECT_EQ(x, 0);
}

TEST(ConfigSeries, ChosenNumbersAreReadAndTheSeriesIsPutBack) {
  Config config = *Config::Parse(kText, "s.yaml");
  auto series = *ConfigSeries::Find(config);
  for (size_t point = 0; point < series.points(); ++point) {
    series.Choose(point);
    ConfigReader top(config), beam(top.Child("beam")), scan(top.Child("scan"));
    ConfigReader aberrations(beam.Child("aberrations"));
    double C10_A = 7, energy_keV = 200;
    std::vector<double> end = {0, 0};
    aberrations.Number("C10_A", &C10_A);
    beam.Number("energy_keV", &energy_keV);  // a default, kept in the document
    scan.Numbers("end_A", &end, 2);
    EXPECT_TRUE(aberrations.ok() && scan.ok());
    EXPECT_EQ(C10_A, -1 + 0.5 * double(point / 2));
    EXPECT_THAT(end, ElementsAre(point % 2 ? 4 : 3, 2));
    series.Restore();
  }
  const std::string dump = config.Dump();
  EXPECT_THAT(dump, HasSubstr("energy_keV: 200"));
  const auto again = *ConfigSeries::Find(*Config::Parse(dump, "again.yaml"));
  EXPECT_EQ(again.points(), 10u);
  EXPECT_EQ(again.axes()[0].values, series.axes()[0].values);
}

TEST(ConfigSeries, AMistakeInAChosenNumberIsNamedWithItsLine) {
  Config config = *Config::Parse("a: 1\nn: {series: [2, -5]}\n", "s.yaml");
  auto series = *ConfigSeries::Find(config);
  series.Choose(1);
  double n = 0;
  ConfigReader r(config);
  r.Number("n", &n, {.min = 0});
  r.Known("a");
  EXPECT_EQ(r.Done().message(), "s.yaml:2: n: -5 is not allowed; allowed: 0 or more");
}

TEST(ConfigSeries, MistakesAreToldAllAtOnce) {
  const absl::Status status = ConfigSeries::Find(*Config::Parse("a: {series: 3}\n"
                                                                "b: {series: [1, x]}\n"
                                                                "c: {from: 1, to: 2}\n"
                                                                "d: {from: 1, to: 2, steps: 1}\n"
                                                                "e: {from: .inf, to: 2, steps: 3}\n"
                                                                "f: {series: []}\n"
                                                                "g: &g {series: [1, 2]}\n"
                                                                "h: *g\n",
                                                                "s.yaml"))
                                  .status();
  EXPECT_THAT(AllErrors(status),
              ElementsAre("s.yaml:1: a: series: expected a list of numbers",
                          "s.yaml:2: b: series: 'x' is not a finite number",
                          HasSubstr("s.yaml:3: c: a series lacks 'steps'"),
                          HasSubstr("s.yaml:4: d: steps: 1 is not allowed; allowed: whole numbers, "
                                    "2 …"),
                          "s.yaml:5: e: from: '.inf' is not a finite number",
                          "s.yaml:6: f: series: expected a list of numbers",
                          HasSubstr("h: is the series of g by a YAML alias")));
  const std::string many = "a: {from: 0, to: 1, steps: 1000}\nb: {from: 0, to: 1, steps: 1000}\n";
  EXPECT_THAT(ConfigSeries::Find(*Config::Parse(many, "s.yaml")).status().message(),
              HasSubstr("makes 1000000 points; allowed: up to 100000"));
}

TEST(ConfigSeries, OverridesMayBeSeries) {
  Config config = *Config::Parse("a: 1", "s.yaml", {"a={series: [1, 2, 4]}"});
  EXPECT_EQ(ConfigSeries::Find(config)->points(), 3u);
}

}  // namespace
}  // namespace ronchi
