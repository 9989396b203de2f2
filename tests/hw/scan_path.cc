// Where scans put the probe; what the twin sees there; what the forecast says it costs.
#include "hw/scan_path.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "hw/cost.h"
#include "hw/ground_truth.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::TwinFromYaml;

Scan Base() {
  return {.center_x_m = 1e-9,
          .center_y_m = -2e-9,
          .fov_x_m = 4e-9,
          .fov_y_m = 2e-9,
          .pixels_x = 8,
          .pixels_y = 4,
          .dwell_s = 1e-6,
          .frames = 3,
          .detectors = {"haadf"}};
}

TEST(ScanPath, RastersStandWhereTheyAreSaidToAndTurnFromXToY) {
  Scan s = Base();
  const auto straight = ScanPositions(s);
  ASSERT_EQ(straight.size(), 32u);
  EXPECT_NEAR(straight[0][0], -1e-9, 1e-24);
  EXPECT_NEAR(straight[0][1], -3e-9, 1e-24);
  EXPECT_NEAR(straight[9][0] - straight[8][0], 0.5e-9, 1e-24);
  s.rotation_rad = M_PI / 2;  // x becomes y, y becomes −x
  const auto turned = ScanPositions(s);
  for (size_t i = 0; i < turned.size(); ++i) {
    EXPECT_NEAR(turned[i][0] - 1e-9, -(straight[i][1] + 2e-9), 1e-23);
    EXPECT_NEAR(turned[i][1] + 2e-9, straight[i][0] - 1e-9, 1e-23);
  }
  const Rectangle r = ScanFootprint(s);
  EXPECT_NEAR(r.width_m, 2e-9, 1e-23);
  EXPECT_NEAR(r.height_m, 4e-9, 1e-23);
}

// Even density: the share of points within a radius r is (r/R)², to one point; neighbours on the
// track and across it are equally far apart, √(area/n).
TEST(ScanPath, SpiralsAreEvenlyDense) {
  Scan s = Base();
  s.pattern = ScanPattern::kSpiral;
  s.fov_y_m = s.fov_x_m;
  s.pixels_y = 1;
  s.pixels_x = 5000;
  const auto at = ScanPositions(s);
  const double radius = 2e-9;
  std::vector<double> r;
  for (const auto& p : at) r.push_back(std::hypot(p[0] - s.center_x_m, p[1] - s.center_y_m));
  for (double share : {0.1, 0.5, 0.9}) {
    const auto inside =
        std::count_if(r.begin(), r.end(), [&](double v) { return v <= radius * std::sqrt(share); });
    EXPECT_NEAR(double(inside), 5000 * share, 1);
  }
  const double pitch = radius / SpiralTurns(s), area = M_PI * radius * radius / 5000;
  EXPECT_NEAR(pitch, std::sqrt(area), 1e-12 * pitch);
  const double along = std::hypot(at[4000][0] - at[3999][0], at[4000][1] - at[3999][1]);
  EXPECT_NEAR(along, pitch, 0.01 * pitch);  // a chord for an arc of 1/60 rad, a radius that grows
}

// Without noise and drift a position has one reading, whatever pattern brought the probe there.
TEST(ScanPath, TheTwinSeesTheSameAtTheSamePlace) {
  TwinOptions o = TwinFromYaml();
  auto ranges = o.prior.ranges();
  for (auto& [name, range] : ranges) {
    if (name.find("walk") != std::string::npos || name.find("drift") != std::string::npos ||
        name.find("noise") != std::string::npos || name == "readout_counts") {
      range = {0, 0};
    }
  }
  o.prior = theory::Prior(ranges);
  o.nominal_current_A = 1e-6;  // 6e9 electrons a millisecond, of which 1.4e7 are detected
  o.counts_per_electron = 1e-6;
  auto twin = *MakeTwin(o, 2);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  Scan raster = Base();
  raster.frames = 1;
  raster.dwell_s = 1e-3;
  raster.fov_x_m = 0.8e-9;
  raster.fov_y_m = 0.6e-9;
  const auto image = *twin->Execute(raster);
  const Array<float>& counts = image.frames[0].counts;
  const double mean =
      std::accumulate(counts.data(), counts.data() + counts.size(), 0.0) / double(counts.size());
  Scan points = raster;
  points.pattern = ScanPattern::kPoints;
  points.center_x_m = points.center_y_m = 0;
  points.points_m = ScanPositions(raster);
  const auto same = *twin->Execute(points);
  ASSERT_EQ(same.frames[0].counts.shape(), (std::vector<size_t>{1, 32}));
  // Five standard deviations of the difference of two counts: 5 √2/√1.4e7.
  const double tolerance = 1.9e-3 * mean;
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_NEAR(same.frames[0].counts[i], counts[i], tolerance) << i;
  }
  // A rotated raster and a spiral against their own point lists.
  Scan rotated = raster, spiral = raster;
  rotated.rotation_rad = 0.7;
  spiral.pattern = ScanPattern::kSpiral;
  spiral.fov_y_m = spiral.fov_x_m;
  spiral.pixels_x = 32;
  spiral.pixels_y = 1;
  for (const Scan& s : {rotated, spiral}) {
    const auto a = *twin->Execute(s);
    points.points_m = ScanPositions(s);
    const auto b = *twin->Execute(points);
    for (size_t i = 0; i < 32; ++i) {
      EXPECT_NEAR(a.frames[0].counts[i], b.frames[0].counts[i], tolerance) << i;
    }
  }
}

// The forecast of time is exact on the twin; that of electrons with the true current.
TEST(Cost, IsWhatTheTwinSpends) {
  auto twin = *MakeTwin(TwinFromYaml(), 1);
  const double current =
      TwinFromYaml().nominal_current_A * twin->ground_truth()->Hidden().at("current_ratio");
  Scan spiral = Base(), points = Base(), rotated = Base();
  spiral.pattern = ScanPattern::kSpiral;
  spiral.fov_y_m = spiral.fov_x_m;
  spiral.pixels_y = 1;
  points.pattern = ScanPattern::kPoints;
  points.points_m = {{0, 0}, {1e-9, 0}};
  rotated.rotation_rad = 0.2;
  for (const Command& c : std::vector<Command>{Unblank{}, Read{{"optics.C10"}}, Abort{},
                                               Set{"optics.C10", Nanometres(3)}, Base(), spiral,
                                               points, rotated, Park{0, 0, 0.5}, Blank{}}) {
    const Cost cost = PredictCost(twin->description(), c, current);
    const auto reply = twin->Execute(c);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_NEAR(cost.time_s, reply->elapsed_s, 1e-12) << VerbName(c);
    EXPECT_NEAR(cost.electrons, reply->electrons, 1e-9 * cost.electrons) << VerbName(c);
    EXPECT_NEAR(cost.dose_e_per_m2, reply->dose_e_per_m2, 1e-9 * cost.dose_e_per_m2);
  }
}

}  // namespace
}  // namespace ronchi::hw
