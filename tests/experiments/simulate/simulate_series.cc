// Series of numbers in a simulate config: one file whose points are the single runs, to the bit.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/storage.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

constexpr char kJob[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 4]}
beam: {energy_keV: 200, semiangle_mrad: 20, aberrations: {C10_A: 0}}
grid: {pixels: [96, 96], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [4, 3]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  cbed: {type: pixelated, max_mrad: 30}
  idpc: {type: idpc, inner_mrad: 5, outer_mrad: 30}
)";

class Series : public ::testing::Test {
 protected:
  Series() { WriteAll(folder_ / "job.yaml", kJob); }
  std::vector<std::string> Words(const std::vector<std::string>& sets,
                                 const std::vector<std::string>& more) {
    std::vector<std::string> words = {"simulate", "job.yaml", "-q"};
    for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Finished Do(const std::vector<std::string>& sets, const std::vector<std::string>& more) {
    const Finished done = Ronchi(Words(sets, more), folder_.path());
    EXPECT_EQ(done.status, 0) << ::testing::PrintToString(sets) << done.err;
    return done;
  }
  void Refused(const std::vector<std::string>& sets, const std::vector<std::string>& parts) {
    const Finished done = Ronchi(Words(sets, {"-o", "bad.hdf5"}), folder_.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    for (const std::string& part : parts) EXPECT_THAT(done.err, HasSubstr(part));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "bad.hdf5"));
  }
  DataFileReader Open(const std::string& file) { return *DataFileReader::Open(folder_ / file); }
  TemporaryFolder folder_;
};

constexpr char kFocus[] = "beam.aberrations.C10_A={from: -40, to: 60, steps: 3}";
constexpr char kEnergy[] = "beam.energy_keV={series: [80, 200, 300]}";

// In the order of the file: the energy stands before the focus there.
TEST_F(Series, EveryPointIsTheSingleRunToTheBit) {
  const std::string adf =
      "detectors={adf: {type: annular, inner_mrad: 30, outer_mrad: 50}, "
      "idpc: {type: idpc, inner_mrad: 5, outer_mrad: 30}}";
  Do({kFocus, kEnergy, adf}, {"-o", "series.hdf5"});
  const DataFileReader series = Open("series.hdf5");
  for (const std::string name : {"adf", "idpc"}) {
    const Array<float> all = *series.ReadFloat("/root/" + name + "/data");
    ASSERT_EQ(all.shape(), (std::vector<size_t>{3, 3, 4, 3}));
    for (size_t e = 0; e < 3; ++e) {
      for (size_t f = 0; f < 3; ++f) {
        const double energy = std::array{80, 200, 300}[e], focus = -40 + 50 * double(f);
        Do({"beam.energy_keV=" + std::to_string(energy),
            "beam.aberrations.C10_A=" + std::to_string(focus), adf},
           {"-o", "one.hdf5", "--force"});
        const Array<float> one = *Open("one.hdf5").ReadFloat("/root/" + name + "/data");
        const Array<float> point =
            *series.ReadSlab("/root/" + name + "/data", {e, f, 0, 0}, {1, 1, 4, 3});
        EXPECT_TRUE(std::equal(one.begin(), one.end(), point.begin(), point.end()))
            << name << " " << energy << " " << focus;
      }
    }
  }
}

