// What a run does: in which order, what it keeps, how it ends, and how it goes on.
#include "hw/workflow/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_support::Described;
using testing_support::kColumnCurrent_A;
using testing_support::ParseFlow;
using testing_support::ReadAll;
using testing_support::ScriptedDecider;
using testing_support::ScriptedHost;
using testing_support::SmallColumn;
using testing_support::SmallColumnNow;
using testing_support::TemporaryFolder;

constexpr char kHead[] = "version: 1\nworkflow: test\nbudget: {dose: 1e6 e/A^2, time: 1000 s}\n";

class RunTest : public testing::Test {
 protected:
  RunResult Run(const std::string& steps, bool resume = false) {
    const auto result = TryRun(steps, resume);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : RunResult{};
  }

  absl::StatusOr<RunResult> TryRun(const std::string& steps, bool resume = false) {
    const std::string folder = folder_.path().string();
    RONCHI_ASSIGN_OR_RETURN(const Workflow workflow, ParseFlow(kHead + steps));
    report_ = Check(workflow, SmallColumn(), SmallColumnNow());
    for (const Finding& f : report_.findings) {
      EXPECT_NE(f.severity, Finding::Severity::kError) << f.message;
    }
    RONCHI_ASSIGN_OR_RETURN(const auto journal,
                            resume ? Journal::Reopen(folder) : Journal::Create(folder));
    Described instrument(SmallColumn(), kColumnCurrent_A, fail_);
    instrument.positions = positions_;
    const auto result = RunWorkflow({.workflow = &workflow,
                                     .report = &report_,
                                     .instrument = &instrument,
                                     .journal = journal.get(),
                                     .folder = folder,
                                     .host = &host_,
                                     .decider = &decider_,
                                     .worst_current_A = kColumnCurrent_A});
    verbs_.clear();
    for (const Command& c : instrument.commands) verbs_.push_back(VerbName(c));
    commands_ = instrument.commands;
    positions_ = instrument.positions;
    EXPECT_TRUE(instrument.blanked);  // however it ends
    return result;
  }

  // The journal, cut after so many entries, as a kill would leave it.
  void CutJournal(size_t entries) {
    const std::string path = folder_ / "journal.jsonl";
    const std::string text = ReadAll(path);
    size_t end = 0;
    for (size_t i = 0; i < entries; ++i) end = text.find('\n', end) + 1;
    testing_support::WriteAll(path, text.substr(0, end));
  }
  size_t JournalLines() {
    const std::string text = ReadAll(folder_ / "journal.jsonl");
    return size_t(std::count(text.begin(), text.end(), '\n'));
  }

  TemporaryFolder folder_;
  ScriptedHost host_;
  ScriptedDecider decider_;
  Described::Fail fail_;
  CheckReport report_;
  std::vector<std::string> verbs_;
  std::vector<Command> commands_;
  std::map<std::string, double> positions_;
};

constexpr char kScanStep[] =
    "scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}\n";

TEST_F(RunTest, BlanksFirstAndLast) {
  const RunResult r = Run("steps:\n  - unblank\n  - " + std::string(kScanStep));
  EXPECT_EQ(r.ended_by, "done");
  EXPECT_TRUE(r.finished);
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "scan", "safe"));
  // What was foreseen is what was spent: the instrument keeps to its description.
  EXPECT_NEAR(r.spent.time_s, report_.expected.time_s, 1e-12);
  EXPECT_NEAR(r.spent.dose_e_per_m2, report_.expected.dose_e_per_m2, 1e-9 * 1e20);
  EXPECT_EQ(r.spent.commands, report_.expected.commands);
}

TEST_F(RunTest, ValuesLoopsAndBranches) {
  Run(R"(let: {a: 2 nm}
steps:
  - let: {n: 0, total: 0 nm}
  - for: x
    in: [1 nm, a, 3 nm]
    do:
      - set: {property: optics.C10, to: x}
        as: s
      - let: {total: total + s.value}
      - repeat:
          - let: {n: n + 1}
        until: n >= 2
        max: 5
      - if: x == a
        then:
          - log: "in the middle, n = {n}"
  - unblank
  - scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}
    as: f
  - log: "sum {total}, n {n}, mean {mean(f.haadf)}, contrast {contrast(f.haadf)}"
)");
  // The frames are of ones and threes: mean 2, variance 1.
  EXPECT_THAT(host_.lines,
              ElementsAre("in the middle, n = 3", "sum 6 nm, n 4, mean 2, contrast 0.25"));
}

