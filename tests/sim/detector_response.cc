// A detector's noise against what its numbers promise: mean, variance, transfer, readout,
// saturation; the centre of mass against direct sampling of a pattern.
#include "sim/detector_response.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "core/random.h"
#include "sim/detector.h"

namespace ronchi::sim {
namespace {

constexpr size_t kSide = 128, kValues = kSide * kSide;

struct Moments {
  double mean = 0, variance = 0;
};

// Of the values `margin` away from the edges, where blur loses electrons.
Moments MomentsOf(const std::vector<double>& v, size_t margin = 0) {
  Moments m;
  double n = 0, squares = 0;
  for (size_t i = margin; i < kSide - margin; ++i) {
    for (size_t j = margin; j < kSide - margin; ++j) {
      const double x = v[i * kSide + j];
      m.mean += x;
      squares += x * x;
      n += 1;
    }
  }
  m.mean /= n;
  m.variance = squares / n - m.mean * m.mean;
  return m;
}

std::vector<double> Exposed(const DetectorResponse& response, double electrons, double fraction,
                            uint64_t seed = 1, uint64_t index = 0) {
  std::vector<double> v(kValues, fraction);
  Expose(response, {.electrons = electrons, .seed = seed, .detector = "d", .index = index},
         {kSide, kSide}, v);
  return v;
}

// n values of variance V: the mean is within 5 √(V/n), the variance of near-normal values within
// 5 √(2/n) V. Counts of λ a value add 1/(λ n) to the variance's relative variance: 10 or more here.
constexpr double kSigmas = 5;

TEST(DetectorResponse, MeanIsUnbiasedAndVarianceIsThatOfTheDqe) {
  for (double dqe : {1.0, 0.5, 0.1}) {
    const double fraction = 0.01, electrons = 1e4;
    const Moments m = MomentsOf(Exposed({.dqe = dqe}, electrons, fraction));
    const double variance = fraction / (electrons * dqe);
    EXPECT_NEAR(m.mean, fraction, kSigmas * std::sqrt(variance / kValues)) << dqe;
    EXPECT_NEAR(m.variance, variance,
                kSigmas * variance * std::sqrt((2 + 1 / (fraction * electrons * dqe)) / kValues))
        << dqe;
  }
}

TEST(DetectorResponse, NoiseIsAFunctionOfSeedNameAndIndex) {
  const DetectorResponse r{.dqe = 0.8, .mtf_nyquist = 0.5, .readout_rms_e = 2};
  EXPECT_EQ(Exposed(r, 1e4, 0.01, 3), Exposed(r, 1e4, 0.01, 3));
  EXPECT_NE(Exposed(r, 1e4, 0.01, 3), Exposed(r, 1e4, 0.01, 4));
  // The stream belongs to the value, not to the call: a later start gives the later values.
  const std::vector<double> all = Exposed({}, 1e4, 0.01, 3), late = Exposed({}, 1e4, 0.01, 3, 100);
  EXPECT_EQ(std::vector<double>(all.begin() + 100, all.end()),
            std::vector<double>(late.begin(), late.end() - 100));
}

// The response to a cosine of f cycles a pixel along x, far from the edges.
double Transfer(double mtf, double f) {
  std::vector<double> v(kValues);
  const auto wave = [&](size_t i) {
    return std::cos(2 * std::numbers::pi * f * (double(i) - double(kSide / 2)));
  };
  for (size_t i = 0; i < kValues; ++i) v[i] = 2 + wave(i / kSide);
  Expose({.mtf_nyquist = mtf}, {}, {kSide, kSide}, v);
  return v[kSide / 2 * kSide + kSide / 2] - 2;
}

// 1e-9: the point spread is cut where it falls below 1e-12 of its middle.
TEST(DetectorResponse, TransferAtHalfACycleAPixelIsAsAsked) {
  for (double mtf : {0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0}) {
    EXPECT_NEAR(Transfer(mtf, 0.5), mtf, 1e-9);
    EXPECT_NEAR(Transfer(mtf, 0), 1, 1e-9);
    double last = 1 + 1e-9;
    for (double f = 0.0625; f <= 0.5; f += 0.0625) {
      EXPECT_LE(Transfer(mtf, f), last) << mtf << " at " << f;
      last = Transfer(mtf, f);
    }
  }
}

// Counts are blurred together with their noise: neighbouring values share electrons, and the
// variance falls by Σ w² along each axis, the mean square of the transfer over the frequencies.
TEST(DetectorResponse, NoiseIsBlurredWithTheCounts) {
  const double mtf = 0.2, fraction = 0.01, electrons = 1e4;
  double mean_square = 0;
  constexpr int kFrequencies = 64;  // exact: the squared transfer is a short sum of cosines
  for (int i = 0; i < kFrequencies; ++i) {
    mean_square += std::pow(Transfer(mtf, double(i) / kFrequencies), 2) / kFrequencies;
  }
  const Moments m = MomentsOf(Exposed({.mtf_nyquist = mtf}, electrons, fraction), 8);
  const double variance = fraction / electrons * mean_square * mean_square;
  // Some ten neighbours share electrons: as if there were a tenth of the values.
  EXPECT_NEAR(m.variance, variance, kSigmas * variance * std::sqrt(2 * 10.0 / kValues));
  EXPECT_LT(mean_square, 0.7);
  EXPECT_NEAR(m.mean, fraction, kSigmas * std::sqrt(fraction / electrons / kValues) * 1.2);
}

TEST(DetectorResponse, ReadoutHasItsRmsInElectrons) {
  const double electrons = 500, dqe = 0.5, rms = 3;
  const Moments m = MomentsOf(Exposed({.dqe = dqe, .readout_rms_e = rms}, electrons, 0));
  const double variance = std::pow(rms / (electrons * dqe), 2);
  EXPECT_NEAR(m.mean, 0, kSigmas * std::sqrt(variance / kValues));
  EXPECT_NEAR(m.variance, variance, kSigmas * variance * std::sqrt(2.0 / kValues));
}

TEST(DetectorResponse, NothingIsAboveSaturation) {
  const double electrons = 1e4, dqe = 0.5, saturation = 50;
  const DetectorResponse r{.dqe = dqe, .readout_rms_e = 2, .saturation_e = saturation};
  const std::vector<double> v = Exposed(r, electrons, 0.01);  // 50 electrons on average
  const double most = saturation / (electrons * dqe);
  size_t full = 0;
  for (double x : v) {
    EXPECT_LE(x, most);
    full += x == most;
  }
  EXPECT_NEAR(double(full) / kValues, 0.5, 0.05);  // a Poisson's mean is near its median
}

TEST(DetectorResponse, ProbesThatNeverRanStayNan) {
  std::vector<double> v(4, std::numeric_limits<double>::quiet_NaN());
  Expose({.readout_rms_e = 3}, {.electrons = 10, .detector = "d"}, {2, 2}, v);
  for (double x : v) EXPECT_TRUE(std::isnan(x));
  std::vector<double> m(Detector::kMoments, std::numeric_limits<double>::quiet_NaN());
  ExposeMoments({}, {.electrons = 10, .detector = "d"}, m);
  for (double x : m) EXPECT_TRUE(std::isnan(x));
}

struct Pixel {
  double x, y, share;
};
// An oblique Gaussian off the middle, with a tail cut away: 0.8 of the electrons are seen.
std::vector<Pixel> Pattern() {
  std::vector<Pixel> pattern;
  double sum = 0;
  for (int i = -12; i <= 12; ++i) {
    for (int j = -12; j <= 12; ++j) {
      const double x = i - 2.0, y = j + 1.0;
      pattern.push_back({double(i), double(j), std::exp(-(x * x - x * y + y * y) / 18)});
      sum += pattern.back().share;
    }
  }
  for (Pixel& p : pattern) p.share *= 0.8 / sum;
  return pattern;
}

struct Vectors {
  double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  double n = 0;
  void Add(double vx, double vy) {
    n += 1;
    x += vx;
    y += vy;
    xx += vx * vx;
    xy += vx * vy;
    yy += vy * vy;
  }
  std::array<double, 2> Mean() const { return {x / n, y / n}; }
  std::array<double, 3> Covariance() const {
    return {xx / n - x * x / n / n, xy / n - x * y / n / n, yy / n - y * y / n / n};
  }
};

// Against Poisson counts in every pixel, their centre taken of what was counted.
TEST(DetectorResponse, CentreOfMassHasTheCovarianceOfCountedPixels) {
  const std::vector<Pixel> pattern = Pattern();
  const double electrons = 2000, dqe = 0.6;
  constexpr int kTrials = 4000;
  std::vector<double> mean(Detector::kMoments, 0.0);
  for (const Pixel& p : pattern) {
    const double m[] = {1, p.x, p.y, p.x * p.x, p.x * p.y, p.y * p.y};
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += p.share * m[i];
  }
  Vectors ours, counted;
  RandomStream random({.seed = 5, .name = "test.pixels"});
  for (int t = 0; t < kTrials; ++t) {
    std::vector<double> m = mean;
    ExposeMoments({.dqe = dqe},
                  {.electrons = electrons, .seed = 9, .detector = "c", .index = uint64_t(t)}, m);
    ours.Add(m[1] / m[0], m[2] / m[0]);
    double n = 0, x = 0, y = 0;
    for (const Pixel& p : pattern) {
      const double hits = double(random.Poisson(p.share * electrons * dqe));
      n += hits;
      x += hits * p.x;
      y += hits * p.y;
    }
    counted.Add(x / n, y / n);
  }
  const auto a = ours.Covariance(), b = counted.Covariance();
  // Each (co)variance is known to √(2/trials) of the variance; their difference to √2 of that.
  const double tolerance = kSigmas * std::sqrt(2.0) * std::sqrt(2.0 / kTrials) * b[0];
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
  EXPECT_GT(b[1], 3 * tolerance);  // the pattern is oblique: a missing cross term would show
  const double error = kSigmas * std::sqrt(b[0] / kTrials);
  EXPECT_NEAR(ours.Mean()[0], mean[1] / mean[0], error);
  EXPECT_NEAR(ours.Mean()[1], mean[2] / mean[0], error);
}

}  // namespace
}  // namespace ronchi::sim
