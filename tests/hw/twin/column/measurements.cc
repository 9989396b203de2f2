// The twin's measurements: their covariance against derivatives of χ and the stated figures, the
// noise against the covariance, and what they cost.
#include "hw/twin/column/measurements.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

#include "sim/physics/electron.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Still;
using testing_support::TwinFromYaml;

constexpr char kPresent[] = "measurements: {present: true}\n";
constexpr double kElectronsAsked = 47.0 * 256 * 256;

// W = χλ/2π; second differences of polynomials to the fourth order, by steps small against the
// angle: their error is h² W''''/12.
TEST(Measurements, LocalDefocusIsTheSecondDerivativeOfChi) {
  const double lambda_A = 0.025, h = 1e-5;
  for (const MeasuredTerm& t : MeasuredTerms(true)) {
    sim::Aberrations unit;
    (t.sine ? unit.b_A : unit.a_A)[size_t(t.term)] = 1;
    const auto w = [&](double x, double y) {
      return unit.Chi(x, y, lambda_A) * lambda_A / (2 * std::numbers::pi);
    };
    for (const auto& [x, y] : TableauTilts(0.02)) {
      const double xx = (w(x + h, y) - 2 * w(x, y) + w(x - h, y)) / (h * h);
      const double yy = (w(x, y + h) - 2 * w(x, y) + w(x, y - h)) / (h * h);
      const double xy =
          (w(x + h, y + h) - w(x + h, y - h) - w(x - h, y + h) + w(x - h, y - h)) / (4 * h * h);
      const auto local = LocalDefocus(t, x, y);
      EXPECT_NEAR(local[0], 0.5 * (xx + yy), 1e-6);
      EXPECT_NEAR(local[1], 0.5 * (xx - yy), 1e-6);
      EXPECT_NEAR(local[2], xy, 1e-6);
    }
  }
}

// At the column and dose of the published figure it is that figure, and falls with the root of the
// dose to the floor.
TEST(Measurements, TheErrorIsTheBoundScaledByDoseAndPhase) {
  TwinOptions o = TwinFromYaml("{preset: corrected_200kV, energy_keV: 300, semiangle_mrad: 30}");
  o.measurements.over_bound = 1;
  o.measurements.floor_m = 0;
  const auto sigma = [&](double electrons) {
    return std::sqrt(AberrationCovariance(o, false, electrons)[0]);
  };
  EXPECT_NEAR(sigma(kElectronsAsked), 0.047e-9, 1e-15);
  EXPECT_NEAR(sigma(kElectronsAsked / 47), std::sqrt(47.0) * 0.047e-9, 1e-15);
  const double before = sigma(kElectronsAsked);
  o.energy_eV = 80e3;
  o.semiangle_rad = 0.02;
  // As much phase at the rim: χ = π C10 α²/λ.
  const double rim = [&](double e, double a) { return a * a / sim::Wavelength_A(e); }(300e3, 0.03) /
                     (0.02 * 0.02 / sim::Wavelength_A(80e3));
  EXPECT_NEAR(sigma(kElectronsAsked) / before, rim, 1e-9);
  o.measurements.floor_m = 1e-9;
  EXPECT_NEAR(sigma(1e30), 1e-9, 1e-15);
}

// One image of a tableau is a C1A1 measurement; nineteen know C12 better by the root of nineteen
// at most, and C10 goes against C30.
TEST(Measurements, ATableauIsALeastSquaresFit) {
  TwinOptions o = TwinFromYaml();
  const auto one = AberrationCovariance(o, false, 1e8),
             tableau = AberrationCovariance(o, true, 1e8);
  const size_t n = MeasuredTerms(true).size();
  ASSERT_EQ(n, 12u);
  ASSERT_EQ(tableau.size(), n * n);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_GT(tableau[i * n + i], one[i * 3 + i] / 19 * (1 - 1e-9));
    EXPECT_LT(tableau[i * n + i], one[i * 3 + i]);
  }
  const size_t c30 = 7;
  EXPECT_LT(tableau[c30] / std::sqrt(tableau[0] * tableau[c30 * n + c30]), -0.5);
  // What a doubled angle does to a coefficient of order n is 2^(n−1).
  o.measurements.tableau_angle_rad *= 2;
  const auto wide = AberrationCovariance(o, true, 1e8);
  EXPECT_NEAR(wide[0] / tableau[0], 1, 1e-9);
  EXPECT_NEAR(wide[3 * n + 3] / tableau[3 * n + 3], 0.25, 1e-9);
  EXPECT_NEAR(wide[c30 * n + c30] / tableau[c30 * n + c30], 1.0 / 16, 1e-9);
}

