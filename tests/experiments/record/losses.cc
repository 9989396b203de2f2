// What was done is not lost, and what is somebody else's is left alone: simultaneous runs, full
// disks, closed streams, kills.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/storage.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Command;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::RunCommand;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// The quickstart, short: no training, few images.
const std::vector<std::string> kShort = {
    "--set", "agent.kind=random", "--set", "train.tune_steps=3", "--set", "deploy.steps=12", "-q"};
std::vector<std::string> Short(std::vector<std::string> words) {
  words.insert(words.end(), kShort.begin(), kShort.end());
  return words;
}
const std::vector<std::string> kRunFiles = {"config.yaml", "data.hdf5",   "events.jsonl",
                                            "frames.f32",  "policy.json", "report.html",
                                            "summary.json"};

constexpr char kWorkflow[] = R"(version: 1
workflow: frames
instrument: corrected_200kV
budget: {dose: 1e9 e/A^2}
steps:
  - unblank
  - repeat:
      - scan: {fov: 1.562 nm, pixels: 16, dwell: 1 us, detectors: haadf}
        as: f
      - save: {image: f.haadf}
    max: 20
)";

constexpr char kSimulation[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 2]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [64, 64], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [4, 4]}
detectors: {bf: {type: annular, outer_mrad: 20}}
)";

class Losses : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
};

// One of them gets the folder, whoever is first; the other says so and touches nothing.
TEST_F(Losses, OfSimultaneousRunsOneGetsTheFolder) {
  WriteAll(folder_ / "w.yaml", kWorkflow);
  for (const bool empty_before : {false, true}) {
    for (int i = 0; i < 6; ++i) {
      const std::string name = absl::StrCat("r", i, empty_before ? "e" : "");
      if (empty_before) fs::create_directory(folder_.path() / name);
      const bool workflow = i % 2;
      const auto words = [&] {
        std::vector<std::string> all =
            workflow ? std::vector<std::string>{"run", "w.yaml", "-o", name, "-q"}
                     : Short({"run", "quickstart", "-o", name});
        all.insert(all.begin(), RonchiProgram());
        return all;
      }();
      Command first(words, folder_.path()), second(words, folder_.path());
      std::vector<Finished> done = {first.Wait(), second.Wait()};
      if (done[0].status != 0) std::swap(done[0], done[1]);
      EXPECT_EQ(done[0].status, 0) << done[0].err;
      EXPECT_EQ(done[1].status, 2) << done[1].err;
      EXPECT_THAT(done[1].err, HasSubstr("nothing is overwritten"));
      EXPECT_EQ(done[1].ErrorLines(), 1u) << done[1].err;
      if (!workflow) {
        EXPECT_EQ(Contents(folder_.path() / name), kRunFiles);
      }
      const Finished replay = Ronchi({"replay", name}, folder_.path());
      EXPECT_EQ(replay.status, 0) << replay.out << replay.err;
    }
  }
}

// Without -o each gets one of its own.
TEST_F(Losses, SimultaneousRunsWithoutAName) {
  std::vector<std::string> words = Short({"run", "quickstart"});
  words.insert(words.begin(), RonchiProgram());
  Command first(words, folder_.path()), second(words, folder_.path());
  EXPECT_EQ(first.Wait().status, 0);
  EXPECT_EQ(second.Wait().status, 0);
  for (const char* name : {"runs/quickstart-seed1", "runs/quickstart-seed1-2"}) {
    EXPECT_EQ(Contents(folder_.path() / name), kRunFiles) << name;
  }
}

// A title in another code page was found out when the run was over, and all of it was lost.
TEST_F(Losses, ATitleThatIsNoUtf8IsRefusedAtOnce) {
  std::string recipe = ReadAll(RONCHI_SOURCE_DIR "/experiments/recipes/quickstart/recipe.yaml");
  const size_t title = recipe.find("Quickstart:");
  ASSERT_NE(title, std::string::npos);
  recipe.replace(title, 5, "caf\xE9 ");
  WriteAll(folder_ / "latin1.yaml", recipe);
  const Finished done = Ronchi({"run", "latin1.yaml", "-o", "r", "-q"}, folder_.path());
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("latin1.yaml:4: not UTF-8: byte 0xe9"));
  EXPECT_FALSE(fs::exists(folder_ / "r"));
}

// There is room for the log, and not for the data file as well: what was exposed is kept. A small
// memory disk; needs root and a kernel that lets it.
TEST_F(Losses, AFullDiskAtTheDataFileKeepsTheLog) {
  ASSERT_EQ(Ronchi(Short({"run", "quickstart", "-o", "whole"}), folder_.path()).status, 0);
  size_t pages = 1;  // of the folder
  constexpr size_t kPage = 4096;
  for (const char* name : {"config.yaml", "events.jsonl", "frames.f32", "policy.json"}) {
    pages += fs::file_size(folder_.path() / "whole" / name) / kPage + 1;
  }
  const fs::path disk = folder_.path() / "disk";
  fs::create_directory(disk);
  const std::string size = "size=" + std::to_string((pages + 4) * kPage);
  if (mount("none", disk.c_str(), "tmpfs", 0, size.c_str()) != 0) {
    GTEST_SKIP() << "cannot mount a small disk here: " << std::strerror(errno);
  }
  const Finished done = Ronchi(Short({"run", "quickstart", "-o", "disk/r"}), folder_.path());
  EXPECT_EQ(done.status, 2) << done.err;
  EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
  EXPECT_THAT(done.err, HasSubstr("disk/r holds what was recorded until then"));
  EXPECT_THAT(done.err, HasSubstr("data.hdf5"));
  for (const char* name : {"events.jsonl", "frames.f32"}) {
    EXPECT_EQ(ReadAll(disk / "r" / name), ReadAll(folder_.path() / "whole" / name)) << name;
  }
  EXPECT_EQ(Ronchi({"replay", "disk/r"}, folder_.path()).status, 0);
  umount2(disk.c_str(), MNT_DETACH);
}

