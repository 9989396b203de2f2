// The patterns of the twin's camera against closed forms: vacuum, shadow images, Bragg's law,
// symmetry, the source.
#include "hw/twin/column/camera_patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/physics/electron.h"
#include "tests/support/camera.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::kFilmWithCamera;
using testing_support::Pattern;
using testing_support::TwinFromYaml;

TEST(CameraPatterns, VacuumIsAnEvenDiscOfTheApertureThatHoldsEveryElectron) {
  TwinOptions o = TwinFromYaml(kFilmWithCamera);
  o.specimen.atoms.clear();
  PatternMoment moment;
  moment.aberrations.a_A[sim::kC10] = -500;  // phases do not show
  const auto p = Pattern(o, moment, 3, 5);
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-5);  // round-off of single precision
  const double middle = p[64 * 128 + 64];
  const double radius = o.camera.semiangle_rad / o.camera.pixel_rad;
  // A disc of even density that holds everything: π r² · density = 1. The rim is soft over one of
  // the grid's steps, λ/64 Å = 0.39 mrad: its mean radius is right to its square.
  EXPECT_NEAR(std::sqrt(1 / (M_PI * middle)), radius, 0.01 * radius);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const double r = std::hypot(x - 64, y - 64), v = p[size_t(y * 128 + x)];
      // Pixel and lattice cell are 0.5 and 0.39 mrad across: beyond 1.5 pixels nothing is soft.
      if (r < radius - 1.5) {
        EXPECT_NEAR(v, middle, 1e-4 * middle) << x << ", " << y;
      } else if (r > radius + 1.5) {
        EXPECT_NEAR(v, 0, 1e-9);
      }
    }
  }
}

// By how many pixels along x the pattern b stands further along than a, over the disc.
double ShiftOf(std::span<const double> a, std::span<const double> b, int most) {
  double best = -1e300, at = 0;
  std::vector<double> score;
  for (int s = -most; s <= most; ++s) {
    double saa = 0, sbb = 0, sab = 0, ma = 0, mb = 0;
    std::vector<std::pair<double, double>> pairs;
    for (int y = 0; y < 128; ++y) {
      for (int x = 0; x < 128; ++x) {
        if (std::hypot(x - 64, y - 64) > 54 || std::hypot(x + s - 64, y - 64) > 54) continue;
        pairs.emplace_back(a[size_t(y * 128 + x)], b[size_t(y * 128 + x + s)]);
        ma += pairs.back().first;
        mb += pairs.back().second;
      }
    }
    ma /= double(pairs.size());
    mb /= double(pairs.size());
    for (const auto& [u, v] : pairs) {
      saa += (u - ma) * (u - ma);
      sbb += (v - mb) * (v - mb);
      sab += (u - ma) * (v - mb);
    }
    score.push_back(sab / std::sqrt(saa * sbb));
    if (score.back() > best) best = score.back(), at = s;
  }
  const size_t i = size_t(at + most);
  if (i > 0 && i + 1 < score.size()) {  // the parabola through the three best
    const double l = score[i - 1], c = score[i], r = score[i + 1];
    at += 0.5 * (l - r) / (l - 2 * c + r);
  }
  EXPECT_GT(best, 0.5);
  return at;
}

// The ray at the angle α meets the film at R + C10 α (docs/conventions.md: stationary phase of
// χ and the probe's shift), so that a shift of the probe by d moves its shadow by −d/C10.
TEST(CameraPatterns, AFilmsShadowMovesByShiftOverDefocus) {
  const TwinOptions o = TwinFromYaml(kFilmWithCamera);
  const double d_A = 3;
  for (const double c10_A : {-1000.0, -700.0, 700.0, 1000.0}) {
    PatternMoment moment;
    moment.aberrations.a_A[sim::kC10] = c10_A;
    const auto a = Pattern(o, moment), b = Pattern(o, moment, d_A);
    // Half a pixel: what Fresnel fringes at the features' edges do to the parabola.
    EXPECT_NEAR(ShiftOf(a, b, 14), -d_A / c10_A / o.camera.pixel_rad, 0.5) << c10_A;
  }
}

