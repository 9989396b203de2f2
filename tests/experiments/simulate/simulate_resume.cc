// `ronchi simulate` stopped by Ctrl-C again and again, then finished: the same bytes as without.
#include <gmock/gmock.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "core/storage.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Command;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

struct Case {
  std::string name, text;
  std::vector<std::string> detectors;
};

// Each takes some seconds of one thread. That of 4D data is two blocks: 900 · 256² · 8 bytes are
// more than 64 MB.
const Case kCases[] = {{"Phonons",
                        R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [3, 3, 10]}
beam: {energy_keV: 200, semiangle_mrad: 20, focal_spread_A: 30, source_fwhm_A: 0.6}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
phonons: {configurations: 4, rms_A: {Sr: 0.08, Ti: 0.07, O: 0.1}, seed: 5}
scan: {end_A: [3.905, 3.905], pixels: [9, 8]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60, dqe: 0.7, readout_rms_e: 2}
  com: {type: center_of_mass}
  icom: {type: idpc}
  idpc: {type: idpc, inner_mrad: 8, outer_mrad: 30, high_pass_per_A: 0.1}
dose: {electrons_per_A2: 1e5, seed: 4}
output: {normalisation: counts}
exit_planes: every 10
)",
                        {"adf", "com", "icom", "idpc"}},
                       {"FourDimensional",
                        R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [3, 3, 5]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [160, 160], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [40, 30]}
detectors:
  cbed: {type: pixelated, mtf_nyquist: 0.6}
  icom: {type: idpc}
  quad: {type: segmented, inner_mrad: 8, outer_mrad: 30}
dose: {electrons_per_A2: 1e6, seed: 4}
)",
                        {"cbed", "icom", "quad"}},
                       {"Prism",
                        R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 5]}
beam: {energy_keV: 200, semiangle_mrad: 20, tilt_mrad: [2, 0]}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
phonons: {configurations: 4, rms_A: {Sr: 0.08}, seed: 5}
scan: {end_A: [7.81, 7.81], pixels: [40, 40]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  icom: {type: idpc}
engine: {name: prism, interpolation: 2}
dose: {electrons_per_A2: 1e5, seed: 4}
)",
                        {"adf", "icom"}},
                       {"Series",
                        R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [3, 3, 5]}
beam:
  energy_keV: 200
  semiangle_mrad: 20
  aberrations: {C10_A: {series: [-60, -20, 0, 40]}}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
phonons: {configurations: 2, rms_A: {Sr: 0.08}, seed: 5}
scan: {end_A: [3.905, 3.905], pixels: [12, 12]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  icom: {type: idpc}
dose: {electrons_per_A2: 1e5, seed: 4}
)",
                        {"adf", "icom"}}};

class Resume : public ::testing::TestWithParam<Case> {
 protected:
  Resume() { WriteAll(folder_ / "job.yaml", GetParam().text); }
  Finished Simulate(const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"simulate", "job.yaml", "-o", out, "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return Ronchi(words, folder_.path());
  }
  Array<float> Values(const std::string& file, const std::string& detector) {
    return *DataFileReader::Open(folder_ / file)->ReadFloat("/root/" + detector + "/data");
  }
  TemporaryFolder folder_;
};

