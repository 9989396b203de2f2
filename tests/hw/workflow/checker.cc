// The check: defective workflows, each with the line and the reason for which it is refused; what
// is left to the guard; and what sound ones are said to cost.
#include "hw/workflow/checker.h"

#include <gtest/gtest.h>

#include "tests/hw/workflow/checked.h"

namespace ronchi::hw::workflow {
namespace {

using testing_support::ParseFlow;
using testing_support::SmallColumn;

constexpr char kScan[] =
    "  - scan: {fov: field, pixels: 32, dwell: 1 us, detectors: haadf}\n    as: f\n";

struct Defect {
  const char* name;
  std::string text;
  int line;
  const char* reason;
};

const std::vector<Defect>& Defects() {
  static const auto* const kDefects = new std::vector<Defect>{
      {"wrong unit", Document("  - set: {property: optics.C10, to: 5 mrad}\n"), 7,
       "optics.C10 is a length, not a angle"},
      {"no unit", Document("  - set: {property: optics.C10, to: 5}\n"), 7,
       "optics.C10 is a length, not a number"},
      {"unknown unit", Document("  - set: {property: optics.C10, to: 5 parsec}\n"), 7,
       "unknown unit 'parsec'; known: m"},
      {"out of limits", Document("  - set: {property: optics.C10, to: 60 nm}\n"), 7,
       "optics.C10 = 60 nm is beyond the limits; allowed: -50 nm … 50 nm"},
      {"out of limits in the last round",
       Document("  - for: x\n    in: linspace(0 nm, 60 nm, 7)\n    do:\n"
                "      - set: {property: optics.C10, to: x}\n"),
       10, "optics.C10 = 60 nm is beyond the limits"},
      {"out of limits by steps",
       Document("  - repeat:\n      - set: {property: optics.C10, by: 9 nm}\n    max: 6\n"), 8,
       "optics.C10 = 53.94 nm … 54.06 nm is beyond the limits"},
      {"step too large",
       Document("  - set: {property: optics.C10, to: 30 nm}\n"
                "  - set: {property: optics.C10, to: -30 nm}\n"),
       8, "a step of -60 nm is too large; allowed at once: 40 nm"},
      {"unknown property", Document("  - set: {property: optics.C11, to: 5 nm}\n"), 7,
       "no property 'optics.C11'; there are: optics.C10"},
      {"read only", Document("  - set: {property: beam.current, to: 5 pA}\n"), 7,
       "beam.current cannot be set"},
      {"unknown detector",
       Document("  - unblank\n  - scan: {fov: field, pixels: 8, dwell: 1 us, detectors: adf}\n"), 8,
       "no detector 'adf'; there are: haadf"},
      {"capability", Document("  - unblank\n  - expose: {camera: ccd, time: 1 s}\n"), 8,
       "cannot 'expose'"},
      {"measurement", Document("  - unblank\n  - measure: defocus\n"), 8, "cannot 'measure'"},
      {"blanked", Document(kScan), 7, "the beam is blanked here; put 'unblank' before it"},
      {"blanked on one way",
       Document("  - read: optics.C10\n    as: r\n  - if: r.uncertainty > 1 nm\n    then:\n"
                "      - unblank\n" +
                std::string(kScan)),
       12, "the beam is blanked here on some of the ways"},
      {"dwell",
       Document("  - unblank\n  - scan: {fov: field, pixels: 8, dwell: 2 s, detectors: haadf}\n"),
       8, "dwell 2 s: allowed are"},
      {"field",
       Document("  - unblank\n  - scan: {fov: 2 um, pixels: 8, dwell: 1 us, detectors: haadf}\n"),
       8, "a finite field up to 1e-06 m"},
      {"pixels",
       Document(
           "  - unblank\n  - scan: {fov: field, pixels: 8.5, dwell: 1 us, detectors: haadf}\n"),
       8, "expected whole numbers of 1 or more"},
      {"field of negative size",
       Document("  - unblank\n  - scan: {fov: -4 nm, pixels: 8, dwell: 1 us, detectors: haadf}\n"),
       8, "must be above 0"},
      {"dose over budget",
       Document("  - unblank\n  - for: k\n    in: range(100)\n    do:\n      - log: \"{k}\"\n"
                "      - scan: {fov: field, pixels: 64, dwell: 5 us, detectors: haadf}\n"),
       3, "the run may pass its dose at 'scan' in line 12"},
      {"time over budget", Document("  - unblank\n  - park: {time: 200 s, at: [0 nm, 0 nm]}\n"), 3,
       "the run may pass its time at 'park' in line 8"},
      {"commands over budget", Document("  - repeat:\n      - read: optics.C10\n    max: 1001\n"),
       3, "the run may pass its number of commands"},
      {"no dose allowed at all",
       "version: 1\nworkflow: test\nsteps:\n  - unblank\n  - park: {time: 1 s, at: [0 m, 0 m]}\n",
       1, "no dose is allowed to it; give budget.dose"},
      {"dose as the guard counts",
       "version: 1\nworkflow: test\nbudget: {dose: 1e5 e/A^2}\nguard: {dose: 10 e/A^2}\nsteps:\n"
       "  - unblank\n  - scan: {fov: 4 nm, pixels: 64, dwell: 5 us, detectors: haadf}\n",
       4, "as the guard counts"},
      {"endless",
       Document("  - repeat:\n      - read: optics.C10\n        as: r\n"
                "    until: r.value > 90 nm\n"),
       7, "may never end; give 'max' (rounds) or a 'budget'"},
      {"loop budget too small",
       Document("  - repeat:\n      - read: optics.C10\n    budget: {time: 0.1 ms}\n"), 9,
       "not even one round may fit"},
      {"loop budget of nothing",
       Document("  - repeat:\n      - log: \"again\"\n    budget: {time: 1 s}\n"), 7,
       "its rounds cost nothing of what its budget counts"},
      {"after an endless loop", Document("  - repeat:\n      - read: optics.C10\n  - blank\n"), 9,
       "never runs: the step before, 'repeat' in line 7, never ends"},
      {"after abort", Document("  - abort\n  - blank\n"), 8,
       "never runs: the step before, 'abort' in line 7"},
      {"after stop", Document("  - stop: \"enough\"\n  - blank\n"), 8, "never runs"},
      {"constant false", Document("  - if: 1 > 2\n    then:\n      - blank\n"), 9,
       "never runs: '1 > 2' is always false"},
      {"constant true",
       Document("  - if: field > 1 nm\n    then:\n      - blank\n    else:\n      - safe\n"), 11,
       "never runs: 'field > 1 nm' is always true"},
      {"missing answer", Document("  - ask: \"go on?\"\n    name: go\n    timeout: 5 s\n"), 7,
       "an answer may never come: give 'on_timeout' (deny)"},
      {"no time to answer", Document("  - ask: \"go on?\"\n    on_timeout: deny\n"), 7,
       "give 'timeout' (how long to wait)"},
      {"silence as consent",
       Document("  - ask: \"go on?\"\n    timeout: 5 s\n    on_timeout: allow\n"), 9,
       "silence is never consent; allowed: deny"},
      {"answer without bounds",
       Document("  - ask: \"where?\"\n    answer: length\n    timeout: 5 s\n    on_timeout: 1 nm\n"
                "    as: x\n  - log: \"{x}\"\n"),
       7, "give 'between: [low, high]'"},
      {"undefined name", Document("  - set: {property: optics.C10, to: focus}\n"), 7,
       "nothing is called 'focus' here; known: field"},
      {"bound on one way only",
       Document("  - read: optics.C10\n    as: r\n  - if: r.uncertainty > 1 nm\n    then:\n"
                "      - let: {y: 1}\n  - log: \"{y}\"\n"),
       12, "'y' is bound on some of the ways that lead here"},
      {"type of a condition", Document("  - if: field\n    then:\n      - blank\n"), 7,
       "expected true or false, got a length"},
      {"sum of unlike", Document("  - let: {y: field + 1 s}\n  - log: \"{y}\"\n"), 7,
       "cannot add a length a time"},
      {"change of type", Document("  - let: {y: 1}\n  - let: {y: 2 nm}\n  - log: \"{y}\"\n"), 8,
       "'y' was a number and cannot become a length"},
      {"not a list", Document("  - for: x\n    in: 3\n    do:\n      - log: \"{x}\"\n"), 8,
       "expected a list, got a number"},
      {"image as a number",
       Document("  - unblank\n" + std::string(kScan) +
                "  - let: {y: f.haadf + 1}\n"
                "  - log: \"{y}\"\n"),
       10, "'+' needs numbers, got a image and a number"},
      {"unknown agent",
       Document(
           "  - decide: deep_thought\n    choose: {x: [0, 1]}\n    as: d\n  - log: \"{d.x}\"\n"),
       7, "no agent 'deep_thought'"},
      {"agent without bounds",
       Document("  - decide: random\n    choose: {x: 3}\n    as: d\n  - log: \"{d.x}\"\n"), 8,
       "expected [low, high], finite"},
      {"block over its budget", Document("  - budget: {time: 1 s}\n    do:\n      - wait: 2 s\n"),
       7, "the steps may take 2 s; allowed: 1 s"},
      {"limit of what cannot be set",
       "version: 1\nworkflow: test\nguard:\n  limits:\n    beam.current: {max: 1 pA}\nsteps:\n"
       "  - blank\n",
       5, "limits of 'beam.current', which cannot be set"},
      {"beyond its own limits",
       "version: 1\nworkflow: test\nguard:\n  limits:\n    optics.C10: {max: 5 nm}\nsteps:\n"
       "  - set: {property: optics.C10, to: 10 nm}\n",
       7, "allowed: -50 nm … 5 nm"},
      {"time without bound",
       Document("  - unblank\n" + std::string(kScan) +
                "  - park: {time: \"mean(f.haadf) * 1 s\"}\n"),
       3, "the run may pass its time"},
      // Of form: the reader's.
      {"unknown key", Document("  - scan: {fov: field, pixel: 8, dwell: 1 us, detectors: haadf}\n"),
       7, "unknown key; did you mean 'pixels'?"},
      {"two verbs", Document("  - blank:\n    scan: {fov: field}\n"), 8,
       "a step has one verb, and this one has 'blank' already"},
      {"no verb", Document("  - blnk\n"), 7, "'blnk' is no step; allowed: read, set, scan"},
      {"missing key", Document("  - scan: {fov: field, dwell: 1 us, detectors: haadf}\n"), 7,
       "scan.pixels: missing; this key is required"},
      {"to and by", Document("  - set: {property: optics.C10, to: 1 nm, by: 2 nm}\n"), 7,
       "give either 'to' or 'by', not both"},
      {"word of the language", Document("  - let: {min: 3}\n"), 7, "'min' is no name for a value"},
      {"expression", Document("  - let: {y: 1 +}\n"), 7, "column 4: expected a number"},
      {"no version", "workflow: test\nsteps:\n  - blank\n", 1, "version: missing"},
      {"no steps", "version: 1\nworkflow: test\nsteps: []\n", 3, "one or more"}};
  return *kDefects;
}

TEST(Check, FortyDefectsAndMoreAreRefusedWithLineAndReason) {
  EXPECT_GE(Defects().size(), 40u);
  for (const Defect& defect : Defects()) {
    const auto workflow = ParseFlow(defect.text);
    CheckReport report;
    if (!workflow.ok()) {
      report.findings.push_back({.message = std::string(workflow.status().message())});
    } else {
      report = Check(*workflow, SmallColumn(), CheckOptionsNow());
    }
    const std::string place = "w.yaml:" + std::to_string(defect.line) + ": ";
    bool found = false;
    for (const Finding& f : report.findings) {
      found |= f.severity == Finding::Severity::kError && f.message.rfind(place, 0) == 0 &&
               f.message.find(defect.reason) != std::string::npos;
    }
    EXPECT_TRUE(found) << defect.name << ": no error in line " << defect.line << " with '"
                       << defect.reason << "' among\n"
                       << Findings(report) << defect.text;
    EXPECT_FALSE(report.ok()) << defect.name;
  }
}

// One mistake is one finding, however often the loop goes round.
TEST(Check, ADefectIsNamedOnce) {
  for (const Defect& defect : Defects()) {
    const auto workflow = ParseFlow(defect.text);
    if (!workflow.ok()) continue;
    const CheckReport report = Check(*workflow, SmallColumn(), CheckOptionsNow());
    // Unreachable steps come with what makes them so; what has no bound passes two budgets, has no
    // bound, and is left to the guard.
    EXPECT_LE(report.findings.size(), 4u) << defect.name << "\n" << Findings(report);
  }
}

TEST(Check, WhatCannotBeProvenIsLeftToTheGuardAndSaid) {
  const CheckReport report =
      CheckText(Document("  - read: beam.current\n    as: r\n"
                         "  - set: {property: optics.C10, to: \"r.value / (1 pA) * 1 nm\"}\n"));
  ASSERT_EQ(report.findings.size(), 1u) << Findings(report);  // limit and step, at one place
  EXPECT_EQ(report.findings[0].severity, Finding::Severity::kGuarded);
  EXPECT_EQ(report.findings[0].line, 9);
  EXPECT_TRUE(report.ok());
  // With the number kept in bounds there is nothing left to say.
  const CheckReport clamped =
      CheckText(Document("  - read: beam.current\n    as: r\n"
                         "  - set:\n      property: optics.C10\n"
                         "      to: clamp(r.value / (1 pA) * 1 nm, -20 nm, 20 nm)\n"));
  EXPECT_TRUE(clamped.findings.empty()) << Findings(clamped);
}

TEST(Check, ANameThatNobodyUsesIsAWarning) {
  const CheckReport report = CheckText(Document("  - let: {unsued: 3}\n"));
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].severity, Finding::Severity::kWarning);
  EXPECT_NE(report.findings[0].message.find("'unsued' is bound and never used"), std::string::npos);
  EXPECT_TRUE(report.ok());
}

}  // namespace
}  // namespace ronchi::hw::workflow