TEST_F(RunTest, AnIncrementIsAReadAndAnAbsoluteSet) {
  positions_["optics.C10"] = 4e-9;
  Run("steps:\n  - set: {property: optics.C10, by: -1 nm}\n");
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "set", "safe"));
  EXPECT_FALSE(std::get<Set>(commands_[2]).relative);
  EXPECT_NEAR(positions_["optics.C10"], 3e-9, 1e-20);
}

TEST_F(RunTest, LoopsEndByTheirBudgetAndWaitsCount) {
  const RunResult r = Run(R"(steps:
  - repeat:
      - read: optics.C10
      - wait: 1 s
    budget: {time: 7.5 s}
)");
  EXPECT_NEAR(host_.waited_s, 7, 1e-12);
  EXPECT_NEAR(r.spent.time_s, 7.007, 1e-9);
}

TEST_F(RunTest, AskYesNoTimeoutAndNumbers) {
  const std::string steps = R"(steps:
  - ask: "free?"
    name: free
    timeout: 5 s
    on_timeout: deny
    as: free
  - ask: "where?"
    answer: length
    between: [-5 nm, 5 nm]
    timeout: 5 s
    on_timeout: 1 nm
    as: x
  - set: {property: optics.C10, to: x}
  - log: "{free} {x}"
  - ask: "go on?"
    name: go
    timeout: 5 s
    on_timeout: deny
  - read: optics.C10
)";
  host_.answers = {{.given = true, .yes = true, .who = "ada", .why = "I looked"},
                   {.given = true, .number = 3e-9, .who = "ada"},
                   {.given = true, .yes = true, .who = "ada"}};
  EXPECT_EQ(Run(steps).ended_by, "done");
  EXPECT_THAT(host_.lines, ::testing::Contains("true 3 nm"));
  EXPECT_THAT(ReadAll(folder_ / "journal.jsonl"),
              HasSubstr("'free?' answered yes by ada, because I looked"));
  EXPECT_EQ(host_.questions[1].kind, "length");
}

TEST_F(RunTest, SilenceIsNo) {
  const RunResult r =
      Run("steps:\n  - ask: \"free?\"\n    name: free\n    timeout: 5 s\n    on_timeout: deny\n"
          "  - unblank\n");
  EXPECT_EQ(r.ended_by, "denied: 'free' in line 5");
  EXPECT_THAT(verbs_, ElementsAre("blank", "safe"));
  EXPECT_THAT(ReadAll(folder_ / "journal.jsonl"), HasSubstr("was not answered: denied"));
}

TEST_F(RunTest, AnAgentThatLeavesItsBoundsIsAFault) {
  const std::string steps =
      "steps:\n  - decide: x\n    choose: {C10: [-5 nm, 5 nm]}\n    maximise: 0.5\n    as: d\n"
      "  - set: {property: optics.C10, to: d.C10}\n";
  decider_.decide = [](const Decision&) { return std::vector<double>{6e-9}; };
  const RunResult r = Run(steps);
  EXPECT_THAT(r.ended_by, HasSubstr("the agent chose C10 = 6 nm; allowed: -5 nm … 5 nm"));
  EXPECT_THAT(verbs_, ElementsAre("blank", "blank", "safe"));
  EXPECT_EQ(decider_.decisions[0].value, 0.5);
}

TEST_F(RunTest, AFaultBlanksAndHandsOver) {
  fail_ = [](const Command& c) {
    return std::holds_alternative<Scan>(c)
               ? MakeError({ErrorKind::kHardware, "the scan board is on fire", "leave"})
               : absl::OkStatus();
  };
  const RunResult r = Run("steps:\n  - unblank\n  - " + std::string(kScanStep) +
                          "  - read: optics.C10\non_fault:\n"
                          "  - log: \"{fault.message}\"\n"
                          "  - set: {property: optics.C10, to: 0 nm}\n");
  EXPECT_FALSE(r.fault.ok());
  EXPECT_FALSE(r.finished);
  EXPECT_THAT(r.ended_by, HasSubstr("fault: w.yaml:6: steps[1].scan: the scan board is on fire"));
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "set", "safe"));
  EXPECT_THAT(host_.lines, ::testing::Contains(HasSubstr("on fire; leave")));
}