TEST_P(Resume, AnyNumberOfInterruptionsLeavesTheBytesAsTheyAre) {
  ASSERT_EQ(Simulate("whole.hdf5").status, 0);  // makes the FFT plans
  const Finished whole = Simulate("whole.hdf5", {"--threads", "1", "--force"});
  ASSERT_EQ(whole.status, 0) << whole.err;
  RandomStream random({.seed = 11, .name = "test.interruptions." + GetParam().name});
  int interruptions = 0, partial = 0;
  for (bool complete = false; !complete;) {
    Command command({RonchiProgram(), "simulate", "job.yaml", "-o", "o.hdf5", "-q", "--resume",
                     "--threads", interruptions % 2 ? "2" : "1"},
                    folder_.path());
    // After ten the rest runs through. Moments are counted in processor time, so that they fall
    // into the work whatever else the machine is busy with.
    if (interruptions < 10) {
      command.WaitForCpu(0.1 + random.Uniform(0, 0.35 * whole.cpu_seconds));
      command.Signal(SIGINT);
    }
    const Finished done = command.Wait();
    const bool there = std::filesystem::exists(folder_ / "o.hdf5");
    if (!there) {  // the signal came before its handler
      ++interruptions;
      continue;
    }
    const auto file = DataFileReader::Open(folder_ / "o.hdf5");
    ASSERT_TRUE(file.ok()) << file.status();
    complete = !file->ReadDouble("/simulate/resume/block").ok();
    EXPECT_TRUE(done.status == 130 || (complete && done.status == 0) || done.status == 128 + SIGINT)
        << done.status << done.err;
    for (const std::string& d : GetParam().detectors) {
      const Array<float> a = Values("o.hdf5", d), b = Values("whole.hdf5", d);
      ASSERT_EQ(a.shape(), b.shape());
      size_t missing = 0;
      for (float v : a) missing += std::isnan(v);
      if (complete) {
        EXPECT_EQ(a, b) << d;
      } else if (d == "icom" || d == "idpc") {
        // One missing probe, and nothing can be integrated: of that point of the series.
        const size_t point = GetParam().name == "Series" ? a.size() / 4 : a.size();
        EXPECT_EQ(missing % point, 0u) << missing;
      }
      // Probes that ran hold the mean of their configurations so far.
      partial += !complete && missing < a.size();
    }
    ++interruptions;
    ASSERT_LT(interruptions, 12);
  }
  EXPECT_GT(partial, 0) << "no interruption fell into the work";
  const Finished again = Simulate("o.hdf5", {"--resume"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("is complete"));
}

INSTANTIATE_TEST_SUITE_P(Of, Resume, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

class Resumed : public ::testing::Test {
 protected:
  // A file that was interrupted in the middle.
  Resumed() {
    WriteAll(folder_ / "job.yaml", kCases[0].text);
    Command command({RonchiProgram(), "simulate", "job.yaml", "-o", "o.hdf5", "--set",
                     "phonons.configurations=500", "-v"},
                    folder_.path());
    EXPECT_TRUE(command.WaitFor("FFT plans"));
    // 500 configurations take minutes of two processors.
    EXPECT_TRUE(command.WaitForCpu(command.CpuSeconds() + 2));
    command.Signal(SIGTERM);
    EXPECT_EQ(command.Wait().status, 130);
  }
  Finished Resume(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "simulate", "job.yaml", "-o", "o.hdf5", "--resume", "--set", "phonons.configurations=500"};
    words.insert(words.end(), more.begin(), more.end());
    return Ronchi(words, folder_.path());
  }
  void ExpectRefused(const Finished& done, const std::string& part) {
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(part));
    EXPECT_EQ(done.out, "");
  }
  TemporaryFolder folder_;
};

TEST_F(Resumed, IsRefusedOfAnythingElseAndLeavesTheFileAlone) {
  const std::string before = ReadAll(folder_ / "o.hdf5");
  const std::vector<std::string> contents = Contents(folder_.path());
  ExpectRefused(Resume({"--set", "phonons.seed=6"}), "is not the output of this config");
  ExpectRefused(Resume({"--seed", "6"}), "is not the output of this config");
  EXPECT_EQ(ReadAll(folder_ / "o.hdf5"), before);
  for (const std::string& bad : {before.substr(0, before.size() / 2), std::string("hello"),
                                 std::string(), ReadAll(RonchiProgram()).substr(0, 5000)}) {
    WriteAll(folder_ / "o.hdf5", bad);
    ExpectRefused(Resume(), "o.hdf5");
    EXPECT_EQ(ReadAll(folder_ / "o.hdf5"), bad);
  }
  EXPECT_EQ(Contents(folder_.path()), contents);
}

// Bytes turned over here and there: an error in one line, or a run that goes on; never a crash.
TEST_F(Resumed, OfADamagedFileNeverCrashes) {
  const std::string before = ReadAll(folder_ / "o.hdf5");
  RandomStream random({.seed = 2, .name = "test.damage"});
  for (int i = 0; i < 25; ++i) {
    std::string bad = before;
    for (int b = 0; b < 40; ++b) {
      bad[random.Below(bad.size())] = char(random.Below(256));
    }
    WriteAll(folder_ / "o.hdf5", bad);
    Command command({RonchiProgram(), "simulate", "job.yaml", "-o", "o.hdf5", "--resume", "--set",
                     "phonons.configurations=500", "-q"},
                    folder_.path());
    command.WaitForCpu(0.4);
    command.Signal(SIGTERM);
    const Finished done = command.Wait();
    EXPECT_TRUE(done.status == 2 || done.status == 1 || done.status == 130 ||
                done.status == 128 + SIGTERM)
        << done.status << done.err;
    EXPECT_LE(done.ErrorLines(), 1u) << done.err;
  }
}

TEST_F(Resumed, WithoutResumeItIsKeptAndWithForceReplaced) {
  const std::string before = ReadAll(folder_ / "o.hdf5");
  ExpectRefused(Ronchi({"simulate", "job.yaml", "-o", "o.hdf5", "-q"}, folder_.path()),
                "o.hdf5: is there already; --force replaces it, --resume");
  EXPECT_EQ(ReadAll(folder_ / "o.hdf5"), before);
  const Finished done =
      Ronchi({"simulate", "job.yaml", "-o", "o.hdf5", "-q", "--json", "--force"}, folder_.path());
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(json::parse(done.out)["interrupted"], false);
}

}  // namespace
}  // namespace ronchi
