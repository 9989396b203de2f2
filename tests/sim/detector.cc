// Detectors against sums over the pattern's pixels, written out.
#include "sim/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "core/random.h"
#include "sim/physics/electron.h"
#include "sim/probe.h"
#include "tests/sim/energy.h"

namespace ronchi::sim {
namespace {

using Type = DetectorOptions::Type;

std::vector<float> RandomPattern(const Grid& g) {
  RandomStream random({.seed = 2, .name = "test.pattern"});
  std::vector<float> pattern(g.size());
  for (float& v : pattern) v = float(random.Uniform());
  return pattern;
}

std::vector<double> Read(const DetectorOptions& o, const Grid& g, const std::vector<float>& p,
                         double weight = 1) {
  const absl::StatusOr<Detector> d = Detector::Create(o, g, kEnergy_eV, 0.024);
  RONCHI_CHECK(d.ok());
  std::vector<double> out(d->size(), 0);
  d->Accumulate(p, weight, out);
  return out;
}

double Angle(const Grid& g, size_t i, size_t j) {
  return std::hypot(g.kx_per_A(i), g.ky_per_A(j)) * Wavelength_A(kEnergy_eV);
}

class DetectorGrid : public testing::TestWithParam<Grid> {};
INSTANTIATE_TEST_SUITE_P(Grids, DetectorGrid,
                         testing::Values(Grid{64, 64, 12, 12}, Grid{45, 50, 9, 11},
                                         Grid{33, 64, 7, 12}),
                         [](const auto& i) {
                           return std::to_string(i.param.nx) + "x" + std::to_string(i.param.ny);
                         });

// Single-precision sums along a row of up to 64 numbers: 1e-6.
TEST_P(DetectorGrid, RingIsTheSumOfItsPixels) {
  const Grid g = GetParam();
  const std::vector<float> p = RandomPattern(g);
  for (const auto& [inner, outer] : {std::pair(0.0, 0.01), {0.012, 0.03}, {0.02, 0.035}}) {
    double expected = 0;
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t j = 0; j < g.ny; ++j) {
        const double a = Angle(g, i, j);
        if (a >= inner && a < outer) expected += p[i * g.ny + j];
      }
    }
    const auto ring = Read({.name = "r", .inner_rad = inner, .outer_rad = outer}, g, p);
    EXPECT_NEAR(ring.at(0), expected, 1e-6 * expected);
    const auto twice = Read({.name = "r", .inner_rad = inner, .outer_rad = outer}, g, p, 2);
    EXPECT_DOUBLE_EQ(twice.at(0), 2 * ring.at(0));
  }
}

TEST_P(DetectorGrid, SegmentsShareTheRingAmongThem) {
  const Grid g = GetParam();
  const std::vector<float> p = RandomPattern(g);
  const double ring = Read({.name = "r", .inner_rad = 0.008, .outer_rad = 0.03}, g, p)[0];
  for (int azimuthal : {1, 3, 4, 8}) {
    for (int radial : {1, 2, 5}) {
      for (double rotation : {0.0, 0.3, -2.0}) {
        const auto parts = Read({.name = "s",
                                 .type = Type::kSegmented,
                                 .inner_rad = 0.008,
                                 .outer_rad = 0.03,
                                 .azimuthal = azimuthal,
                                 .radial = radial,
                                 .rotation_rad = rotation},
                                g, p);
        ASSERT_EQ(parts.size(), size_t(azimuthal) * radial);
        EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), ring, 1e-6 * ring);
      }
    }
  }
}

