// Whatever ends a run before its end is told: by the terminal, the report and the exit status, with
// all that was done until then saved.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

class EndedEarly : public ::testing::Test {
 protected:
  // A deployment without training: 150 steps, of which something ends it.
  Finished Deploy(const std::vector<std::string>& sets) const {
    std::vector<std::string> words = {"run", "quickstart", "-o", "r", "-q"};
    for (const char* set : {"agent.kind=nelder_mead", "train.tune_steps=1", "deploy.steps=150",
                            "environment.pixels=32"}) {
      words.insert(words.end(), {"--set", set});
    }
    for (const std::string& set : sets) words.insert(words.end(), {"--set", set});
    return Ronchi(words, folder_.path());
  }
  // The folder is whole, and what it says is what it did.
  json ExpectWhole(const std::string& ending) const {
    EXPECT_EQ(Contents(folder_ / "r"),
              (std::vector<std::string>{"config.yaml", "data.hdf5", "events.jsonl", "frames.f32",
                                        "policy.json", "report.html", "summary.json"}));
    EXPECT_THAT(ReadAll(folder_ / "r/report.html"), HasSubstr("class=\"banner bad\""));
    EXPECT_EQ(Ronchi({"replay", "r"}, folder_.path()).status, 0);
    const json summary = json::parse(ReadAll(folder_ / "r/summary.json"));
    EXPECT_EQ(summary["ending"], ending);
    EXPECT_EQ(summary["deploy"]["steps_planned"], 150);
    EXPECT_LT(summary["deploy"]["images"], 151);
    return summary;
  }
  Finished Run(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"run"};
    words.insert(words.end(), more.begin(), more.end());
    return Ronchi(words, folder_.path());
  }
  const TemporaryFolder folder_;
};

TEST_F(EndedEarly, ByTheGuard) {
  const Finished done = Deploy({"deploy.guard.dose_budget_e_per_A2=2e5"});
  EXPECT_EQ(done.status, 3) << done.err;
  EXPECT_THAT(done.out, HasSubstr("deploy (not all)"));
  EXPECT_THAT(done.err,
              HasSubstr("of 150 steps: refused by the guard: the dose there would reach"));
  ExpectWhole("early");
}

// Its own images before the agent's first step: a real exposure has been made, and is kept.
TEST_F(EndedEarly, ByTheGuardInTheoryFirstImages) {
  const Finished done = Deploy({"deploy.guard.dose_budget_e_per_A2=3e4"});
  EXPECT_EQ(done.status, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("ended early after 0 of 150 steps: refused by the guard"));
  ExpectWhole("early");
}

TEST_F(EndedEarly, ByALostBeam) {
  const Finished done =
      Deploy({"deploy.instrument.prior.current_ratio=[1, 1]",
              "deploy.instrument.events=[{at_scan: 15, add: {current_ratio: -0.99}}]"});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.err, HasSubstr("the deployment failed after "));
  EXPECT_THAT(done.err, HasSubstr("the beam is lost"));
  const json summary = ExpectWhole("fault");
  EXPECT_THAT(summary["ended_by"].get<std::string>(), HasSubstr("the beam is lost"));
}

// The watchdog's reason, not only what followed from it.
TEST_F(EndedEarly, ByTheWatchdog) {
  const Finished done =
      Deploy({"deploy.guard.command_limit_s=0.001", "deploy.instrument.real_time=true"});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.err, HasSubstr("a command has not ended after 0.001 s"));
}

// With a ledger the next deployment on the specimen does not take what is left for normal.
TEST_F(EndedEarly, ALostBeamIsAskedAboutInTheNextDeployment) {
  const std::vector<std::string> ledger = {"deploy.guard.ledger_file=s.ledger",
                                           "deploy.guard.specimen=s", "deploy.steps=2",
                                           "deploy.guard.dose_budget_e_per_A2=1e8"};
  ASSERT_EQ(Deploy(ledger).status, 0);
  fs::remove_all(folder_ / "r");
  std::vector<std::string> weak = ledger;
  weak.push_back("deploy.instrument.current_pA=0.6");
  const Finished denied = Deploy(weak);
  EXPECT_EQ(denied.status, 3) << denied.err;
  EXPECT_THAT(denied.err, HasSubstr("the beam is lost: beam.current reads"));
}

constexpr char kImages[] = R"(version: 1
workflow: images
instrument: lost.yaml
budget: {dose: 1e9 e/A^2}
steps:
  - unblank
  - for: i
    in: range(12)
    do:
      - scan: {fov: 1.562 nm, pixels: 32, dwell: 2 us, detectors: haadf}
        as: f
      - save: {mean: mean(f.haadf)}
  - blank
)";
constexpr char kLost[] =
    "preset: corrected_200kV\nprior: {current_ratio: [1, 1]}\n"
    "events:\n  - {at_scan: 4, add: {current_ratio: -0.988}}\n";

