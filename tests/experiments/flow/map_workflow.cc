// The spectrum search of examples/workflows on a field of particles: what was forecast is what is
// spent, and the long spectrum stands where the short ones were strongest.
#include <gtest/gtest.h>

#include <cmath>

#include "core/storage.h"
#include "experiments/catalog/instruments.h"
#include "experiments/flow/flow.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using testing_support::TemporaryFolder;

const std::string kWorkflow =
    std::string(RONCHI_SOURCE_DIR) + "/examples/workflows/spectrum_search.yaml";

TEST(MapWorkflow, SpendsWhatWasForecast) {
  for (uint64_t seed : {1, 2, 3}) {
    const TemporaryFolder folder;
    const auto outcome = RunFlow({.path = kWorkflow,
                                  .instrument = "plasmonic_particles",
                                  .seed = seed,
                                  .folder = folder / "run",
                                  .quiet = true});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->result.ended_by, "done");
    const auto &spent = outcome->result.spent, &expected = outcome->forecast.expected;
    EXPECT_NEAR(spent.time_s / expected.time_s, 1, 0.05);
    EXPECT_NEAR(spent.dose_e_per_m2 / expected.dose_e_per_m2, 1, 0.05);
    EXPECT_NEAR(spent.electrons / expected.electrons, 1, 0.05);
    EXPECT_LE(spent.dose_e_per_m2, outcome->forecast.worst.dose_e_per_m2);
    std::printf("time %.4f of %.4f s, dose %.4g of %.4g e/A^2\n", spent.time_s, expected.time_s,
                spent.dose_e_per_m2 * 1e-20, expected.dose_e_per_m2 * 1e-20);
    const auto data = *DataFileReader::Open(folder / "run/data.hdf5");
    EXPECT_EQ(data.ReadDouble("/run/saved/counts")->size(), 25u);
  }
}

TEST(MapWorkflow, PresetsOpenByKind) {
  const auto presets = InstrumentPresets();
  EXPECT_TRUE(std::find(presets.begin(), presets.end(), "plasmonic_particles") != presets.end());
  const auto map = *OpenInstrument(*InstrumentConfig("plasmonic_particles"), 1);
  EXPECT_NE(map->description().FindDetector("eels"), nullptr);
  const auto file = *Config::Parse("{kind: map, field_nm: 50}", "mine.yaml");
  EXPECT_TRUE(OpenInstrument(file, 1).ok());
  const auto bad = OpenInstrument(*Config::Parse("kind: plane", "mine.yaml"), 1);
  EXPECT_TRUE(absl::IsInvalidArgument(bad.status()));
  EXPECT_NE(bad.status().message().find("mine.yaml:1: kind: 'plane' is not allowed; allowed: "),
            std::string::npos)
      << bad.status();
}

}  // namespace
}  // namespace ronchi