TEST(Detector, SectorsAndRingsLieWhereTheOptionsSay) {
  const Grid g{64, 64, 12, 12};
  const double step = Wavelength_A(kEnergy_eV) / 12;
  auto lit = [&](int h, int k) {
    std::vector<float> p(g.size(), 0);
    p[size_t((h + 64) % 64) * 64 + size_t((k + 64) % 64)] = 1;
    const auto out = Read({.name = "s",
                           .type = Type::kSegmented,
                           .inner_rad = 2.5 * step,
                           .outer_rad = 13.5 * step,
                           .azimuthal = 4,
                           .radial = 2},
                          g, p);
    int index = -1;
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] > 0) index = int(i);
    }
    return index;
  };
  EXPECT_EQ(lit(5, 2), 0);  // first quadrant, from +x to +y
  EXPECT_EQ(lit(-2, 5), 1);
  EXPECT_EQ(lit(-5, -2), 2);
  EXPECT_EQ(lit(2, -5), 3);
  EXPECT_EQ(lit(9, 3), 4);   // beyond the half way: the outer ring
  EXPECT_EQ(lit(3, 0), 0);   // just inside
  EXPECT_EQ(lit(2, 0), -1);  // inside the hole
  EXPECT_EQ(lit(13, 0), 4);
  EXPECT_EQ(lit(14, 0), -1);  // beyond
}

TEST_P(DetectorGrid, PixelatedHoldsThePatternCentred) {
  const Grid g = GetParam();
  const std::vector<float> p = RandomPattern(g);
  const DetectorOptions o{.name = "p", .type = Type::kPixelated, .max_rad = 0.03};
  const Detector d = *Detector::Create(o, g, kEnergy_eV, 0.024);
  const auto pixels = Read(o, g, p);
  ASSERT_EQ(d.shape().size(), 2u);
  const size_t qx = d.shape()[0], qy = d.shape()[1];
  EXPECT_EQ(qx % 2, g.nx % 2);  // as abTEM: the grid's parity, out to max_rad or a pixel more
  EXPECT_EQ(qy % 2, g.ny % 2);
  const double inner = 0.006, outer = 0.03;
  double ring = 0;
  for (size_t a = 0; a < qx; ++a) {
    for (size_t b = 0; b < qy; ++b) {
      const size_t i = (a + g.nx - qx / 2) % g.nx, j = (b + g.ny - qy / 2) % g.ny;
      EXPECT_EQ(pixels[a * qy + b], double(p[i * g.ny + j]));
      const double x = d.x_axis().offset_rad + double(a) * d.x_axis().step_rad;
      const double y = d.y_axis().offset_rad + double(b) * d.y_axis().step_rad;
      if (std::hypot(x, y) >= inner && std::hypot(x, y) < outer) ring += pixels[a * qy + b];
    }
  }
  const auto annular = Read({.name = "r", .inner_rad = inner, .outer_rad = outer}, g, p);
  EXPECT_NEAR(annular[0], ring, 1e-6 * ring);
}

// A Gaussian spot at (x0, y0): its centre of mass is there. 1e-3: truncation at the pattern's edge.
TEST(Detector, CentreOfMassFollowsTheSpot) {
  const Grid g{80, 90, 15, 18};
  const DetectorOptions o{.name = "com", .type = Type::kCenterOfMass};
  for (const auto& [x0, y0] : {std::pair(0.0, 0.0), {3.0, -1.0}, {-2.0, 4.5}}) {
    std::vector<float> p(g.size());
    double sum = 0;
    for (size_t i = 0; i < g.nx; ++i) {
      for (size_t j = 0; j < g.ny; ++j) {
        const double ax = g.kx_per_A(i) * Wavelength_A(kEnergy_eV) * 1e3 - x0;
        const double ay = g.ky_per_A(j) * Wavelength_A(kEnergy_eV) * 1e3 - y0;
        sum += p[i * g.ny + j] = float(std::exp(-(ax * ax + ay * ay) / (2 * 5 * 5)));
      }
    }
    for (float& v : p) v = float(v / sum);
    const auto com = Read(o, g, p);
    ASSERT_EQ(com.size(), Detector::kMoments);
    EXPECT_NEAR(com[0], 1, 1e-6);
    EXPECT_NEAR(com[1], x0, 1e-3);
    EXPECT_NEAR(com[2], y0, 1e-3);
    // Second moments of the spot: 5² about the centre. 1e-2: the truncation weighs more there.
    EXPECT_NEAR(com[3] - x0 * x0, 25, 1e-2);
    EXPECT_NEAR(com[4] - x0 * y0, 0, 1e-2);
    EXPECT_NEAR(com[5] - y0 * y0, 25, 1e-2);
  }
}