TEST_F(Series, AxesAreNamedAndCalibrated) {
  const json said = json::parse(Do({kFocus, kEnergy}, {"-o", "s.hdf5", "--json", "--set",
                                                       "detectors={adf: {type: annular, "
                                                       "inner_mrad: 20, outer_mrad: 40}}"})
                                    .out);
  EXPECT_EQ(said["points"], 9);
  EXPECT_EQ(said["series"][1]["path"], "beam.aberrations.C10_A");
  EXPECT_EQ(said["series"][1]["units"], "A");
  const DataFileReader file = Open("s.hdf5");
  const Signal adf = *file.ReadSignal("adf");
  ASSERT_EQ(adf.axes.size(), 4u);
  EXPECT_EQ(adf.axes[0].name, "energy");
  EXPECT_EQ(adf.axes[0].units, "keV");
  EXPECT_THAT(adf.axes[0].values, ElementsAre(80, 200, 300));  // uneven
  EXPECT_EQ(adf.axes[1].name, "C10");
  EXPECT_EQ(adf.axes[1].units, "A");
  EXPECT_EQ(adf.axes[1].offset, -40);
  EXPECT_EQ(adf.axes[1].scale, 50);
  EXPECT_TRUE(adf.axes[1].navigate);
  EXPECT_FALSE(adf.axes[2].navigate);
  EXPECT_EQ(*file.ReadDouble("/simulate/series/beam.energy_keV"),
            Array<double>({3}, {80, 200, 300}));
  EXPECT_THAT(*file.ReadText("/simulate/config"), HasSubstr("steps: 3"));
}

// The resolved config repeats the file, and no number of threads matters.
TEST_F(Series, TheFileRepeatsItself) {
  Do({kFocus}, {"-o", "a.hdf5", "--threads", "2"});
  Do({kFocus}, {"-o", "b.hdf5", "--threads", "1"});
  EXPECT_TRUE(ReadAll(folder_ / "a.hdf5") == ReadAll(folder_ / "b.hdf5"));
  WriteAll(folder_ / "job.yaml", *Open("a.hdf5").ReadText("/simulate/config"));
  Do({}, {"-o", "c.hdf5"});
  EXPECT_EQ(*Open("c.hdf5").ReadFloat("/root/cbed/data"),
            *Open("a.hdf5").ReadFloat("/root/cbed/data"));
}

TEST_F(Series, NumbersInListsWholeNumbersAndElements) {
  Do({"scan.start_A=[{series: [0, 1]}, 0.5]", "phonons.rms_A.Sr={series: [0.05, 0.1, 0.08]}",
      "phonons.configurations={from: 1, to: 2, steps: 2}"},
     {"-o", "s.hdf5"});
  const Signal adf = *Open("s.hdf5").ReadSignal("adf");
  ASSERT_EQ(adf.axes.size(), 5u);
  EXPECT_EQ(adf.axes[0].name, "start_x");
  EXPECT_EQ(adf.axes[0].units, "A");
  // Neither rising nor falling: numbers 0, 1, 2, without a unit, but the values are in the file.
  EXPECT_EQ(adf.axes[1].name, "rms Sr");
  EXPECT_EQ(adf.axes[1].units, "");
  EXPECT_EQ(*Open("s.hdf5").ReadDouble("/simulate/series/phonons.rms_A.Sr"),
            Array<double>({3}, {0.05, 0.1, 0.08}));
  EXPECT_EQ(adf.axes[2].name, "configurations");
  // Its x begins elsewhere and has another step at every point: pixels alone.
  EXPECT_EQ(adf.axes[3].name, "x");
  EXPECT_EQ(adf.axes[3].units, "");
  EXPECT_EQ(adf.axes[4].units, "A");
}

// Counting noise of its own for every point, or a series of averages would average nothing; what
// two points with the same everything else differ by is that alone.
TEST_F(Series, PointsCountTheirElectronsIndependently) {
  const std::vector<std::string> sets = {"dose.electrons_per_A2=1e3", "dose.seed=3",
                                         "beam.aberrations.C10_A={series: [0, 0]}"};
  Do(sets, {"-o", "s.hdf5"});
  const Array<float> both = *Open("s.hdf5").ReadFloat("/root/adf/data");
  const size_t n = both.size() / 2;
  EXPECT_FALSE(std::equal(both.begin(), both.begin() + long(n), both.begin() + long(n)));
  Do({"dose.electrons_per_A2=1e3", "dose.seed=3"}, {"-o", "one.hdf5"});
  const Array<float> one = *Open("one.hdf5").ReadFloat("/root/adf/data");
  EXPECT_TRUE(std::equal(one.begin(), one.end(), both.begin()));
  // Where the seed is the series, it is what the file says.
  Do({"dose.electrons_per_A2=1e3", "dose.seed={series: [3, 3]}"}, {"-o", "t.hdf5"});
  const Array<float> same = *Open("t.hdf5").ReadFloat("/root/adf/data");
  EXPECT_TRUE(std::equal(same.begin(), same.begin() + long(n), same.begin() + long(n)));
}

