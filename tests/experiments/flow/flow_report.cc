#include "experiments/flow/flow_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/flow/flow.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

class FlowReport : public testing::Test {
 protected:
  FlowReport() {
    WriteAll(folder_ / "w.yaml",
             "version: 1\nworkflow: one frame\ninstrument: corrected_200kV\n"
             "budget: {dose: 1e9 e/A^2}\nsteps:\n  - unblank\n"
             "  - scan: {fov: 1.562 nm, pixels: 16, dwell: 1 us, detectors: haadf}\n  - blank\n");
    FlowOptions options;
    options.path = folder_ / "w.yaml";
    options.folder = run_;
    options.quiet = true;
    RONCHI_CHECK(RunFlow(options).ok());
    summary_ = json::parse(ReadAll(run_ + "/summary.json"));
  }
  // The report of the run as it would be if this were its summary; else what is wrong with it.
  std::string Report(const json& summary) {
    WriteAll(run_ + "/summary.json", summary.dump());
    const absl::Status s = WriteFlowReport(run_, run_ + "/report.html");
    return s.ok() ? ReadAll(run_ + "/report.html") : std::string(s.message());
  }
  TemporaryFolder folder_;
  std::string run_ = folder_ / "run";
  json summary_;
};

TEST_F(FlowReport, RunsOfVersionsThatWroteNone) {
  const std::string now = Report(summary_);
  summary_.erase("ending");
  EXPECT_EQ(Report(summary_), now);
  summary_["ended_by"] = "budget: dose";
  EXPECT_THAT(Report(summary_), HasSubstr("The run ended before all its steps were done."));
  summary_["ended_by"] = "fault: the link is down";
  EXPECT_THAT(Report(summary_), HasSubstr("The run failed."));
}

TEST_F(FlowReport, WhatIsNoWorkflowsRunIsSaidToBeNone) {
  summary_.erase("spent");
  EXPECT_THAT(Report(summary_), HasSubstr("summary.json: not of a workflow's run"));
  EXPECT_THAT(Report(json::array()), HasSubstr("summary.json: not of a workflow's run"));
}

}  // namespace
}  // namespace ronchi