// Binning adds whole pixels up, whatever their parity; the axes stay with the pixels' centres.
TEST_P(DetectorGrid, BinsAreSumsOfPatternPixels) {
  const Grid g = GetParam();
  const std::vector<float> p = RandomPattern(g);
  for (int b : {2, 3, 4}) {
    const DetectorOptions o{.name = "p", .type = Type::kPixelated, .max_rad = 0.03, .binning = b};
    const Detector d = *Detector::Create(o, g, kEnergy_eV);
    const auto bins = Read(o, g, p);
    const double step = Wavelength_A(kEnergy_eV) / g.lx_A;
    EXPECT_NEAR(d.x_axis().step_rad, b * step, 1e-12);
    EXPECT_EQ(d.shape()[0] % 2, size_t(b % 2));
    for (size_t u = 0; u < d.shape()[0]; ++u) {
      for (size_t v = 0; v < d.shape()[1]; ++v) {
        double sum = 0, angle = 0;
        for (int du = 0; du < b; ++du) {
          for (int dv = 0; dv < b; ++dv) {
            const auto first = [&](size_t bins_here, size_t bin) {
              const int64_t n = int64_t(bins_here);
              return b % 2 ? (int64_t(bin) - n / 2) * b - b / 2 : (int64_t(bin) - n / 2) * b;
            };
            const int64_t i = first(d.shape()[0], u) + du, j = first(d.shape()[1], v) + dv;
            angle += double(i) * step / (b * b);
            sum += p[size_t((i + int64_t(g.nx)) % int64_t(g.nx)) * g.ny +
                     size_t((j + int64_t(g.ny)) % int64_t(g.ny))];
          }
        }
        EXPECT_NEAR(bins[u * d.shape()[1] + v], sum, 1e-6 * sum);
        EXPECT_NEAR(d.x_axis().offset_rad + double(u) * d.x_axis().step_rad, angle, 1e-12);
      }
    }
  }
}

// A uniform disc that moves by δ: DPC tells δ, to the discreteness of the pattern's pixels. The
// disc's rim is soft over one pixel, which makes its flux through a ring linear in δ.
TEST(Detector, DifferentialPhaseContrastTellsASmallShiftOfTheDisc) {
  const Grid g{256, 256, 60, 60};
  const double a = 0.02, step = Wavelength_A(kEnergy_eV) / g.lx_A;
  for (int sectors : {3, 4, 8}) {
    const DetectorOptions o{.name = "dpc",
                            .type = Type::kDpc,
                            .inner_rad = 0.005,
                            .outer_rad = 0.03,
                            .azimuthal = sectors,
                            .rotation_rad = 0.3};
    const Detector d = *Detector::Create(o, g, kEnergy_eV, a);
    for (const auto& [x0, y0] : {std::pair(2e-4, 0.0), {-1e-4, 3e-4}}) {
      std::vector<float> p(g.size());
      double sum = 0;
      for (size_t i = 0; i < g.nx; ++i) {
        for (size_t j = 0; j < g.ny; ++j) {
          const double ax = g.kx_per_A(i) * Wavelength_A(kEnergy_eV) - x0;
          const double ay = g.ky_per_A(j) * Wavelength_A(kEnergy_eV) - y0;
          sum += p[i * g.ny + j] = float(SoftAperture(ax, ay, a, step, step));
        }
      }
      std::vector<double> reading(d.size(), 0);
      d.Accumulate(p, 1 / sum, reading);
      const auto shift = d.Combine(reading);
      // The ring's rim is stepped: some per cent of the shift.
      EXPECT_NEAR(shift[0], x0 * 1e3, 0.1 * 0.35);
      EXPECT_NEAR(shift[1], y0 * 1e3, 0.1 * 0.35);
    }
  }
}

TEST(Detector, RefusesDpcWithoutTheRim) {
  const Grid g{128, 128, 30, 30};
  for (const auto& [inner, outer] : {std::pair(0.0, 0.01), {0.02, 0.03}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        Detector::Create({.name = "d", .type = Type::kDpc, .inner_rad = inner, .outer_rad = outer},
                         g, kEnergy_eV, 0.015)
            .status()));
  }
}

