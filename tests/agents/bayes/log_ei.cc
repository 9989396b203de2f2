#include "agents/bayes/log_ei.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/agents/bayes/log_ei_table.h"

namespace ronchi::agents {
namespace {

// φ(z) + zΦ(z) in long double, direct: good to 1e-19 z² relative.
long double LogHDirect(long double z) {
  const long double density = expl(-z * z / 2) / sqrtl(2 * acosl(-1.0L));
  return logl(density + z * erfcl(-z / sqrtl(2.0L)) / 2);
}

// h(z) = ∫_0^∞ u φ(u − z) du by Simpson's rule; with the factor e^{−z²/2} taken out it is
// ∫ u e^{uz − u²/2} du, which does not underflow. An independent route: no Φ in it.
long double LogHQuadrature(long double z) {
  const long double end = z < 0 ? fminl(40, 60 / -z) : z + 40;
  const int n = 20000;
  const long double step = end / n;
  long double sum = 0;
  for (int i = 0; i <= n; ++i) {
    const long double u = i * step;
    sum += (i == 0 || i == n ? 1 : i % 2 ? 4 : 2) * u * expl(u * z - u * u / 2);
  }
  return logl(sum * step / 3) - z * z / 2 - logl(2 * acosl(-1.0L)) / 2;
}

TEST(LogEi, AgreesWithTheTableToThirteenDigits) {
  for (const LogHRow& row : kLogHTable) {
    const LogH h = ComputeLogH(row.z);
    // Relative to the logarithm, but to h itself where the logarithm passes through zero (z =
    // 0.90): there the round-off of h, 1e-16, is all that a double can have.
    EXPECT_NEAR(h.value, row.value, 1e-13 * std::max(std::abs(row.value), 1e-2)) << row.z;
    EXPECT_NEAR(h.derivative, row.derivative, 1e-11 * row.derivative) << row.z;
  }
}

TEST(LogEi, AgreesWithLongDoubleFromMinusEightUp) {
  for (double z = -8; z <= 8; z += 0.0625) {
    // Absolute error of a logarithm is relative error of h: 25 round-offs at the switch.
    EXPECT_NEAR(ComputeLogH(z).value, double(LogHDirect(z)), 2e-14 * (1 + z * z)) << z;
  }
}

TEST(LogEi, AgreesWithQuadrature) {
  for (double z : {-1000.0, -300.0, -40.0, -12.0, -6.0, -5.0, -4.99, -2.0, 0.0, 1.0, 5.0}) {
    // Simpson's error at this step is below 1e-12; the logarithm itself is near −z²/2.
    EXPECT_NEAR(ComputeLogH(z).value, double(LogHQuadrature(z)), 1e-11 + 1e-15 * z * z) << z;
  }
}

TEST(LogEi, FollowsTheAsymptoticSeries) {
  for (double z : {-15.0, -30.0, -100.0, -1e3, -1e5, -1e9}) {
    // h(−t) ~ φ(t)/t² (1 − 3/t² + 15/t⁴ − 105/t⁶ + 945/t⁸ − 10395/t¹⁰ …), an alternating series:
    // the error is below the first term left out.
    const double q = 1 / (z * z);
    const double series = 1 - 3 * q * (1 - 5 * q * (1 - 7 * q * (1 - 9 * q)));
    const double left_out = 10395 * std::pow(q, 5);
    const double value = -0.5 * z * z - 0.5 * std::log(2 * M_PI) + std::log(q) + std::log(series);
    EXPECT_NEAR(ComputeLogH(z).value, value, left_out + 1e-14 + 4e-16 * z * z) << z;
    const double slope = -z + 2 / -z;  // d log h/dz = t + 2/t − 2/t³ …
    EXPECT_NEAR(ComputeLogH(z).derivative, slope, 10 / std::pow(-z, 3) + 4e-16 * -z) << z;
  }
}

TEST(LogEi, DerivativeIsItsCentralDifference) {
  for (double z : {-900.0, -50.0, -5.5, -4.5, -1.0, 0.0, 2.0, 6.0}) {
    const double h = 1e-4;
    const double difference = (ComputeLogH(z + h).value - ComputeLogH(z - h).value) / (2 * h);
    // Truncation h² times the third derivative (below 1); round-off of z²/2 over h.
    EXPECT_NEAR(ComputeLogH(z).derivative, difference, 1e-8 + 2e-16 * z * z / h) << z;
  }
}

TEST(LogEi, BranchesMeet) {
  const double below = std::nextafter(-5.0, -6.0), above = std::nextafter(-5.0, 0.0);
  EXPECT_NEAR(ComputeLogH(below).value, ComputeLogH(above).value, 2e-13);
  EXPECT_NEAR(ComputeLogH(below).derivative, ComputeLogH(above).derivative, 1e-12);
}

TEST(LogEi, GradientInMeanAndSigma) {
  for (double best : {0.1, 3.0, 40.0}) {
    const double mean = 0.3, sigma = 0.4, h = 1e-6;
    const LogEi ei = ComputeLogEi(mean, sigma, best);
    const double scale = 1 + std::abs(ei.value);
    EXPECT_NEAR(
        ei.d_mean,
        (ComputeLogEi(mean + h, sigma, best).value - ComputeLogEi(mean - h, sigma, best).value) /
            (2 * h),
        1e-8 * scale);
    EXPECT_NEAR(
        ei.d_sigma,
        (ComputeLogEi(mean, sigma + h, best).value - ComputeLogEi(mean, sigma - h, best).value) /
            (2 * h),
        1e-8 * scale * scale);
  }
}

TEST(LogEi, LogPhiAgreesWithLongDouble) {
  for (double z = -12; z <= 8; z += 0.03125) {
    const long double phi = erfcl(-(long double)(z) / sqrtl(2.0L)) / 2;
    const double value =
        double(z > 1 ? log1pl(-erfcl((long double)(z) / sqrtl(2.0L)) / 2) : logl(phi));
    const double derivative = double(expl(-(long double)(z)*z / 2) / sqrtl(2 * acosl(-1.0L)) / phi);
    const LogPhi log_phi = ComputeLogPhi(z);
    EXPECT_NEAR(log_phi.value / value, 1, 1e-14) << z;
    EXPECT_NEAR(log_phi.derivative / derivative, 1, 1e-13) << z;
  }
}

TEST(LogEi, LogPhiFollowsItsAsymptoticSeries) {
  for (double z : {-40.0, -1e3, -1e6}) {
    // Φ(−t) = φ(t)/t (1 − 1/t² + 3/t⁴ − 15/t⁶ + 105/t⁸ …): good to 3e-14 at t = 40
    const double q = 1 / (z * z);
    const double value = -0.5 * z * z - 0.5 * std::log(2 * M_PI) - std::log(-z) +
                         std::log1p(-q * (1 - 3 * q * (1 - 5 * q * (1 - 7 * q))));
    const LogPhi log_phi = ComputeLogPhi(z);
    EXPECT_NEAR(log_phi.value / value, 1, 1e-13) << z;
    EXPECT_NEAR(log_phi.derivative / (-z * (1 + q * (1 - 2 * q))), 1, 1e-8) << z;
  }
}

}  // namespace
}  // namespace ronchi::agents
