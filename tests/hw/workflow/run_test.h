// Workflows that are checked and run on a small column, and what was then done.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "hw/workflow/run.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"

namespace ronchi::hw::workflow {

inline constexpr char kRunHead[] =
    "version: 1\nworkflow: test\nbudget: {dose: 1e6 e/A^2, time: 1000 s}\n";

class RunTest : public testing::Test {
 protected:
  RunResult Run(const std::string& steps, bool resume = false) {
    const auto result = TryRun(steps, resume);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : RunResult{};
  }

  absl::StatusOr<RunResult> TryRun(const std::string& steps, bool resume = false) {
    const std::string folder = folder_.path().string();
    RONCHI_ASSIGN_OR_RETURN(const Workflow workflow, testing_support::ParseFlow(kRunHead + steps));
    report_ = Check(workflow, testing_support::SmallColumn(), testing_support::SmallColumnNow());
    for (const Finding& f : report_.findings) {
      EXPECT_NE(f.severity, Finding::Severity::kError) << f.message;
    }
    RONCHI_ASSIGN_OR_RETURN(const auto journal,
                            resume ? Journal::Reopen(folder) : Journal::Create(folder));
    testing_support::Described instrument(testing_support::SmallColumn(),
                                          testing_support::kColumnCurrent_A, fail_);
    instrument.positions = positions_;
    const auto result = RunWorkflow({.workflow = &workflow,
                                     .report = &report_,
                                     .instrument = &instrument,
                                     .journal = journal.get(),
                                     .folder = folder,
                                     .host = &host_,
                                     .decider = &decider_,
                                     .worst_current_A = testing_support::kColumnCurrent_A});
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
    const std::string text = testing_support::ReadAll(path);
    size_t end = 0;
    for (size_t i = 0; i < entries; ++i) end = text.find('\n', end) + 1;
    testing_support::WriteAll(path, text.substr(0, end));
  }
  size_t JournalLines() {
    const std::string text = testing_support::ReadAll(folder_ / "journal.jsonl");
    return size_t(std::count(text.begin(), text.end(), '\n'));
  }

  testing_support::TemporaryFolder folder_;
  testing_support::ScriptedHost host_;
  testing_support::ScriptedDecider decider_;
  testing_support::Described::Fail fail_;
  CheckReport report_;
  std::vector<std::string> verbs_;
  std::vector<Command> commands_;
  std::map<std::string, double> positions_;
};

inline constexpr char kScanStep[] =
    "scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}\n";

}  // namespace ronchi::hw::workflow