// A record is played again to the bit, in another process with another heap.
TEST(Measurements, TheCovarianceIsTheSameWhereverItLies) {
  const TwinOptions options = TwinFromYaml();
  const std::vector<double> once = AberrationCovariance(options, true, kElectronsAsked);
  std::vector<std::unique_ptr<char[]>> between;
  for (size_t bytes = 8; bytes < 2000; bytes += 24) {
    between.push_back(std::make_unique<char[]>(bytes));
    ASSERT_EQ(AberrationCovariance(options, true, kElectronsAsked), once) << bytes;
  }
}

// z^T C⁻¹ z has the mean n and the variance 2n; five standard errors.
TEST(Measurements, TheNoiseHasTheStatedCovariance) {
  const TwinOptions o = TwinFromYaml();
  sim::Aberrations truth;
  truth.a_A[sim::kC10] = 50;
  truth.b_A[sim::kC21] = -400;
  for (const std::string what : {"defocus", "aberrations"}) {
    constexpr int kDraws = 2000;
    double chi2 = 0, c10 = 0;
    size_t n = 0;
    double variance = 0;
    for (int i = 0; i < kDraws; ++i) {
      RandomStream random({.seed = 1, .name = "test.measure", .step = uint64_t(i)});
      const Estimate e = EstimateAberrations(o, what, truth, 1e8, &random);
      n = e.names.size();
      Eigen::VectorXd z{Eigen::Index(n)};
      for (size_t k = 0; k < n; ++k) z[Eigen::Index(k)] = e.values[k].si * 1e9;
      z[0] -= 5;
      if (n > 3) z[4] += 40;
      EXPECT_EQ(e.names[0], "C10");
      EXPECT_EQ(e.names.back(), n > 3 ? "C34.b" : "C12.b");
      const Eigen::MatrixXd c =
          1e18 * Eigen::Map<const Eigen::MatrixXd>(e.covariance.data(), z.size(), z.size());
      chi2 += z.dot(c.llt().solve(z));
      c10 += z[0];
      variance = c(0, 0);
    }
    EXPECT_NEAR(chi2 / kDraws, double(n), 5 * std::sqrt(2.0 * double(n) / kDraws)) << what;
    EXPECT_NEAR(c10 / kDraws, 0, 5 * std::sqrt(variance / kDraws)) << what;
  }
}

TEST(TwinMeasure, MeasuresWhatTheColumnHas) {
  auto twin = Still("  C10_nm: [30, 30]\n  C12b_nm: [-12, -12]\n  C23a_nm: [200, 200]\n", kPresent);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  ASSERT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(-10)}).ok());
  const auto defocus = twin->Execute(Measure{"defocus"}),
             all = twin->Execute(Measure{"aberrations"});
  ASSERT_TRUE(defocus.ok() && all.ok()) << all.status();
  const auto expect = [](const Estimate& e, const std::string& name, double nm) {
    const size_t n = e.names.size();
    for (size_t i = 0; i < n; ++i) {
      if (e.names[i] != name) continue;
      EXPECT_NEAR(e.values[i].si * 1e9, nm, 5e9 * std::sqrt(e.covariance[i * n + i])) << name;
      return;
    }
    ADD_FAILURE() << "no " << name;
  };
  expect(defocus->estimates[0], "C10", 20);
  expect(defocus->estimates[0], "C12.b", -12);
  expect(all->estimates[0], "C10", 20);
  expect(all->estimates[0], "C12.a", 0);
  expect(all->estimates[0], "C23.a", 200);
  expect(all->estimates[0], "C34.b", 0);
}

