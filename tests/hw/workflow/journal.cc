// A run goes on from its journal, wherever that was cut.
#include "hw/workflow/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/workflow/run_test.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_support::ReadAll;

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

}  // namespace
}  // namespace ronchi::hw::workflow
