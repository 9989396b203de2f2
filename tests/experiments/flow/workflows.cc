// The twelve examples, run on twins: what was forecast is what is spent. Two of them also on a
// column that is only described.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/progress.h"
#include "core/storage.h"
#include "experiments/flow/flow.h"
#include "experiments/flow/flow_decider.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"

namespace ronchi {
namespace {

namespace wf = hw::workflow;
using testing_support::Contents;
using testing_support::Described;
using testing_support::ScriptedHost;
using testing_support::TemporaryFolder;

const std::string kFolder = std::string(RONCHI_SOURCE_DIR) + "/examples/workflows/";
constexpr double kPromised = 0.05;  // of dose and time

enum class Course {
  kFixed,  // the same whatever is seen: spent as expected
  kOpen    // what is seen or answered decides: no more than at most
};
struct Example {
  const char* name;
  Course course;
};
constexpr Example kOnTheTwin[] = {
    {"focal_series", Course::kFixed},     {"through_focal_haadf", Course::kFixed},
    {"drift_corrected", Course::kFixed},  {"beam_damage_series", Course::kFixed},
    {"overnight", Course::kFixed},        {"low_dose_survey", Course::kFixed},
    {"agent_and_person", Course::kFixed}, {"adaptive_agent", Course::kFixed},
    {"tilt_series", Course::kFixed},      {"tableau_and_correct", Course::kFixed},
    {"map_4dstem", Course::kFixed},       {"spectrum_search", Course::kFixed}};
// What these need is in examples/workflows/described_column.json, too: a column that is not there.
constexpr Example kOnADescription[] = {{"spectrum_search", Course::kFixed},
                                       {"map_4dstem", Course::kFixed}};

void ExpectAsForecast(const Example& e, const wf::Spending& spent, const wf::CheckReport& f) {
  EXPECT_LE(spent.time_s, f.worst.time_s * (1 + 1e-9)) << e.name;
  EXPECT_LE(spent.dose_e_per_m2, f.worst.dose_e_per_m2 * (1 + 1e-9)) << e.name;
  EXPECT_LE(spent.commands, f.worst.commands) << e.name;
  if (e.course == Course::kOpen) return;
  EXPECT_NEAR(spent.time_s, f.expected.time_s, kPromised * f.expected.time_s) << e.name;
  EXPECT_NEAR(spent.dose_e_per_m2, f.expected.dose_e_per_m2, kPromised * f.expected.dose_e_per_m2)
      << e.name;
}

TEST(Workflows, EveryExampleIsInTheList) {
  std::vector<std::string> listed, there;
  for (const Example& e : kOnTheTwin) listed.push_back(e.name);
  for (const std::string& name : Contents(kFolder)) {
    const std::filesystem::path path(name);
    if (path.extension() == ".yaml") there.push_back(path.stem());
  }
  EXPECT_THAT(there, testing::UnorderedElementsAreArray(listed));
  EXPECT_EQ(there.size(), 12u);
}

TEST(Workflows, TwelveCheckAndRunOnTwinsAsForecast) {
  for (const Example& e : kOnTheTwin) {
    const TemporaryFolder folder;
    FlowOptions options{
        .path = kFolder + e.name + ".yaml", .folder = folder / "run", .quiet = true};
    const std::map<std::string, std::string> answers = {{"ready", "yes because the test says so"},
                                                        {"closer", "yes"},
                                                        {"go", "yes"},
                                                        {"start", "2 nm"}};
    const auto text = ReadFile(options.path);
    ASSERT_TRUE(text.ok()) << text.status();
    for (const auto& [question, answer] : answers) {
      // An answer that nothing asks for is refused.
      if (absl::StrContains(*text, absl::StrCat("name: ", question))) {
        options.answers[question] = answer;
      }
    }
    const auto outcome = RunFlow(options);
    ASSERT_TRUE(outcome.ok()) << e.name << ": " << outcome.status();
    EXPECT_EQ(outcome->result.ended_by, "done") << e.name;
    for (const wf::Finding& f : outcome->forecast.findings) {
      EXPECT_NE(f.severity, wf::Finding::Severity::kWarning) << f.message;
    }
    ExpectAsForecast(e, outcome->result.spent, outcome->forecast);
    std::printf("%-20s time %9.4g s, forecast %9.4g; dose %9.4g e/A^2, forecast %9.4g\n", e.name,
                outcome->result.spent.time_s, outcome->forecast.expected.time_s,
                outcome->result.spent.dose_e_per_m2 * 1e-20,
                outcome->forecast.expected.dose_e_per_m2 * 1e-20);
    const auto data = DataFileReader::Open(folder / "run/data.hdf5");
    EXPECT_TRUE(data.ok()) << e.name << data.status();
  }
}

TEST(Workflows, TwoCheckAgainstADescriptionAndRunOnIt) {
  for (const Example& e : kOnADescription) {
    const TemporaryFolder folder;
    const auto flow = CheckFlow(
        {.path = kFolder + e.name + ".yaml", .instrument = kFolder + "described_column.json"});
    ASSERT_TRUE(flow.ok()) << e.name << ": " << flow.status();
    for (const wf::Finding& f : (*flow)->report.findings) {
      EXPECT_EQ(f.severity, wf::Finding::Severity::kGuarded) << f.message;
    }
    Described instrument((*flow)->instrument.description, (*flow)->instrument.measured.current_A);
    const auto journal = *wf::Journal::Create(folder.path().string());
    ScriptedHost host;
    AgentDecider decider;
    const auto result =
        wf::RunWorkflow({.workflow = &(*flow)->workflow,
                         .report = &(*flow)->report,
                         .instrument = &instrument,
                         .journal = journal.get(),
                         .folder = folder.path().string(),
                         .host = &host,
                         .decider = &decider,
                         .worst_current_A = (*flow)->instrument.measured.worst_current_A});
    ASSERT_TRUE(result.ok()) << e.name << ": " << result.status();
    EXPECT_EQ(result->ended_by, "done") << e.name;
    ExpectAsForecast(e, result->spent, (*flow)->report);
  }
}

// The same instrument gives the same bytes; another seed does not.
TEST(Workflows, ARunIsAFunctionOfItsSeed) {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& name, uint64_t seed) {
    const auto outcome = RunFlow({.path = kFolder + "focal_series.yaml",
                                  .seed = seed,
                                  .folder = folder / name,
                                  .quiet = true});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return testing_support::ReadAll(folder / (name + "/frames.f32"));
  };
  const std::string first = run("a", 1);
  EXPECT_EQ(first, run("b", 1));
  EXPECT_NE(first, run("c", 2));
}

TEST(Workflows, WhatWasSavedIsInTheDataFile) {
  const TemporaryFolder folder;
  ASSERT_TRUE(
      RunFlow({.path = kFolder + "focal_series.yaml", .folder = folder / "run", .quiet = true})
          .ok());
  const auto data = *DataFileReader::Open(folder / "run/data.hdf5");
  const Array<double> focus = *data.ReadDouble("/run/saved/C10");
  ASSERT_EQ(focus.size(), 9u);
  EXPECT_NEAR(focus[0], -16e-9, 1e-11);  // the corrector's resolution
  EXPECT_NEAR(focus[8], 16e-9, 1e-11);
  EXPECT_EQ(*data.ReadAttribute("/run/saved/C10", "units"), "m");
  const Array<float> images = *data.ReadFloat("/root/image/data");
  EXPECT_EQ(images.shape(), (std::vector<size_t>{9, 2, 64, 64}));
}

}  // namespace
}  // namespace ronchi
