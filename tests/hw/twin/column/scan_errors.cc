// What displaces a twin's lines, each against its closed form: hum, flyback, 1/f noise, which the
// current has as well.
#include "hw/twin/column/scan_errors.h"

#include <cmath>
#include <complex>

#include "hw/twin/column/mains_hum.h"
#include "hw/twin/column/pink_noise.h"
#include "tests/hw/twin/column/nuisances.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Do;
using testing_support::Field;
using testing_support::Known;
using testing_support::kPi;
using testing_support::Still;
using testing_support::StillYaml;
using testing_support::TwinFromYaml;

// ---- The scan.

HiddenNumbers Numbers(const std::map<std::string, double>& known) {
  HiddenNumbers h{.seed = 3, .environment = 1, .episode = 2};
  for (const auto& [name, range] : DefaultTwinPrior()) h.values[name] = range.low;
  for (const auto& [name, value] : known) {
    EXPECT_TRUE(h.values.contains(name)) << name;
    h.values[name] = value;
  }
  return h;
}

// Where a raster's first pixels are, less where they should be, along both axes.
std::vector<std::array<double, 2>> Displacements(const Scan& s, const HiddenNumbers& h,
                                                 double line_s, double time_s, size_t column = 0) {
  const auto still = [](double) { return std::array<double, 2>{0, 0}; };
  const auto rows =
      MakeRows({.scan = &s, .line_s = line_s, .time_s = time_s, .specimen_A = still}, h);
  const auto ideal = MakeRows({.scan = &s, .line_s = line_s, .specimen_A = still}, Numbers({}));
  std::vector<std::array<double, 2>> out;
  for (size_t l = 0; l < s.pixels_y; ++l) {
    const auto at = [&](const sim::LinearRaster& r) {
      const size_t i = l * s.pixels_x + column;
      auto start = r.starts_A[i / r.pixels];
      start[0] += r.step_A * double(i % r.pixels);
      return start;
    };
    const auto is = at(rows), should = at(ideal);
    out.push_back({is[0] - should[0], is[1] - should[1]});
  }
  return out;
}

// 1000 lines of 2 ms hold 100 periods of 50 Hz, so that Fourier sums are exact: A ρ^{k−1} at each
// harmonic, nothing between, at a dwell that is short against a period.
TEST(Hum, HasItsHarmonicsAndNothingElse) {
  Scan s = Field(1, 1, 1e-7);
  s.pixels_y = 1000;
  const auto d = Displacements(s, Numbers({{"hum_x_A", 0.2}, {"hum_y_A", 0.1}}), 2e-3, 0);
  const auto amplitude = [&](size_t axis, double hertz) {
    std::complex<double> sum = 0;
    for (size_t l = 0; l < d.size(); ++l) {
      sum += d[l][axis] * std::polar(1.0, -2 * kPi * hertz * 2e-3 * double(l));
    }
    return 2 * std::abs(sum) / double(d.size());
  };
  for (const auto& [axis, a] : {std::pair(0, 0.2), std::pair(1, 0.1)}) {
    for (int k = 1; k <= 4; ++k) {
      EXPECT_NEAR(amplitude(size_t(axis), 50 * k), a * std::pow(0.3, k - 1), 1e-6) << k;
    }
    EXPECT_NEAR(amplitude(size_t(axis), 75), 0, 1e-9);
    EXPECT_NEAR(amplitude(size_t(axis), 220), 0, 1e-9);
  }
}

