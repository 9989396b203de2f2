// A monolayer at 60 kV through eight aberrations at once, against abTEM's images: golden/README.md
// says what they are. W1 (w1.cc) has a perfect lens, a square box and atoms on the grid points.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/simulate_config.h"
#include "sim/simulation.h"
#include "tests/support/npy.h"

namespace ronchi::sim {
namespace {

using testing_support::ReadNpy;

const std::string kGolden = RONCHI_SOURCE_DIR "/tests/sim/golden/aberrated_monolayer";

double RmsOverMean(const Array<float>& a, const Array<float>& reference) {
  double squares = 0, sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(double(a[i]) - reference[i], 2);
    sum += reference[i];
  }
  return std::sqrt(squares / double(a.size())) / (sum / double(a.size()));
}

CompleteSimulation RunGolden(const std::vector<std::string>& overrides) {
  const auto config = Config::Load(kGolden + ".yaml", overrides);
  RONCHI_CHECK(config.ok());
  const auto options = ReadSimulationOptions(*config);
  RONCHI_CHECK(options.ok());
  auto result = Simulate(*options);
  RONCHI_CHECK(result.ok());
  return *std::move(result);
}

// The reference is in double precision, ours in single: a slice loses up to 2e-7 of the norm by
// rounding in the FFT (so does abTEM's own float32), ten of them 2e-6, and a pattern's pixels round
// by as much again. Measured: below 1e-6.
TEST(AberratedMonolayer, AgreesWithAbtem) {
  for (const DetectorImage& image : RunGolden({}).images) {
    const std::string& name = image.detector.name;
    const Array<float> reference = ReadNpy(kGolden + "_" + name + ".npy");
    ASSERT_EQ(image.values.shape(), reference.shape()) << name;
    const double error = RmsOverMean(image.values, reference);
    std::printf("aberrated monolayer %s: rms/mean %.2e\n", name.c_str(), error);
    RecordProperty(name, std::to_string(error));
    EXPECT_LE(error, 5e-6) << name;
  }
}

// The reference tells every sign apart: with one coefficient turned round it is missed by 200 times
// the tolerance above.
TEST(AberratedMonolayer, EverySignCounts) {
  const Array<float> reference = ReadNpy(kGolden + "_abf.npy");
  for (const std::string turned :
       {"C10_A=35", "C12_A=-18", "phi12_deg=-33", "C21_A=-600", "phi21_deg=71", "C23_A=-450",
        "phi23_deg=-17", "C30_A=1.2e4", "C32_A=-9e3", "phi32_deg=-64", "C34_A=-7e3",
        "phi34_deg=-11", "C50_A=-2e7"}) {
    const CompleteSimulation result = RunGolden({"beam.aberrations." + turned});
    for (const DetectorImage& image : result.images) {
      if (image.detector.name != "abf") continue;
      const double error = RmsOverMean(image.values, reference);
      std::printf("%s: %.2e\n", turned.c_str(), error);
      EXPECT_GT(error, 1e-3) << turned;
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
