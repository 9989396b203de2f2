// Where scans put the probe; what the twin sees there; what the forecast says it costs.
#include "hw/instrument/scan_path.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "hw/instrument/cost.h"
#include "hw/instrument/ground_truth.h"
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

// What a dose is: the electrons that come down within a probe of a place, over the probe's area.
// Counted stop by stop, whichever pattern brought it there.
double MostWithinAProbe(const Scan& s, double electrons, double probe) {
  const auto at = ScanPositions(s);
  size_t most = 0;
  for (const auto& p : at) {
    size_t near = 0;
    for (const auto& q : at) {
      near += std::fabs(q[0] - p[0]) < probe / 2 && std::fabs(q[1] - p[1]) < probe / 2;
    }
    most = std::max(most, near);
  }
  return double(most) * electrons / double(at.size()) / (probe * probe);
}

TEST(ScanPath, DoseIsCountedWhereTheProbeStands) {
  constexpr double kProbe = kLeastProbe_m, kElectrons = 1e6;
  Scan s = Base();
  s.center_x_m = s.center_y_m = 0;
  const auto dose = [&] { return kElectrons / ScanArea_m2(s); };
  // One pixel over a micrometre: one spot, at the corner where it stands.
  s.fov_x_m = s.fov_y_m = 1e-6;
  s.pixels_x = s.pixels_y = 1;
  EXPECT_NEAR(dose(), kElectrons / (kProbe * kProbe), 1e-9 * dose());
  ASSERT_EQ(ScanPlaces(s).size(), 1u);
  EXPECT_NEAR(ScanPlaces(s)[0].x_m + kProbe / 2, -0.5e-6, 1e-20);
  EXPECT_NEAR(ScanPlaces(s)[0].width_m, kProbe, 1e-20);
  // Far apart: a spot each, also turned.
  s.pixels_x = 4, s.pixels_y = 3;
  for (double rotation : {0.0, 0.4}) {
    s.rotation_rad = rotation;
    const auto places = ScanPlaces(s);
    const auto at = ScanPositions(s);
    ASSERT_EQ(places.size(), at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      EXPECT_NEAR(places[i].x_m + places[i].width_m / 2, at[i][0], 1e-18);
      EXPECT_NEAR(places[i].y_m + places[i].height_m / 2, at[i][1], 1e-18);
      EXPECT_GE(places[i].width_m, kProbe * (1 - 1e-9));
    }
    EXPECT_NEAR(dose(), MostWithinAProbe(s, kElectrons, kProbe), 1e-9 * dose());
  }
  s.rotation_rad = 0;
  // Far apart along one axis alone, all within one probe, and as close as images are.
  s.fov_x_m = 2e-9, s.pixels_x = 400;
  EXPECT_EQ(ScanPlaces(s).size(), 3u);
  EXPECT_NEAR(dose(), kElectrons / (2e-9 * 3 * kProbe), 1e-9 * dose());
  // 20 or 21 stops of 5 pm lie within a probe, as round-off has it.
  EXPECT_NEAR(dose() / MostWithinAProbe(s, kElectrons, kProbe), 1, 0.06);
  s.fov_x_m = s.fov_y_m = 2e-11, s.pixels_x = s.pixels_y = 8;
  EXPECT_NEAR(dose(), MostWithinAProbe(s, kElectrons, kProbe), 1e-9 * dose());
  s.fov_x_m = s.fov_y_m = 2e-9, s.pixels_x = s.pixels_y = 64;
  EXPECT_DOUBLE_EQ(dose(), kElectrons / 4e-18);
  // A spiral of many turns is a disc, one of few is a line on which stops crowd.
  s.pattern = ScanPattern::kSpiral;
  s.pixels_x = 4000, s.pixels_y = 1;
  EXPECT_NEAR(dose(), kElectrons / (M_PI * 1e-18), 1e-9 * dose());
  s.turns = 0.01;
  // At its rim, where it is as good as a straight line, it comes to four times as much as there.
  EXPECT_GE(dose() * 1.01, MostWithinAProbe(s, kElectrons, kProbe));
  s.turns = 0, s.pixels_x = 12, s.fov_x_m = s.fov_y_m = 1e-7;
  EXPECT_NEAR(dose(), MostWithinAProbe(s, kElectrons, kProbe), 1e-9 * dose());
}

TEST(ScanPath, RotationAndStageMoveThePlace) {
  const Rectangle spot{30e-9, -1e-10, 2e-10, 2e-10};  // around (30.1, 0) nm
  const Rectangle turned = OnSpecimen(spot, {.rotation_rad = M_PI / 2});
  EXPECT_NEAR(turned.x_m + turned.width_m / 2, 0, 1e-18);
  EXPECT_NEAR(turned.y_m + turned.height_m / 2, 30.1e-9, 1e-18);
  const Rectangle carried = OnSpecimen(spot, {.stage_x_m = 100e-9, .stage_y_m = -1e-9});
  EXPECT_NEAR(carried.x_m, -70e-9, 1e-18);
  EXPECT_NEAR(carried.y_m, 0.9e-9, 1e-18);
}

}  // namespace
}  // namespace ronchi::hw
