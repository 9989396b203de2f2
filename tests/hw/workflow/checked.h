// Workflows and what a check finds in them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "hw/workflow/check.h"
#include "tests/support/flow.h"

namespace ronchi::hw::workflow {

// Line 1 is the version, 2 the title, 3 the budget, 4 the constants, 5 `steps:`; steps begin in 6.
inline std::string Document(const std::string& steps) {
  return "version: 1\nworkflow: test\nbudget: {dose: 1e5 e/A^2, time: 100 s, commands: 1000}\n"
         "let: {field: 4 nm}\nsteps:\n  - log: \"{field}\"\n" +
         steps;
}

inline std::string Findings(const CheckReport& report) {
  std::string all;
  for (const Finding& f : report.findings) {
    all += std::string(SeverityName(f.severity)) + " " + f.message + "\n";
  }
  return all;
}

inline CheckOptions CheckOptionsNow() {
  CheckOptions o = testing_support::SmallColumnNow();
  o.agent_problem = [](const DecideStep& step) {
    return step.agent == "random" ? std::string() : "no agent '" + step.agent + "'";
  };
  return o;
}

inline CheckReport CheckText(const std::string& text) {
  const auto workflow = testing_support::ParseFlow(text);
  EXPECT_TRUE(workflow.ok()) << workflow.status();
  // The report outlives the workflow here: nothing below looks at its steps.
  return Check(*workflow, testing_support::SmallColumn(), CheckOptionsNow());
}

}  // namespace ronchi::hw::workflow