TEST(Detector, RefusesWhatTheGridDoesNotReach) {
  const Grid g{64, 64, 12, 12};
  const double limit = g.band_limit_per_A() * Wavelength_A(kEnergy_eV);
  const auto far =
      Detector::Create({.name = "r", .inner_rad = 0.02, .outer_rad = 0.1}, g, kEnergy_eV);
  ASSERT_TRUE(absl::IsOutOfRange(far.status()));
  char largest[32];
  std::snprintf(largest, sizeof largest, "up to %.4g mrad", limit * 1e3);
  EXPECT_NE(far.status().message().find("100 mrad"), std::string::npos) << far.status();
  EXPECT_NE(far.status().message().find(largest), std::string::npos) << far.status();
  EXPECT_TRUE(Detector::Create({.name = "r", .outer_rad = limit * 0.9999}, g, kEnergy_eV).ok());
  // A ring so narrow that no pixel lies in it.
  EXPECT_TRUE(absl::IsOutOfRange(
      Detector::Create({.name = "r", .inner_rad = 0.0001, .outer_rad = 0.0002}, g, kEnergy_eV)
          .status()));
}

// ⟨w, A I⟩ = ⟨A* w, I⟩ for every type; 1e-5: single-precision sums of a few thousand numbers.
TEST_P(DetectorGrid, SpreadIsTheAdjointOfAccumulate) {
  const Grid g = GetParam();
  const std::vector<float> p = RandomPattern(g);
  const DetectorOptions all[] = {
      {.name = "ring", .inner_rad = 0.01, .outer_rad = 0.03},
      {.name = "quad",
       .type = Type::kSegmented,
       .inner_rad = 0.004,
       .outer_rad = 0.03,
       .radial = 2,
       .rotation_rad = 0.2},
      {.name = "cbed", .type = Type::kPixelated, .max_rad = 0.03},
      {.name = "binned", .type = Type::kPixelated, .max_rad = 0.03, .binning = 3},
      {.name = "com", .type = Type::kCenterOfMass},
      {.name = "dpc", .type = Type::kDpc, .inner_rad = 0.01, .outer_rad = 0.03}};
  for (const DetectorOptions& o : all) {
    const Detector d = *Detector::Create(o, g, kEnergy_eV, 0.024);
    const std::vector<double> reading = Read(o, g, p);
    RandomStream random({.seed = 3, .name = "test.slope"});
    std::vector<double> slope(d.size());
    for (double& v : slope) v = random.Uniform(0.5, 1.5);
    std::vector<float> pixels(g.size(), 0.25f);  // what is there is added to
    d.Spread(slope, pixels);
    double on_pixels = 0, on_readings = 0;
    for (size_t i = 0; i < p.size(); ++i) on_pixels += (double(pixels[i]) - 0.25) * p[i];
    for (size_t i = 0; i < slope.size(); ++i) on_readings += slope[i] * reading[i];
    EXPECT_NEAR(on_pixels, on_readings, 1e-5 * std::fabs(on_readings)) << o.name;
  }
}

// Against central differences, exact but for the third order: 1e-6 at steps of a thousandth.
TEST(Detector, CombineSlopeIsTheDerivativeOfCombine) {
  const Grid g{45, 50, 9, 11};
  const std::vector<float> p = RandomPattern(g);
  for (const DetectorOptions& o :
       {DetectorOptions{.name = "com", .type = Type::kCenterOfMass},
        DetectorOptions{.name = "dpc", .type = Type::kDpc, .inner_rad = 0.01, .outer_rad = 0.03}}) {
    const Detector d = *Detector::Create(o, g, kEnergy_eV, 0.024);
    const std::vector<double> reading = Read(o, g, p);
    const std::vector<double> slope = d.CombineSlope(reading, {0.7, -1.3});
    for (size_t i = 0; i < reading.size(); ++i) {
      const auto at = [&](double by) {
        std::vector<double> r = reading;
        r[i] += by;
        const auto v = d.Combine(r);
        return 0.7 * v[0] - 1.3 * v[1];
      };
      const double step = 1e-3 * std::max(1.0, std::fabs(reading[i]));
      const double expected = (at(step) - at(-step)) / (2 * step);
      EXPECT_NEAR(slope[i], expected, 2e-6 * std::max(1e-3, std::fabs(expected))) << o.name << i;
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
