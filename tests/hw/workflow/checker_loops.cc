// Ways that part and rounds that repeat: what they may cost, and what is expected.
#include <gtest/gtest.h>

#include "tests/hw/workflow/checked.h"

namespace ronchi::hw::workflow {
namespace {

TEST(Check, BranchesAndLoopsWorstAndExpected) {
  const std::string look = "  - read: optics.C10\n    as: r\n";
  const CheckReport branch = CheckText(Document(look + "  - if: r.uncertainty > 1 nm\n    then:\n"
                                                       "      - wait: 4 s\n    else:\n"
                                                       "      - wait: 2 s\n"));
  EXPECT_NEAR(branch.worst.time_s, 4.001, 1e-12);
  EXPECT_NEAR(branch.expected.time_s, 3.001, 1e-12);
  const CheckReport until =
      CheckText(Document("  - repeat:\n      - read: optics.C10\n        as: r\n      - wait: 1 s\n"
                         "    until: r.uncertainty > 1 nm\n    max: 50\n    expect: 10\n"));
  ASSERT_TRUE(until.ok()) << Findings(until);
  EXPECT_NEAR(until.worst.time_s, 50 * 1.001, 1e-9);
  EXPECT_NEAR(until.expected.time_s, 10 * 1.001, 1e-9);
  EXPECT_EQ(until.worst.commands, 50);
  // A person's answer as the author expects it; also where it is turned round.
  const auto asked = [](const std::string& expect, const std::string& condition) {
    return CheckText(Document("  - ask: \"go?\"\n    timeout: 9 s\n    on_timeout: deny\n" +
                              expect + "    as: go\n  - if: " + condition +
                              "\n    then:\n      - wait: 4 s\n    else:\n      - wait: 1 s\n"));
  };
  EXPECT_NEAR(asked("", "go").expected.time_s, 2.5, 1e-12);
  EXPECT_NEAR(asked("    expect: yes\n", "go").expected.time_s, 4, 1e-12);
  EXPECT_NEAR(asked("    expect: no\n", "go").expected.time_s, 1, 1e-12);
  EXPECT_NEAR(asked("    expect: yes\n", "not go").expected.time_s, 1, 1e-12);
  EXPECT_NEAR(asked("    expect: no\n", "go").worst.time_s, 4, 1e-12);
  double by_step = 0;
  for (const StepForecast& f : asked("    expect: no\n", "go").steps) by_step += f.expected_time_s;
  EXPECT_NEAR(by_step, 1, 1e-12);
  // Seven rounds of 1.001 s fit into 7.5 s.
  const CheckReport budget = CheckText(Document(
      "  - repeat:\n      - read: optics.C10\n      - wait: 1 s\n    budget: {time: 7.5 s}\n"));
  ASSERT_TRUE(budget.ok()) << Findings(budget);
  EXPECT_NEAR(budget.expected.time_s, 7 * 1.001, 1e-9);
  EXPECT_LE(budget.worst.time_s, 7.5 + 1e-9);
}

// A loop of a million rounds is not followed round by round.
TEST(Check, LongLoopsAreQuick) {
  const CheckReport report = CheckText(
      "version: 1\nworkflow: test\nsteps:\n  - let: {n: 0}\n  - repeat:\n"
      "      - read: optics.C10\n      - let: {n: n + 1}\n    until: n >= 1000000\n    max: "
      "1000000\n"
      "  - log: \"{n}\"\n");
  ASSERT_TRUE(report.ok()) << Findings(report);
  EXPECT_NEAR(report.worst.commands, 1e6, 1e-3);
  EXPECT_NEAR(report.worst.time_s, 1000, 1e-6);
}

}  // namespace
}  // namespace ronchi::hw::workflow