// A frame that begins t later goes on where the sine then is; a dwell of a period sees nothing of
// it.
TEST(Hum, RunsOnWithTheClockAndIsAveragedOverTheDwell) {
  const HiddenNumbers h = Numbers({{"hum_x_A", 0.3}, {"hum_Hz", 60}});
  Scan s = Field(4, 1, 1e-5);
  s.pixels_y = 64;
  const auto first = Displacements(s, h, 1e-3, 0), later = Displacements(s, h, 1e-3, 0.017);
  for (size_t l = 0; l + 17 < 64; ++l) EXPECT_NEAR(later[l][0], first[l + 17][0], 1e-9) << l;
  // Along the line, too: the third pixel's dwell is 20 µs after the first's.
  const auto third = Displacements(s, h, 1e-3, 0, 2), shifted = Displacements(s, h, 1e-3, 2e-5);
  for (size_t l = 0; l < 64; ++l) EXPECT_NEAR(third[l][0], shifted[l][0], 1e-9) << l;
  s.dwell_s = 1.0 / 60;
  for (const auto& d : Displacements(s, h, 0.1, 0)) EXPECT_NEAR(d[0], 0, 1e-9);
}

// The twin's image at its clock: χ² per pixel is one with the hum at the right times, and far from
// it without. 64 frames of 256 pixels; five standard deviations of a χ² of so many.
TEST(Hum, TheTwinsImageMovesWithTheClock) {
  const std::string prior = Known("hum_x_A", 0.5) + Known("source_fwhm_A", 0.8);
  const TwinOptions o = TwinFromYaml(StillYaml(prior));
  auto twin = *MakeTwin(o, 3);
  Do(twin.get(), Unblank{});
  constexpr size_t kFrames = 64;
  const double dwell = 2e-5;
  const Scan scan = Field(16, kFrames, dwell);
  const Reply reply = Do(twin.get(), scan);
  const auto harmonics = (*DetectorImages::Create(o)).MakeHarmonics(0, {.source = {.fwhm_A = 0.8}});
  HiddenNumbers h = Numbers({{"hum_x_A", 0.5}});
  h.seed = 3;
  h.environment = h.episode = 0;
  const double line_s = 16 * dwell + 1e-4, electrons = 60e-12 * dwell / kElementaryCharge_C;
  double chi2 = 0, without = 0;
  for (size_t f = 0; f < kFrames; ++f) {
    const double begins_s = 1e-4 + 0.02 * double(f + 1) + 16 * line_s * double(f);
    for (const bool hums : {true, false}) {
      const auto rows = MakeRows({.scan = &scan,
                                  .line_s = line_s,
                                  .time_s = begins_s,
                                  .specimen_A =
                                      [](double) {
                                        return std::array<double, 2>{0, 0};
                                      }},
                                 hums ? h : Numbers({}));
      std::vector<double> fractions(256);
      harmonics.ComputeImage(rows, fractions);
      for (size_t i = 0; i < 256; ++i) {
        const double mean = 4 * electrons * fractions[i];
        (hums ? chi2 : without) += std::pow(reply.frames[f].counts[i] - 2 - mean, 2) / (4 * mean);
      }
    }
  }
  const double n = 256 * kFrames;
  // The kurtosis of Poisson counts of twenty and more adds 1/40 to the variance of χ².
  EXPECT_NEAR(chi2, n, 5 * std::sqrt(2.05 * n));
  EXPECT_GT(without, 1.5 * n);
}

// (lag + share · field) e^{−t/τ} cos(2π f t), along the line.
TEST(Flyback, SettlesExponentiallyAndRings) {
  const HiddenNumbers h = Numbers({{"flyback_lag_A", 0.4},
                                   {"flyback_lag_share", 0.02},
                                   {"flyback_lag_s", 5e-5},
                                   {"flyback_ring_Hz", 8e3}});
  Scan s = Field(32, 1, 5e-6, 2e-9);
  for (double rotation : {0.0, 0.7}) {
    s.rotation_rad = rotation;
    for (size_t column : {0u, 1u, 7u, 31u}) {
      const double t = 5e-6 * double(column);
      const double late = (0.4 + 0.02 * 20) * std::exp(-t / 5e-5) * std::cos(2 * kPi * 8e3 * t);
      for (const auto& d : Displacements(s, h, 1e-3, 0, column)) {
        EXPECT_NEAR(d[0], late * std::cos(rotation), 1e-9);
        EXPECT_NEAR(d[1], late * std::sin(rotation), 1e-9);
      }
    }
  }
  s.pattern = ScanPattern::kSpiral;  // never flies back
  s.rotation_rad = 0;
  s.pixels_y = 1;
  for (const auto& d : Displacements(s, h, 1e-3, 0, 0)) EXPECT_NEAR(d[0], 0, 1e-9);
}