TEST_F(RunTest, RetryContinueAndStop) {
  int failures = 2;
  fail_ = [&](const Command& c) {
    return std::holds_alternative<Read>(c) && failures-- > 0
               ? MakeError({ErrorKind::kCommunication, "no answer", "ask again"})
               : absl::OkStatus();
  };
  const std::string retry = "steps:\n  - read: optics.C10\n    on_fault: retry\n    retries: 2\n";
  EXPECT_EQ(Run(retry).ended_by, "done");
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "safe"));
}

TEST_F(RunTest, ContinueGoesOn) {
  fail_ = [](const Command& c) {
    return std::holds_alternative<Read>(c) ? MakeError({ErrorKind::kHardware, "broken", "mend it"})
                                           : absl::OkStatus();
  };
  EXPECT_EQ(Run("steps:\n  - read: optics.C10\n    on_fault: continue\n  - log: \"on\"\n"
                "  - stop: \"that will do\"\n")
                .ended_by,
            "stop: that will do");
}

TEST_F(RunTest, PauseBlanksAndResumes) {
  host_.wish = [](int poll) {
    using Kind = Wish::Kind;
    return poll == 2 ? Wish{Kind::kPause, "ada"} : poll == 4 ? Wish{Kind::kResume, "ada"} : Wish{};
  };
  Run("steps:\n  - unblank\n  - " + std::string(kScanStep) + "  - read: optics.C10\n");
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "unblank", "scan", "read", "safe"));
  EXPECT_THAT(host_.lines, ElementsAre("pause: by ada", "resume: by ada"));
}

TEST_F(RunTest, SkipAndStop) {
  host_.wish = [](int poll) {
    using Kind = Wish::Kind;
    return poll == 1 ? Wish{Kind::kSkip, "ada"} : poll == 3 ? Wish{Kind::kStop, "ada"} : Wish{};
  };
  const RunResult r =
      Run("steps:\n  - read: optics.C10\n  - read: optics.C12.a\n  - read: beam.current\n");
  EXPECT_EQ(r.ended_by, "stopped by ada");
  EXPECT_EQ(r.skipped, 1u);
  EXPECT_FALSE(r.finished);
  EXPECT_THAT(verbs_, ElementsAre("blank", "read", "safe"));
  EXPECT_EQ(std::get<Read>(commands_[1]).properties[0], "optics.C12.a");
}

// An agent, a person, images, increments and loops: cut the journal anywhere, and what is done from
// there on, together with what was, is what an undisturbed run does.
constexpr char kEverything[] = R"yaml(steps:
  - let: {best: -1, C10: 1 nm, done: 0}
  - unblank
  - repeat:
      - set: {property: optics.C10, to: C10}
      - set: {property: optics.C12.a, by: 1 nm}
      - scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}
        as: f
      - let: {best: "max(best, contrast(f.haadf))"}
      - save: {C10: C10, image: f.haadf}
      - decide: agent
        choose: {C10: [-5 nm, 5 nm]}
        maximise: contrast(f.haadf)
        as: d
      - let: {C10: d.C10, done: done + 1}
    until: done >= 3
    max: 5
  - if: mean(f.haadf) > 1
    then:
      - log: "bright, best {best}"
  - blank
  - log: "C10 {C10}, dose {spent.dose}"
)yaml";