// The guard refuses theory's images for their dose: bad input, but specimens were exposed.
TEST_F(Losses, ARefusalUnderWayKeepsTheLog) {
  std::vector<std::string> words = Short({"run", "quickstart", "-o", "r"});
  words.insert(words.end(), {"--set", "deploy.guard.dose_budget_e_per_A2=1"});
  const Finished done = Ronchi(words, folder_.path());
  EXPECT_NE(done.status, 0);
  EXPECT_THAT(done.err, HasSubstr("budget"));
  EXPECT_TRUE(fs::exists(folder_ / "r/events.jsonl")) << done.err;
}

// File descriptors 0 to 2 are free then, and the next files to be opened would get them.
TEST_F(Losses, ClosedStreamsLeaveDataFilesAlone) {
  WriteAll(folder_ / "w.yaml", kWorkflow);
  WriteAll(folder_ / "s.yaml", kSimulation);
  ASSERT_EQ(Ronchi({"run", "w.yaml", "-o", "whole"}, folder_.path()).status, 0);
  ASSERT_EQ(Ronchi({"simulate", "s.yaml", "-o", "whole.hdf5"}, folder_.path()).status, 0);
  int number = 0;
  for (const std::string closed : {"2>&-", ">&-", "<&- >&- 2>&-", "<&-", ">&- 2>&-"}) {
    const std::string name = absl::StrCat("r", ++number);
    const auto run = [&](const std::string& words) {
      return RunCommand({"bash", "-c", "exec '" + RonchiProgram() + "' " + words + " " + closed},
                        folder_.path());
    };
    EXPECT_EQ(run("run w.yaml -v -o " + name).status, 0) << closed;
    for (const char* file : {"events.jsonl", "frames.f32", "images.f32"}) {
      EXPECT_EQ(ReadAll(folder_.path() / name / file), ReadAll(folder_.path() / "whole" / file))
          << closed << " " << file;
    }
    EXPECT_EQ(run("simulate s.yaml -v -o " + name + ".hdf5").status, 0) << closed;
    EXPECT_EQ(ReadAll(folder_.path() / (name + ".hdf5")), ReadAll(folder_.path() / "whole.hdf5"))
        << closed;
  }
}

TEST_F(Losses, AResultThatCannotBePrintedIsAFailure) {
  for (const char* words : {"list", "--help", "describe gp --json", "--version", "cache path"}) {
    const Finished done = RunCommand(
        {"bash", "-c", "exec '" + RonchiProgram() + "' " + words + " > /dev/full"}, folder_.path());
    EXPECT_EQ(done.status, 1) << words;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr("standard output")) << words;
  }
}

TEST_F(Losses, AKilledSimulationLeavesNothing) {
  WriteAll(folder_ / "s.yaml", kSimulation);
  Command command({RonchiProgram(), "simulate", "s.yaml", "-o", "o.hdf5", "-v", "--set",
                   "scan.pixels=[300, 300]"},
                  folder_.path());
  ASSERT_TRUE(command.WaitFor("FFT plans"));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  command.Signal(SIGKILL);
  ASSERT_EQ(command.Wait().status, 128 + SIGKILL) << "it was done before";
  // Where files cannot be without names, the next one cleans up.
  EXPECT_EQ(Ronchi({"simulate", "s.yaml", "-o", "o.hdf5"}, folder_.path()).status, 0);
  EXPECT_EQ(Contents(folder_.path()), (std::vector<std::string>{"o.bf.png", "o.hdf5", "s.yaml"}));
}

// A script's answers are looked at before the run, not when the question comes.
TEST_F(Losses, AnswersThatFitNoQuestion) {
  WriteAll(folder_ / "w.yaml", R"(version: 1
workflow: asks
instrument: corrected_200kV
steps:
  - ask: Closer?
    name: closer
    timeout: 10 s
    on_timeout: deny
    as: go
  - ask: How far?
    name: far
    answer: length
    between: [1 nm, 10 nm]
    timeout: 10 s
    on_timeout: 2 nm
    as: far
)");
  const auto refused = [&](std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), {"run", "w.yaml", "-o", "r"});
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(part));
    EXPECT_FALSE(fs::exists(folder_ / "r"));
  };
  refused({"--answer", "clsoer=yes"},
          "asks nothing that is called 'clsoer'; its questions: closer, far");
  refused({"--yes-to", "clsoer"}, "its questions: closer, far");
  refused({"--answer", "closer=perhaps"}, "allowed: yes, no");
  refused({"--yes-to", "far"}, "allowed: a length with its unit, 1 nm … 10 nm");
  refused({"--answer", "far=20 nm"}, "1 nm … 10 nm");
  refused({"--answer", "far=5 mrad"}, "a length with its unit");
  const Finished recipe = Ronchi({"run", "quickstart", "--yes-to", "x"}, folder_.path());
  EXPECT_EQ(recipe.status, 2);
  EXPECT_THAT(recipe.err, HasSubstr("is no workflow, and asks nothing"));
  EXPECT_EQ(Ronchi({"run", "w.yaml", "-o", "r", "--answer", "closer=yes because it is safe",
                    "--answer", "far=5 nm"},
                   folder_.path())
                .status,
            0);
}

}  // namespace
}  // namespace ronchi