TEST_F(EndedEarly, AWorkflowsLostBeamIsNoNewNormalWhenItGoesOn) {
  WriteAll(folder_ / "lost.yaml", kLost);
  WriteAll(folder_ / "w.yaml", kImages);
  const Finished lost = Run({"w.yaml", "-o", "run"});
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.err, HasSubstr("ronchi: failed: w.yaml:10: steps[1].do[0].scan: fault"));
  const auto saved = [&] {
    size_t n = 0;
    const std::string journal = ReadAll(folder_ / "run/journal.jsonl");
    for (size_t at = 0; (at = journal.find("\"saved\":", at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(saved(), 4u);
  for (int again = 0; again < 2; ++again) {
    const Finished denied = Run({"run", "--resume"});
    EXPECT_EQ(denied.status, 3) << denied.err;
    EXPECT_THAT(denied.out, HasSubstr("ended by denied: the beam is lost: beam.current reads 0.7"));
    EXPECT_THAT(denied.out, HasSubstr("6 commands"))
        << "what was spent before stands, the scan that failed in full";
    EXPECT_EQ(saved(), 4u);
    const std::string report = ReadAll(folder_ / "run/report.html");
    EXPECT_THAT(report, HasSubstr("class=\"banner bad\""));
    EXPECT_THAT(report, HasSubstr("to be the new normal? (beam)"));
  }
  EXPECT_EQ(Ronchi({"replay", "run"}, folder_.path()).status, 0);
  const Finished meant = Run({"run", "--resume", "--yes-to", "beam"});
  EXPECT_EQ(meant.status, 0) << meant.err;
  EXPECT_EQ(saved(), 12u);
}

// What was failed and passed over by the workflow's own word is not hidden by "done".
TEST_F(EndedEarly, WhatWasPassedOverIsTold) {
  WriteAll(folder_ / "lost.yaml", kLost);
  std::string text = kImages;
  text.replace(text.find("        as: f\n"), 14, "        on_fault: continue\n");
  text.erase(text.find("      - save"), text.find("  - blank") - text.find("      - save"));
  WriteAll(folder_ / "w.yaml", text);
  const Finished done = Run({"w.yaml", "-o", "run", "--json"});
  EXPECT_EQ(json::parse(done.out)["passed_over"], 8) << done.err;
  EXPECT_THAT(ReadAll(folder_ / "run/report.html"), HasSubstr("8 commands failed"));
}

TEST_F(EndedEarly, WorkflowsByStatus) {
  const auto flow = [&](const std::string& steps) {
    fs::remove_all(folder_ / "run");
    WriteAll(folder_ / "w.yaml",
             "version: 1\nworkflow: w\ninstrument: corrected_200kV\n"
             "budget: {dose: 1e9 e/A^2, commands: 50}\nsteps:\n" +
                 steps);
    const Finished done = Run({"w.yaml", "-o", "run"});
    const bool red = ReadAll(folder_ / "run/report.html").find("banner bad") != std::string::npos;
    EXPECT_EQ(red, done.status != 0) << steps;
    EXPECT_EQ(done.err.find("ronchi: ") != std::string::npos, done.status != 0) << done.err;
    return done.status;
  };
  EXPECT_EQ(flow("  - read: optics.C10\n"), 0);
  EXPECT_EQ(flow("  - stop: \"enough\"\n"), 0);  // the author's own word
  EXPECT_EQ(flow("  - abort\n"), 3);
  EXPECT_EQ(flow("  - ask: \"free?\"\n    name: free\n    timeout: 1 s\n    on_timeout: deny\n"),
            3);
}

// An edited document is not what was run, even where its commands are the same.
TEST_F(EndedEarly, AnEditedDocumentDoesNotPassReplay) {
  WriteAll(folder_ / "w.yaml",
           "version: 1\nworkflow: w\ninstrument: corrected_200kV\nsteps:\n  - read: optics.C10\n");
  ASSERT_EQ(Run({"w.yaml", "-o", "run"}).status, 0);
  ASSERT_EQ(Ronchi({"replay", "run"}, folder_.path()).status, 0);
  const std::string text = ReadAll(folder_ / "run/workflow.yaml");
  WriteAll(folder_ / "run/workflow.yaml", text + "# a word more\n");
  const Finished edited = Ronchi({"replay", "run"}, folder_.path());
  EXPECT_EQ(edited.status, 2);
  EXPECT_THAT(edited.err, HasSubstr("run/workflow.yaml: has been changed since it was run"));
  WriteAll(folder_ / "run/workflow.yaml", text);
  EXPECT_EQ(Ronchi({"replay", "run"}, folder_.path()).status, 0);

  ASSERT_EQ(Deploy({"deploy.steps=2"}).status, 0);
  std::string config = ReadAll(folder_ / "r/config.yaml");
  ASSERT_EQ(Ronchi({"replay", "r"}, folder_.path()).status, 0);
  config.replace(config.find("learning_frames: 8"), 18, "learning_frames: 9");
  WriteAll(folder_ / "r/config.yaml", config);
  const Finished recipe = Ronchi({"replay", "r"}, folder_.path());
  EXPECT_EQ(recipe.status, 2);
  EXPECT_THAT(recipe.err, HasSubstr("r/config.yaml: has been changed since it was run"));
}

}  // namespace
}  // namespace ronchi
