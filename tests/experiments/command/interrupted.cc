// Ctrl-C and SIGTERM: the program ends within seconds, says so by exit status 130, and what was
// done is saved and whole.
#include <gmock/gmock.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/storage.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using testing_support::Command;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::RonchiProgram;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// Of processor time after the signal: one probe a thread, one optimiser step, one report, each far
// below a second.
constexpr double kFewSeconds = 8;

class Interrupted : public ::testing::TestWithParam<int> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(Interrupted, SimulateSavesTheProbesThatRan) {
  // 10 000 probes of 256² pixels take minutes.
  WriteAll(folder_ / "long.yaml", R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 20]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [256, 256], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [100, 100]}
detectors: {haadf: {type: annular, inner_mrad: 60, outer_mrad: 90}}
)");
  Command command({RonchiProgram(), "simulate", "long.yaml", "-o", "o.hdf5", "-v"}, folder_.path());
  ASSERT_TRUE(command.WaitFor("FFT plans"));
  // Plans may be measured first; all probes take minutes.
  ASSERT_TRUE(command.WaitForCpu(command.CpuSeconds() + 5));
  command.Signal(GetParam());
  const Finished done = command.Wait();
  EXPECT_EQ(done.status, 130) << done.err;
  EXPECT_LT(done.cpu_seconds_after_signal, kFewSeconds);
  EXPECT_EQ(Contents(folder_.path()),
            (std::vector<std::string>{"long.yaml", "o.haadf.png", "o.hdf5"}));
  const auto file = DataFileReader::Open(folder_ / "o.hdf5");
  ASSERT_TRUE(file.ok()) << file.status();
  const Array<float> image = *file->ReadFloat("/root/haadf/data");
  const auto missing =
      std::count_if(image.begin(), image.end(), [](float v) { return std::isnan(v); });
  EXPECT_GT(missing, 0);
  EXPECT_LT(missing, long(image.size()));
}

TEST_P(Interrupted, RunSavesTheImagesThatWereTaken) {
  for (const std::string stage : {"gp:", "tune:", "deploy:"}) {
    Command command({RonchiProgram(), "run", "quickstart", "-o", "r", "--set", "deploy.steps=1000"},
                    folder_.path());
    ASSERT_TRUE(command.WaitFor(stage)) << stage;
    command.Signal(GetParam());
    const Finished done = command.Wait();
    EXPECT_EQ(done.status, 130) << stage << done.err;
    EXPECT_LT(done.cpu_seconds_after_signal, kFewSeconds) << stage;
    EXPECT_EQ(Contents(folder_ / "r"),
              (std::vector<std::string>{"config.yaml", "data.hdf5", "events.jsonl", "frames.f32",
                                        "policy.json", "report.html", "summary.json"}))
        << stage;
    const json summary = json::parse(ReadAll(folder_ / "r/summary.json"));
    EXPECT_EQ(summary["interrupted"], true);
    EXPECT_EQ(summary["ended_by"], "interrupted");
    EXPECT_LT(summary["deploy"]["images"], 1001);
    const auto file = DataFileReader::Open(folder_ / "r/data.hdf5");
    ASSERT_TRUE(file.ok()) << file.status();
    const Array<float> images = *file->ReadFloat("/root/deploy_images/data");
    EXPECT_EQ(images.shape()[0], summary["deploy"]["images"].get<size_t>());
    EXPECT_EQ(testing_support::Ronchi({"replay", "r"}, folder_.path()).status, 0);
    EXPECT_EQ(testing_support::Ronchi({"report", "r"}, folder_.path()).status, 0);
    std::filesystem::remove_all(folder_ / "r");
  }
}

// What was asked for and what was done are told apart: half an evaluation is no evaluation.
TEST_P(Interrupted, TrainAndEvaluateSayThatTheyWere) {
  Command train({RonchiProgram(), "train", "quickstart", "-o", "p.json", "--set",
                 "agent.train_episodes=1000"},
                folder_.path());
  ASSERT_TRUE(train.WaitFor("gp:"));
  train.Signal(GetParam());
  const Finished trained = train.Wait();
  EXPECT_EQ(trained.status, 130) << trained.err;
  EXPECT_NE(trained.out.find("interrupted: it is not trained to the end"), std::string::npos)
      << trained.out;
  Command evaluate({RonchiProgram(), "evaluate", "p.json", "quickstart", "--episodes", "100"},
                   folder_.path());
  ASSERT_TRUE(evaluate.WaitFor("evaluate:"));
  evaluate.Signal(GetParam());
  const Finished evaluated = evaluate.Wait();
  EXPECT_EQ(evaluated.status, 130) << evaluated.err;
  EXPECT_NE(evaluated.err.find("ronchi: interrupted after "), std::string::npos) << evaluated.err;
  EXPECT_NE(evaluated.err.find(" of 100 episodes"), std::string::npos) << evaluated.err;
}

INSTANTIATE_TEST_SUITE_P(By, Interrupted, ::testing::Values(SIGINT, SIGTERM), [](const auto& info) {
  return std::string(info.param == SIGINT ? "CtrlC" : "SIGTERM");
});

}  // namespace
}  // namespace ronchi