TEST_F(Series, TheForecastCountsAllPoints) {
  const auto cost = [&](const std::vector<std::string>& sets) {
    return json::parse(Do(sets, {"--dry-run", "--json"}).out);
  };
  const json one = cost({}), ten = cost({"beam.aberrations.C10_A={from: 0, to: 90, steps: 10}"});
  EXPECT_EQ(ten["points"], 10);
  EXPECT_EQ(ten["shapes"]["adf"], json({10, 4, 3}));
  EXPECT_EQ(ten["output_bytes"], 10 * one["output_bytes"].get<double>());
  EXPECT_GT(ten["memory_bytes"], one["memory_bytes"]);
  // Ten times one, each measured: processor time, within the factor of two that caches make.
  EXPECT_GT(ten["seconds"], 5 * one["seconds"].get<double>());
  EXPECT_LT(ten["seconds"], 20 * one["seconds"].get<double>());
  EXPECT_THAT(Do({kFocus}, {"--dry-run"}).out, HasSubstr("3 points, from C10 -40 A to C10 60 A"));
  EXPECT_THAT(Contents(folder_.path()), ElementsAre("job.yaml"));
}

TEST_F(Series, WhatCannotBeOneArrayIsRefused) {
  Refused({"scan.pixels=[{series: [4, 5]}, 3]"},
          {"job.yaml:",
           "detectors.adf: has the shape (5, 3) at pixels_x 5, but (4, 3) at pixels_x "
           "4",
           "one shape"});
  Refused({"beam.energy_keV={series: [200, -1]}"}, {"beam.energy_keV: -1 is not allowed"});
  Refused({"beam.energy_keV={series: []}"}, {"beam.energy_keV: series: expected a list"});
  Refused({"beam.energy_keV={from: 1, to: 2}"}, {"a series lacks 'steps'"});
  Refused({"engine.name={series: [1, 2]}"}, {"engine.name: '1' is not allowed; allowed: multisl"});
  // 1e4 points of 25 million probes: more than any machine that runs tests.
  Refused({"beam.aberrations.C10_A={from: 0, to: 1, steps: 10000}", "scan.pixels=[5000, 5000]"},
          {"GB of memory"});
  const Finished compared =
      Ronchi(Words({kFocus, "engine.name=prism"}, {"--compare", "-o", "bad.hdf5"}), folder_.path());
  EXPECT_EQ(compared.status, 2);
  EXPECT_THAT(compared.err, HasSubstr("--compare: beam.aberrations.C10_A is a series"));
}

TEST_F(Series, ExitPlanesCarryTheirDepth) {
  Do({"exit_planes=[2, 4, 8]", kFocus}, {"-o", "s.hdf5"});
  const Signal adf = *Open("s.hdf5").ReadSignal("adf");
  ASSERT_EQ(adf.axes.size(), 4u);
  EXPECT_EQ(adf.axes[1].name, "depth");
  EXPECT_EQ(adf.axes[1].units, "nm");
  ASSERT_EQ(adf.axes[1].values.size(), 3u);  // two, four, eight slices of 1.9525 Å
  EXPECT_NEAR(adf.axes[1].values[0], 0.3905, 1e-9);
  EXPECT_NEAR(adf.axes[1].values[2], 1.562, 1e-9);
  Do({"exit_planes=every 2"}, {"-o", "even.hdf5"});
  const Axis depth = Open("even.hdf5").ReadSignal("adf")->axes[0];
  EXPECT_EQ(depth.units, "nm");
  EXPECT_NEAR(depth.offset, 0.3905, 1e-9);
  EXPECT_NEAR(depth.scale, 0.3905, 1e-9);
  EXPECT_TRUE(depth.values.empty());
}

}  // namespace
}  // namespace ronchi
