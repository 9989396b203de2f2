// `ronchi init`: every template runs as it was written.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

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

class Init : public ::testing::Test {
 protected:
  Finished Do(const std::vector<std::string>& words) {
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 0) << ::testing::PrintToString(words) << done.err;
    return done;
  }
  TemporaryFolder folder_;
};

TEST_F(Init, ASimulationThatRuns) {
  EXPECT_THAT(Do({"init", "simulate"}).out,
              HasSubstr("ronchi simulate simulate.yaml -o images.hdf5"));
  Do({"simulate", "simulate.yaml", "-o", "images.hdf5", "-q", "--set", "scan.pixels=[4, 4]"});
  EXPECT_THAT(Contents(folder_.path()),
              ElementsAre("images.bf.png", "images.haadf.png", "images.hdf5", "simulate.yaml"));
}

// What is commented out is right as well: uncommented line by line, it is accepted.
TEST_F(Init, TheSimulationsOtherKeysAreAccepted) {
  Do({"init", "simulate"});
  const std::string text = ReadAll(folder_ / "simulate.yaml");
  for (const char* line :
       {"    # C30_A: 1.0e7", "  # source_fwhm_A: 0.8", "  # focal_spread_A: 40",
        "# phonons: {configurations: 8", "  # cbed: {type: pixelated", "  # idpc: {type: idpc",
        "# exit_planes: every 4", "# dose: {electrons_per_A2: 1.0e4"}) {
    const size_t at = text.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    std::string changed = text;
    changed.erase(changed.find("# ", at), 2);
    WriteAll(folder_ / "changed.yaml", changed);
    Do({"simulate", "changed.yaml", "--dry-run", "--json", "--set", "grid.pixels=[128, 128]",
        "--set", "detectors.haadf.outer_mrad=65"});
  }
}

TEST_F(Init, AWorkflowThatIsProvenAndRuns) {
  Do({"init", "workflow", "-o", "mine.yaml"});
  EXPECT_THAT(ReadAll(folder_ / "mine.yaml"), HasSubstr("ronchi check mine.yaml"));
  EXPECT_THAT(Do({"check", "mine.yaml"}).out, HasSubstr("every step proven"));
  EXPECT_THAT(Do({"run", "mine.yaml", "-o", "r", "-q"}).out, HasSubstr("ended by done"));
}

TEST_F(Init, ARecipeThatIsWellFormedAndRuns) {
  Do({"init", "recipe"});
  EXPECT_THAT(Do({"check", "recipe.yaml"}).out, HasSubstr("a recipe, and well formed"));
  Do({"run", "recipe.yaml", "-q", "-o", "r", "--set", "agent.kind=random", "--set",
      "deploy.steps=3", "--set", "train.tune_steps=3"});
}

// It is the example that is built and run as a test, under its own name.
TEST_F(Init, AnEnvironmentToBuild) {
  const json said = json::parse(Do({"init", "environment", "-o", "mine.cc", "--json"}).out);
  EXPECT_THAT(said["next"].get<std::string>(), HasSubstr("--target example_mine"));
  std::string text = ReadAll(folder_ / "mine.cc");
  for (size_t at; (at = text.find("example_mine")) != std::string::npos;) {
    text.replace(at, 12, "example_focus");
  }
  EXPECT_EQ(text, ReadAll(RONCHI_SOURCE_DIR "/examples/environment/focus.cc"));
}

// A driver in one file, and the config that plugs it in; from any folder.
TEST_F(Init, ADriverThatConforms) {
  EXPECT_THAT(Do({"init", "driver", "-o", "mine.py"}).out,
              HasSubstr("ronchi conform --instrument mine.yaml"));
  EXPECT_THAT(Contents(folder_.path()), ElementsAre("mine.py", "mine.yaml"));
  if (testing_support::RunCommand({"python3", "-c", "import numpy"}, folder_.path()).status != 0) {
    GTEST_SKIP() << "python3 has no NumPy";
  }
  EXPECT_THAT(Do({"conform", "--instrument", "mine.yaml"}).out, HasSubstr("toy:numpy"));
  EXPECT_THAT(Ronchi({"init", "driver", "-o", "mine.py"}, folder_.path()).err,
              HasSubstr("mine.py: is there already; --force"));
}

TEST_F(Init, NothingIsOverwrittenUnasked) {
  WriteAll(folder_ / "simulate.yaml", "mine");
  const Finished done = Ronchi({"init", "simulate"}, folder_.path());
  EXPECT_EQ(done.status, 2);
  EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
  EXPECT_THAT(done.err, HasSubstr("simulate.yaml: is there already; --force"));
  EXPECT_EQ(ReadAll(folder_ / "simulate.yaml"), "mine");
  Do({"init", "simulate", "--force"});
  EXPECT_NE(ReadAll(folder_ / "simulate.yaml"), "mine");
  EXPECT_THAT(Ronchi({"init", "poem"}, folder_.path()).err,
              HasSubstr("'poem' is not allowed; allowed: recipe, simulate, workflow, environment"));
  EXPECT_EQ(Ronchi({"init", "recipe", "-o", "."}, folder_.path()).status, 2);
}

}  // namespace
}  // namespace ronchi
