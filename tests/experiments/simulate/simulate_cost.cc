// `simulate --dry-run` against the run it foretells, and `--compare`.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

constexpr char kJob[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 10]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [192, 192], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [24, 24]}
detectors: {adf: {type: annular, inner_mrad: 30, outer_mrad: 60}}
)";

class Cost : public ::testing::Test {
 protected:
  Cost() { WriteAll(folder_ / "job.yaml", kJob); }
  json Of(const std::vector<std::string>& sets, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"simulate",  "job.yaml", "--json",
                                      "--threads", "1",        "--force"};
    for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 0) << done.err;
    peak_bytes_ = done.peak_bytes;
    cpu_seconds_ = done.cpu_seconds;
    return done.status == 0 ? json::parse(done.out) : json();
  }
  TemporaryFolder folder_;
  double peak_bytes_ = 0, cpu_seconds_ = 0;  // of the last run
};

TEST_F(Cost, DryRunWritesNothing) {
  const json j = Of({}, {"--dry-run", "-o", "o.hdf5"});
  EXPECT_EQ(j["slices"], 20);
  EXPECT_EQ(j["distinct_slices"], 2);
  EXPECT_EQ(j["probes"], 576);
  EXPECT_EQ(j["output_bytes"], 576 * 4);
  EXPECT_EQ(j["shapes"]["adf"], json({24, 24}));
  EXPECT_THAT(Contents(folder_.path()), ::testing::ElementsAre("job.yaml"));
}

// One thread's forecast is its processor time; the run's is what the system says it used, with the
// start of the program besides. Processor time does not grow with the number of programs that
// share the machine, but by up to two when another one sits on the core's second thread and in its
// caches, and either of the two may meet that: hence a factor of three. (Within 1.5 on a quiet
// machine: bench/experiments/simulate/simulate_cost.cc compares with the clock.)
TEST_F(Cost, TheProcessorTimeIsForetold) {
  for (const std::vector<std::string>& sets : std::vector<std::vector<std::string>>{
           {},
           {"phonons={configurations: 4, rms_A: {Sr: 0.08}}", "scan.pixels=[10, 10]"},
           {"engine={name: prism, interpolation: 2}", "scan.pixels=[32, 32]"},
           {"specimen.repeat=[4, 4, {series: [4, 10, 16]}]", "scan.pixels=[12, 12]"}}) {
    Of(sets, {"-o", "o.hdf5"});  // makes the FFT plans
    const double foretold = Of(sets, {"--dry-run"})["seconds"];
    Of({"scan.pixels=[1, 1]", "specimen.repeat=[4, 4, 1]"}, {"-o", "o.hdf5"});
    const double beginning = cpu_seconds_;
    Of(sets, {"-o", "o.hdf5"});
    const double used = cpu_seconds_ - beginning;
    EXPECT_LT(foretold, 3 * used) << ::testing::PrintToString(sets);
    EXPECT_GT(foretold, used / 3) << ::testing::PrintToString(sets);
  }
}

TEST_F(Cost, TheForecastSaysWhatItAssumes) {
  const Finished done =
      Ronchi({"simulate", "job.yaml", "--dry-run", "--threads", "1"}, folder_.path());
  EXPECT_THAT(done.out, HasSubstr(" on 1 idle cores"));
  EXPECT_EQ(Of({}, {"--dry-run"})["assumes"], "idle cores");
}

TEST_F(Cost, CompareMeasuresTheEnginesError) {
  const std::string adf =
      "detectors={adf: {type: annular, inner_mrad: 30, outer_mrad: 60}, "
      "cbed: {type: pixelated}}";
  const auto error = [&](const std::string& engine) {
    const json j = Of({adf, engine, "scan.pixels=[6, 6]", "specimen.repeat=[4, 4, 2]"},
                      {"--compare", "-o", "o.hdf5"});
    EXPECT_EQ(j["rms_over_mean_against_multislice"].size(), 1u);  // patterns are left out
    return j["rms_over_mean_against_multislice"]["adf"].get<double>();
  };
  // f = 1 is multislice: single precision. Coarser ones are worse, by some per cent.
  EXPECT_LT(error("engine={name: prism, interpolation: 1}"), 1e-5);
  const double coarse = error("engine={name: prism, interpolation: 4}");
  EXPECT_GT(coarse, 1e-4);
  EXPECT_LT(coarse, 0.5);
}

TEST_F(Cost, CompareIsRefusedWhereThereIsNothingToCompare) {
  const auto refused = [&](const std::vector<std::string>& sets, const std::string& part) {
    std::vector<std::string> words = {"simulate", "job.yaml", "-o", "o.hdf5", "--compare"};
    for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(part));
  };
  refused({}, "the engine is multislice itself");
  refused({"engine.name=prism", "detectors={c: {type: pixelated}}"}, "no detector to compare");
  EXPECT_THAT(Contents(folder_.path()), ::testing::ElementsAre("job.yaml"));
}

// 60 MB: the program, its libraries and HDF5 (25 MB were seen), and the C library's slack.
TEST_F(Cost, MemoryIsForetold) {
  for (const std::vector<std::string>& sets : std::vector<std::vector<std::string>>{
           {"scan.pixels=[4, 4]", "grid.pixels=[512, 512]"},
           {"scan.pixels=[40, 40]", "specimen.repeat=[4, 4, 1]",
            "detectors={c: {type: pixelated}}"},
           {"engine={name: prism, interpolation: 2}", "scan.pixels=[16, 16]"}}) {
    const double foretold = Of(sets, {"--dry-run"})["memory_bytes"];
    Of(sets, {"-o", "o.hdf5"});
    EXPECT_LT(peak_bytes_, foretold + 60e6) << ::testing::PrintToString(sets);
  }
}

}  // namespace
}  // namespace ronchi