// ---- 1/f noise.

// Power spectral density (one-sided, per Hz) of the sum of processes.
double Density(double hertz) {
  double sum = 0;
  for (size_t i = 0; i < PinkNoise::kProcesses; ++i) {
    const double tau = PinkNoise::Time_s(i);
    sum += 4 * tau / (1 + std::pow(2 * kPi * hertz * tau, 2)) / PinkNoise::kProcesses;
  }
  return sum;
}

TEST(PinkNoise, ItsDensityIsOneOverF) {
  const double low = 3 / (2 * kPi * PinkNoise::Longest_s());
  const double high = 1 / (2 * kPi * 3 * PinkNoise::kShortest_s);
  double least = 1e9, most = 0;
  for (double f = low; f < high; f *= 1.1) {
    least = std::min(least, f * Density(f));
    most = std::max(most, f * Density(f));
  }
  EXPECT_GT(high / low, 1000);  // three decades
  EXPECT_LT(most / least, 1.25);
  double middle_least = 1e9, middle_most = 0;
  for (double f = 10 * low; f < high / 10; f *= 1.05) {
    middle_least = std::min(middle_least, f * Density(f));
    middle_most = std::max(middle_most, f * Density(f));
  }
  EXPECT_LT(middle_most / middle_least, 1.03);
}

// ⟨x(0) x(t)⟩ = Σ e^{−t/τ}/n, however t is cut into steps: five standard errors of N pairs.
TEST(PinkNoise, ItsAutocovarianceIsExactForAnySteps) {
  constexpr int kN = 20000;
  for (double t : {0.0, 2e-3, 0.1, 3.0}) {
    double expected = 0;
    for (size_t i = 0; i < PinkNoise::kProcesses; ++i) {
      expected += std::exp(-t / PinkNoise::Time_s(i)) / PinkNoise::kProcesses;
    }
    for (int steps : {1, 7}) {
      double sum = 0;
      for (int i = 0; i < kN; ++i) {
        RandomStream random({.seed = uint64_t(steps), .name = "test.pink", .step = uint64_t(i)});
        PinkNoise noise;
        noise.Start(&random);
        const double before = noise.value();
        for (int s = 0; s < steps; ++s) noise.Advance(t / steps, &random);
        sum += before * noise.value() / kN;
      }
      EXPECT_NEAR(sum, expected, 5 * std::sqrt((1 + expected * expected) / kN)) << t;
    }
  }
}

// The periodogram of lines against the sampled processes' own spectrum. 100 series of 4096 lines;
// each ordinate is exponentially distributed. A rectangular window leaks, of a spectrum that falls
// with 1/f, some per cent of the ordinates at ten bins and above.
TEST(PinkNoise, TheLinesSpectrum) {
  constexpr int kSeries = 100, kLines = 4096;
  const double line_s = 1e-3;
  for (int bin : {16, 64, 256, 1024}) {
    double mean = 0;
    for (int s = 0; s < kSeries; ++s) {
      RandomStream random({.seed = 9, .name = "test.pink", .step = uint64_t(s)});
      PinkNoise noise;
      noise.Start(&random);
      std::complex<double> sums[8] = {};
      for (int l = 0; l < kLines; ++l) {
        for (int b = 0; b < 8; ++b) {
          sums[b] +=
              noise.value() * std::polar(1.0, -2 * kPi * double((bin + b) * l % kLines) / kLines);
        }
        noise.Advance(line_s, &random);
      }
      for (const auto& sum : sums) mean += std::norm(sum) / kLines / (8 * kSeries);
    }
    double expected = 0;
    for (int b = 0; b < 8; ++b) {
      const double w = 2 * kPi * (bin + b) / kLines;
      for (size_t i = 0; i < PinkNoise::kProcesses; ++i) {
        const double k = std::exp(-line_s / PinkNoise::Time_s(i));
        expected += (1 - k * k) / (1 - 2 * k * std::cos(w) + k * k) / (8 * PinkNoise::kProcesses);
      }
    }
    EXPECT_NEAR(mean / expected, 1, 5 / std::sqrt(8.0 * kSeries) + 0.05) << bin;
  }
}