TEST_F(RunTest, CutAnywhereItGoesOnToTheSameEnd) {
  decider_.decide = [n = 0.0](const Decision& d) mutable {
    n = d.observed.empty() ? n + 1e-9 : n;
    return std::vector<double>{n};
  };
  const auto agent = decider_.decide;
  const RunResult whole = Run(kEverything);
  ASSERT_EQ(whole.ended_by, "done");
  const std::string last = host_.lines.back();
  const std::map<std::string, double> end = positions_;
  const std::string journal = ReadAll(folder_ / "journal.jsonl");
  const size_t lines = JournalLines();
  ASSERT_GT(lines, 40u);
  const size_t whole_commands = verbs_.size();
  // Every entry but the last, which says that it has ended.
  for (size_t cut = 1; cut < lines; ++cut) {
    testing_support::WriteAll(folder_ / "journal.jsonl", journal);
    CutJournal(cut);
    decider_.decide = agent;
    host_.lines.clear();
    positions_ = {{"optics.C10", 0}, {"optics.C12.a", 0}};  // another instrument, as it starts
    const RunResult r = Run(kEverything, true);
    ASSERT_EQ(r.ended_by, "done") << "cut after entry " << cut;
    EXPECT_EQ(verbs_[0], "blank");
    EXPECT_LE(verbs_.size(), whole_commands + 4);  // restored settings and beam
    EXPECT_NEAR(positions_["optics.C10"], end.at("optics.C10"), 1e-18) << cut;
    EXPECT_NEAR(positions_["optics.C12.a"], end.at("optics.C12.a"), 1e-18) << cut;
    // A command in flight counts in full and is done again: never less than the whole run.
    EXPECT_GE(r.spent.electrons, whole.spent.electrons * (1 - 1e-12)) << cut;
    if (r.in_flight.empty() && cut + 1 < lines) {  // before the last words
      EXPECT_NEAR(r.spent.electrons, whole.spent.electrons, 1e-9 * whole.spent.electrons) << cut;
      EXPECT_EQ(host_.lines.back(), last) << cut;
    }
    EXPECT_THAT(host_.lines[0], StartsWith("resumed: the state of the instrument is uncertain"));
  }
}

TEST_F(RunTest, ATornLineIsCutOffAndADamagedOneRefused) {
  Run(kEverything);
  const std::string whole = ReadAll(folder_ / "journal.jsonl");
  CutJournal(20);
  const std::string path = folder_ / "journal.jsonl";
  const std::string head = ReadAll(path);
  testing_support::WriteAll(path, head + "{\"sum\":\"0123");
  EXPECT_EQ(Run(kEverything, true).ended_by, "done");
  std::string damaged = whole;
  damaged[damaged.find("unblank")] = 'X';
  testing_support::WriteAll(path, damaged);
  const auto refused = TryRun(kEverything, true);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("journal.jsonl:"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("damaged"));
}

TEST_F(RunTest, WhatHasEndedOrIsAnotherWorkflowIsNotGoneOnWith) {
  Run(kEverything);
  EXPECT_THAT(std::string(TryRun(kEverything, true).status().message()),
              HasSubstr("this run has ended (done)"));
  CutJournal(12);
  EXPECT_THAT(std::string(TryRun("steps:\n  - read: optics.C10\n", true).status().message()),
              HasSubstr("the journal does not fit the workflow"));
}

// The budget is kept at run time, too: here the beam is stronger than the check was told.
TEST_F(RunTest, TheBudgetHoldsWhereTheCheckWasDeceived) {
  const auto workflow = *ParseFlow(
      "version: 1\nworkflow: t\nbudget: {dose: 3750 e/A^2}\nsteps:\n  - unblank\n"
      "  - repeat:\n      - scan: {fov: 4 nm, pixels: 16, dwell: 1 us, detectors: haadf}\n"
      "    max: 10\n");
  CheckOptions options = SmallColumnNow();
  options.current_A = options.worst_current_A = kColumnCurrent_A;
  const CheckReport report = Check(workflow, SmallColumn(), options);
  ASSERT_TRUE(report.ok());
  Described instrument(SmallColumn(), 3 * kColumnCurrent_A);
  const auto journal = *Journal::Create(folder_.path().string());
  const auto r = *RunWorkflow({.workflow = &workflow,
                               .report = &report,
                               .instrument = &instrument,
                               .journal = journal.get(),
                               .folder = folder_.path().string(),
                               .host = &host_,
                               .decider = &decider_,
                               .worst_current_A = 3 * kColumnCurrent_A});
  EXPECT_THAT(r.ended_by, HasSubstr("budget: 'scan' in line 7 would pass the dose"));
  EXPECT_LE(r.spent.dose_e_per_m2, 3750e20);
  // The pixels are 2.5 Å apart, and the probe is 1 Å wide: one scan brings 937 e/Å², not 312, on
  // each of its places. Four fit.
  EXPECT_EQ(std::count_if(instrument.commands.begin(), instrument.commands.end(),
                          [](const Command& c) { return std::holds_alternative<Scan>(c); }),
            4);
}

}  // namespace
}  // namespace ronchi::hw::workflow