// Time, electrons and dose on its field as described; in the ledger; with the beam on alone.
TEST(TwinMeasure, CostsWhatItSays) {
  auto twin = Still("", kPresent);
  const double electrons_per_s = 60e-12 / kElementaryCharge_C;
  double dose = 0;
  for (const MeasurementInfo& info : twin->description().measurements) {
    const Measure measure{info.what, 1e-6, 0};
    ASSERT_TRUE(twin->Execute(Blank{}).ok());
    const auto blanked = twin->Execute(measure);
    if (info.fov_m > 0) {
      EXPECT_EQ(blanked.status().code(), absl::StatusCode::kFailedPrecondition) << info.what;
    } else {
      EXPECT_TRUE(blanked.ok()) << info.what;
    }
    ASSERT_TRUE(twin->Execute(Unblank{}).ok());
    const auto r = twin->Execute(measure);
    ASSERT_TRUE(r.ok()) << r.status();
    EXPECT_NEAR(r->elapsed_s, info.time_s, 1e-9) << info.what;
    const double electrons = info.fov_m > 0 ? electrons_per_s * info.beam_on_s : 0;
    EXPECT_NEAR(r->electrons, electrons, 1e-9 * electrons) << info.what;
    if (electrons > 0) {
      EXPECT_NEAR(r->dose_e_per_m2, electrons / std::pow(info.fov_m, 2), 1e-9 * r->dose_e_per_m2);
    }
    dose += r->dose_e_per_m2;
    const auto read = twin->Execute(Read{{"dose.max"}});
    EXPECT_NEAR(read->readings[0].value.si, dose, 1e-9 * dose) << info.what;
    // Half of the time: half of the dose, no estimate.
    const auto late = twin->Execute(measure, {.timeout_s = info.time_s / 2});
    ASSERT_TRUE(late.ok());
    EXPECT_EQ(late->ended, Ended::kTimeout);
    EXPECT_TRUE(late->estimates.empty());
    EXPECT_NEAR(late->elapsed_s, info.time_s / 2, 1e-9);
    EXPECT_NEAR(late->electrons, electrons / 2, 1e-9 * electrons);
    dose += late->dose_e_per_m2;
  }
  EXPECT_EQ(twin->Execute(Measure{"nothing"}).status().code(), absl::StatusCode::kUnimplemented);
}

// Constant drift: the estimates scatter about it as they say, with the variance of two positions.
TEST(TwinMeasure, DriftIsTheDifferenceOfTwoPositions) {
  auto twin = Still("  drift_x_A_per_s: [0.2, 0.2]\n  drift_y_A_per_s: [-0.1, -0.1]\n", kPresent);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  constexpr int kDraws = 400;
  double chi2 = 0, sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Estimate e = twin->Execute(Measure{"drift"})->estimates[0];
    ASSERT_EQ(e.names, (std::vector<std::string>{"drift.x", "drift.y"}));
    EXPECT_EQ(e.values[0].dimension, Dimension::kSpeed);
    const double x = e.values[0].si - 0.2e-10, y = e.values[1].si + 0.1e-10;
    chi2 += x * x / e.covariance[0] + y * y / e.covariance[3];
    sum += x / std::sqrt(e.covariance[0]);
  }
  EXPECT_NEAR(chi2 / kDraws, 2, 5 * std::sqrt(4.0 / kDraws));
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(double(kDraws)));
}

// With a random walk of w Å/√s it is a real difference: its variance is w²/T on top.
TEST(TwinMeasure, DriftSeesTheWalk) {
  auto twin = Still("  stage_walk_A: [1, 1]\n", kPresent);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  constexpr int kDraws = 400;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Estimate e = twin->Execute(Measure{"drift"})->estimates[0];
    for (const Quantity& v : e.values) {
      squares += std::pow(v.si * 1e10, 2) / (2 * kDraws);
    }
  }
  const double expected = 1.0 / 10 + 2 * std::pow(0.2 / 10, 2);
  EXPECT_NEAR(squares, expected, 5 * expected * std::sqrt(2.0 / (2 * kDraws)));
}

TEST(TwinMeasure, TheCurrent) {
  auto twin = Still("  current_ratio: [1.04, 1.04]\n", kPresent);
  const Estimate e = twin->Execute(Measure{"current"})->estimates[0];
  EXPECT_NEAR(e.values[0].si, 62.4e-12, 5 * std::sqrt(e.covariance[0]));
  EXPECT_NEAR(std::sqrt(e.covariance[0]), 0.005 * 62.4e-12, 1e-15);
}

}  // namespace
}  // namespace ronchi::hw