// A third of a carbon atom in every 4 Å cell, 80 Å thick: weak, so that the beam g of a parallel
// probe has the kinematic intensity |Σ_n e^{2πi n d s}|² with s = g·τ − λg²/2, τ = (β, −α).
TEST(CameraPatterns, BraggsLawOfATiltedCrystal) {
  TwinOptions o = TwinFromYaml(
      "{preset: corrected_200kV, phonon_configurations: 1, camera: {present: true, pixels: 128, "
      "pixel_mrad: 0.5, semiangle_mrad: 1, source_points: 1}}");
  o.specimen = sim::Specimen{.cell_A = {4, 4, 4},
                             .atoms = {{.z = 6, .x_A = 2, .y_A = 2, .z_A = 1, .occupancy = 0.3}}}
                   .Repeated(1, 1, 20);
  auto patterns = *CameraPatterns::Create(o);
  const double lambda_A = sim::Wavelength_A(o.energy_eV), g = 1;  // (4, 0): 25 mrad
  const auto intensity = [&](double alpha, double beta, int axis, int sign) {
    std::vector<double> p(128 * 128);
    patterns->Compute(patterns->Prepare({{}, {alpha, beta}, 0}), 0, 0, p);
    double sum = 0;
    const int at = 64 + int(std::lround(sign * lambda_A * g / o.camera.pixel_rad));
    for (int i = -4; i <= 4; ++i) {
      for (int j = -4; j <= 4; ++j) {
        sum += axis == 0 ? p[size_t((64 + i) * 128 + at + j)] : p[size_t((at + j) * 128 + 64 + i)];
      }
    }
    return sum;
  };
  const auto kinematic = [&](double along) {
    const double s = g * along - lambda_A * g * g / 2;
    const double u = M_PI * s * 4;
    return std::fabs(u) < 1e-9 ? 1.0 : std::pow(std::sin(20 * u) / (20 * std::sin(u)), 2);
  };
  const double bragg = lambda_A * g / 2, peak = intensity(0, bragg, 0, 1);
  for (const double share : {-0.2, 0.3, 0.5, 0.8, 1.0, 1.3}) {
    const double tilt = share * bragg;
    // 3 % of the peak: multiple scattering, and the probe's 1 mrad.
    EXPECT_NEAR(intensity(0, tilt, 0, 1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(0, -tilt, 0, -1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(-tilt, 0, 1, 1) / peak, kinematic(tilt), 0.03) << share;
    EXPECT_NEAR(intensity(tilt, 0, 1, -1) / peak, kinematic(tilt), 0.03) << share;
  }
}

// Atoms at rest, probe on a column, round optics: turned by 180 degrees about its middle pixel the
// pattern is itself at the zone axis, and that of the opposite tilt off it.
TEST(CameraPatterns, CentreSymmetryIsLostWithTheZoneAxisAlone) {
  const TwinOptions o = TwinFromYaml(
      "{preset: corrected_200kV, layers: 20, thermal_rms_A: 0, camera: {present: true, pixels: 65, "
      "pixel_mrad: 1}}");
  auto patterns = *CameraPatterns::Create(o);
  const auto at = [&](double alpha, double beta) {
    std::vector<double> p(65 * 65);
    PatternMoment moment{.tilt_rad = {alpha, beta}, .source_fwhm_A = 0.8};
    moment.aberrations.a_A[sim::kC10] = -30;
    patterns->Compute(patterns->Prepare(moment), 0, 0, p);
    return p;
  };
  const auto asymmetry = [](const std::vector<double>& a, std::vector<double> b) {
    std::reverse(b.begin(), b.end());
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]);
    return sum;
  };
  const auto zone = at(0, 0), plus = at(0.001, 0.002), minus = at(-0.001, -0.002);
  EXPECT_LT(asymmetry(zone, zone), 1e-4);  // round-off
  EXPECT_LT(asymmetry(plus, minus), 1e-4);
  EXPECT_GT(asymmetry(plus, plus), 0.05);
  // To first order in the tilt.
  const auto half = at(0.0005, 0.001);
  EXPECT_NEAR(asymmetry(plus, plus) / asymmetry(half, half), 2, 0.2);
}

// Four points of the source against the whole of it on a grid of 9 × 9 points to 3 σ.
TEST(CameraPatterns, FourPointsStandForTheSource) {
  const std::string keys = "{preset: corrected_200kV, thermal_rms_A: 0, camera: {present: true, ";
  const TwinOptions four = TwinFromYaml(keys + "pixels: 64}}");
  const TwinOptions one = TwinFromYaml(keys + "pixels: 64, source_points: 1}}");
  const double fwhm_A = 0.8, sigma_A = fwhm_A / 2.3548;
  auto point = *CameraPatterns::Create(one);
  const auto prepared = point->Prepare({});
  std::vector<double> whole(64 * 64), part(64 * 64);
  double weights = 0;
  for (int i = -4; i <= 4; ++i) {
    for (int j = -4; j <= 4; ++j) {
      const double u = 0.75 * i, v = 0.75 * j, w = std::exp(-(u * u + v * v) / 2);
      point->Compute(prepared, 0.7 + u * sigma_A, 0.4 + v * sigma_A, part);
      for (size_t k = 0; k < part.size(); ++k) whole[k] += w * part[k];
      weights += w;
    }
  }
  for (double& v : whole) v /= weights;
  PatternMoment moment;
  moment.source_fwhm_A = fwhm_A;
  const auto distance = [&](const std::vector<double>& p) {
    double sum = 0;
    for (size_t k = 0; k < p.size(); ++k) sum += std::fabs(p[k] - whole[k]);
    return sum;
  };
  // 0.8 Å across is not small against an atom: the fourth order is what is left.
  EXPECT_LT(distance(Pattern(four, moment, 0.7, 0.4)),
            0.5 * distance(Pattern(one, moment, 0.7, 0.4)));
}

}  // namespace
}  // namespace ronchi::hw