// Lines of the twin's image: their means scatter by σ on top of Poisson noise. Episodes are
// independent, lines of one are not: five standard errors of 300 episodes.
TEST(PinkNoise, TheCurrentFlickersFromLineToLine) {
  const double sigma = 0.05;
  auto twin = Still(Known("current_flicker", sigma) + Known("source_fwhm_A", 0.8));
  constexpr int kEpisodes = 300;
  double between = 0, mean = 0, across = 0;
  for (uint64_t e = 0; e < kEpisodes; ++e) {
    twin->ground_truth()->Randomise(1, 0, e);
    Do(twin.get(), Unblank{});
    Scan s = Field(64, 1, 1e-3);
    s.pixels_y = 2;
    s.fov_y_m = 1e-13;  // both lines see the same
    const Reply r = Do(twin.get(), s);
    double line[2] = {};
    for (size_t i = 0; i < 128; ++i) line[i / 64] += (r.frames[0].counts[i] - 2) / 64;
    mean += line[0] / kEpisodes;
    between += line[0] * line[0] / kEpisodes;
    across += line[0] * line[1] / kEpisodes;
  }
  const double variance = (between - mean * mean) / (mean * mean);
  // 64 pixels of 1.5 % noise each add 3e-6 to 2.5e-3.
  EXPECT_NEAR(variance, sigma * sigma, 5 * sigma * sigma * std::sqrt(2.0 / kEpisodes) + 1e-5);
  double kept = 0;
  for (size_t i = 0; i < PinkNoise::kProcesses; ++i) {
    kept += std::exp(-(64e-3 + 1e-4) / PinkNoise::Time_s(i)) / PinkNoise::kProcesses;
  }
  EXPECT_NEAR((across - mean * mean) / (mean * mean), kept * sigma * sigma,
              5 * sigma * sigma * std::sqrt((1 + kept * kept) / kEpisodes));
}

// The places of lines are what the noise says; in the twin they go on from frame to frame.
TEST(PinkNoise, LinesWander) {
  const Scan s = Field(4, 1, 1e-5);
  const auto still = [](double) { return std::array<double, 2>{0, 0}; };
  const std::vector<std::array<double, 2>> by = {{0.1, 0}, {0, -0.2}, {0.3, 0.3}, {-1, 1}};
  const auto rows =
      MakeRows({.scan = &s, .line_s = 1e-3, .specimen_A = still, .wander_A = by}, Numbers({}));
  const auto ideal = MakeRows({.scan = &s, .line_s = 1e-3, .specimen_A = still}, Numbers({}));
  for (size_t l = 0; l < 4; ++l) {
    for (size_t a : {0u, 1u}) {
      EXPECT_NEAR(rows.starts_A[l][a] - ideal.starts_A[l][a], by[l][a], 1e-12);
    }
  }
  auto wanders = Still(Known("scan_wander_A", 0.3)), stands = Still();
  double moved = 0;
  for (auto* twin : {wanders.get(), stands.get()}) {
    Do(twin, Unblank{});
    const Reply r = Do(twin, Field(16, 2, 1e-3));
    double difference = 0;
    for (size_t i = 0; i < 256; ++i) {
      difference += std::pow(r.frames[0].counts[i] - r.frames[1].counts[i], 2) /
                    (2 * 4 * (r.frames[0].counts[i] - 2)) / 256;
    }
    if (twin == wanders.get())
      moved = difference;
    else
      EXPECT_NEAR(difference, 1, 5 * std::sqrt(2.0 / 256));
  }
  EXPECT_GT(moved, 3);
}

}  // namespace
}  // namespace ronchi::hw
