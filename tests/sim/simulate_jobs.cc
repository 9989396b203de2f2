// Jobs of `simulate`: each is a function of its config alone, and its counts are Poisson.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "core/parallel.h"
#include "sim/simulate_config.h"

namespace ronchi::sim {
namespace {

absl::StatusOr<SimulationOptions> OptionsOf(const std::string& text,
                                            const std::vector<std::string>& overrides = {}) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "job.yaml", overrides));
  return ReadSimulationOptions(config);
}

std::string JobText(const std::string& more) {
  return R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 2]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [64, 64], slice_thickness_A: 1.9525}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  bf: {type: annular, inner_mrad: 0, outer_mrad: 12}
  cbed: {type: pixelated, max_mrad: 50}
)" + more;
}

CompleteSimulation RunJob(const std::string& text) {
  const auto o = OptionsOf(text);
  if (!o.ok()) std::fprintf(stderr, "%s\n", o.status().ToString().c_str());
  absl::StatusOr<CompleteSimulation> r = Simulate(*o);
  if (!r.ok()) std::fprintf(stderr, "%s\n", r.status().ToString().c_str());
  return std::move(*r);
}

TEST(Simulate, ADetectorBeyondTheBandLimitIsToldHowFarItMayReach) {
  const auto o = OptionsOf(JobText("scan: {end_A: [1, 1], pixels: [1, 1]}\n"),
                           {"detectors.adf.outer_mrad=200"});
  const auto r = Simulate(*o);
  ASSERT_TRUE(absl::IsOutOfRange(r.status()));
  const std::string message(r.status().message());
  EXPECT_NE(message.find("detectors.adf: reaches to 200 mrad"), std::string::npos) << message;
  // 1/(3 dx) λ with dx = 7.81/64 Å and λ = 0.0250793 Å: 68.5 mrad.
  EXPECT_NE(message.find("allowed: up to 68.5"), std::string::npos) << message;
}

TEST(Simulate, AnyNumberOfThreadsGivesTheSameBytes) {
  const std::string job = JobText(
      "scan: {end_A: [3.905, 3.905], pixels: [5, 3]}\n"
      "phonons: {configurations: 2, rms_A: {Sr: 0.08}}\n"
      "exit_planes: every 1\ndose: {electrons_per_A2: 1e5}\n");
  SetThreads(1);
  const CompleteSimulation one = RunJob(job);
  SetThreads(2);
  const CompleteSimulation two = RunJob(job), again = RunJob(job);
  SetThreads(0);
  ASSERT_EQ(one.images.size(), 3u);
  for (size_t d = 0; d < one.images.size(); ++d) {
    EXPECT_EQ(one.images[d].values, two.images[d].values) << one.images[d].detector.name;
    EXPECT_EQ(again.images[d].values, two.images[d].values) << one.images[d].detector.name;
  }
  EXPECT_EQ(one.images[0].values.shape(), (std::vector<size_t>{4, 5, 3}));
}

// Counts are Poisson: over N pixels with known means μ_i the sum of counts has variance Σμ, and
// Σ(n − μ)²/μ has mean N and variance 2N + Σ1/μ. Five standard deviations each.
TEST(Simulate, CountingNoiseIsPoisson) {
  const std::string scan = "scan: {end_A: [3.905, 3.905], pixels: [24, 24]}\n";
  const CompleteSimulation clean = RunJob(JobText(scan));
  const CompleteSimulation noisy = RunJob(
      JobText(scan + "dose: {electrons_per_A2: 3000, seed: 4}\noutput: {normalisation: counts}\n"));
  const double electrons = 3000 * std::pow(3.905 / 24, 2);
  for (size_t d : {0, 1}) {
    const Array<float>&means = clean.images[d].values, &counts = noisy.images[d].values;
    double expected = 0, got = 0, chi2 = 0, chi2_variance = 0;
    const double n = double(means.size());
    for (size_t i = 0; i < means.size(); ++i) {
      const double mu = means[i] * electrons;
      ASSERT_EQ(counts[i], std::round(counts[i]));
      expected += mu;
      got += counts[i];
      chi2 += (counts[i] - mu) * (counts[i] - mu) / mu;
      chi2_variance += 2 + 1 / mu;
    }
    EXPECT_NEAR(got, expected, 5 * std::sqrt(expected)) << clean.images[d].detector.name;
    EXPECT_NEAR(chi2, n, 5 * std::sqrt(chi2_variance)) << clean.images[d].detector.name;
  }
}

TEST(Simulate, CountsAreAFunctionOfTheSeed) {
  const std::string job = JobText("scan: {end_A: [3.905, 3.905], pixels: [6, 6]}\n");
  auto counts = [&](const std::string& dose) { return RunJob(job + dose).images[0].values; };
  const Array<float> a = counts("dose: {electrons_per_A2: 1e4, seed: 4}\n");
  EXPECT_EQ(a, counts("dose: {electrons_per_A2: 1e4, seed: 4}\n"));
  EXPECT_NE(a, counts("dose: {electrons_per_A2: 1e4, seed: 5}\n"));
  EXPECT_NE(a, counts(""));
}

// A raster may run backwards; an area has no sign.
TEST(Simulate, ABackwardRasterHasTheSameDose) {
  const std::string dose = "dose: {electrons_per_A2: 1e4}\noutput: {normalisation: counts}\n";
  const auto backward =
      RunJob(JobText("scan: {start_A: [3, 0], end_A: [0, 3], pixels: [6, 6]}\n" + dose))
          .images[1]
          .values;
  const auto forward =
      RunJob(JobText("scan: {end_A: [3, 3], pixels: [6, 6]}\n" + dose)).images[1].values;
  double b = 0, f = 0;
  for (float v : backward) b += v;
  for (float v : forward) f += v;
  EXPECT_NEAR(b / f, 1, 0.1);  // the means of two bright fields of neighbouring places
}

}  // namespace
}  // namespace ronchi::sim
