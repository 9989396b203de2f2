// "At most" and budgets against random workflows, on an instrument that uses all the freedom that
// its description leaves it and keeps books of its own. RONCHI_RANDOM_WORKFLOWS=100000 for the
// whole; as many as take some seconds else. RONCHI_RANDOM_FIRST=4711 begins with that seed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "hw/workflow/run.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"
#include "tests/support/random_flow.h"
#include "tests/support/tricky.h"

namespace ronchi::hw::workflow {
namespace {

using testing_support::ParseFlow;
using testing_support::RandomFlow;
using testing_support::ScriptedDecider;
using testing_support::ScriptedHost;
using testing_support::TemporaryFolder;
using testing_support::Tricky;
using testing_support::TrickyColumn;

// Sums of some thousand doubles, in another order.
constexpr double kRoundOff = 1 + 1e-9;

size_t Setting(const char* name, size_t otherwise) {
  const char* asked = std::getenv(name);
  return asked ? size_t(std::atoll(asked)) : otherwise;
}
size_t HowMany() { return Setting("RONCHI_RANDOM_WORKFLOWS", 1000); }
uint64_t FirstSeed() { return Setting("RONCHI_RANDOM_FIRST", 1); }
// Those that broke a bound once, found among 10⁵: stops of a turned raster whose places overlapped.
constexpr std::array<uint64_t, 1> kBrokeOnce = {87889};
uint64_t SeedAt(uint64_t i) {
  return i < kBrokeOnce.size() ? kBrokeOnce[i] : FirstSeed() + i - kBrokeOnce.size();
}

CheckOptions Options(uint64_t seed) {
  CheckOptions o{.current_A = Tricky::kWorstCurrent_A, .worst_current_A = Tricky::kWorstCurrent_A};
  for (const PropertyInfo& p : TrickyColumn().properties) {
    if (p.writable) o.positions[p.name] = 0;
  }
  // Loops are also taken together, early or at once.
  static constexpr size_t kFollowed[] = {200000, 40, 8, 0};
  o.followed_steps = kFollowed[seed % 4];
  o.followed_rounds = seed % 3 == 0 ? 1 : 256;
  return o;
}

struct Case {
  uint64_t seed;
  std::string text;
  Workflow workflow;
  CheckReport report;
};

RunResult RunIt(const Case& c, Tricky* instrument) {
  const TemporaryFolder folder;
  const auto journal = *Journal::Create(folder.path().string());
  ScriptedHost host;
  ScriptedDecider decider;
  const auto result = RunWorkflow({.workflow = &c.workflow,
                                   .report = &c.report,
                                   .instrument = instrument,
                                   .journal = journal.get(),
                                   .folder = folder.path().string(),
                                   .host = &host,
                                   .decider = &decider,
                                   .worst_current_A = Tricky::kWorstCurrent_A});
  EXPECT_TRUE(result.ok()) << result.status() << c.text;
  if (!result.ok()) return {};
  instrument->time_s += host.waited_s;
  return *result;
}

std::string Findings(const CheckReport& report) {
  std::string all;
  for (const Finding& f : report.findings) absl::StrAppend(&all, f.message, "\n");
  return all;
}

// What the check lets through spends no more than it said, of anything, by the run's own books and
// by the instrument's.
TEST(Soundness, NothingIsSpentBeyondAtMost) {
  size_t sound = 0, exposed = 0, ended = 0, tight = 0;
  unsigned long long last = 0;
  for (uint64_t i = 0; sound < HowMany(); ++i) {
    const uint64_t seed = SeedAt(i);
    Case c{seed, RandomFlow(seed).Document("{dose: 1e39 e/A^2, time: 1e12 s, steps: 1e9}"), {}, {}};
    auto workflow = ParseFlow(c.text);
    ASSERT_TRUE(workflow.ok()) << workflow.status() << "\n" << c.text;
    c.workflow = std::move(*workflow);
    c.report = Check(c.workflow, TrickyColumn(), Options(seed));
    constexpr double kMostSteps = 2000;  // that a test has time for
    if (!c.report.ok() || c.report.worst.steps > kMostSteps) continue;
    ++sound;
    last = seed;
    Tricky instrument(seed, seed % 5 == 0 ? 20 : 0);
    const RunResult r = RunIt(c, &instrument);
    const Spending& most = c.report.worst;
    const double blanking_s = 3 * TrickyColumn().blank_s;  // first, last and after a fault
    const auto explain = [&] {
      return absl::StrCat("seed ", seed, ", ended by ", r.ended_by, "\n", c.text,
                          Findings(c.report));
    };
    ASSERT_LE(r.spent.time_s, most.time_s * kRoundOff) << explain();
    ASSERT_LE(r.spent.dose_e_per_m2, most.dose_e_per_m2 * kRoundOff) << explain();
    ASSERT_LE(r.spent.electrons, most.electrons * kRoundOff) << explain();
    ASSERT_LE(r.spent.commands, most.commands) << explain();
    ASSERT_LE(r.spent.steps, most.steps) << explain();
    ASSERT_LE(r.spent.bytes, most.bytes * kRoundOff) << explain();
    ASSERT_LE(instrument.time_s, (most.time_s + blanking_s) * kRoundOff) << explain();
    ASSERT_LE(instrument.electrons, most.electrons * kRoundOff) << explain();
    ASSERT_LE(double(instrument.commands), most.commands + 3) << explain();
    if (instrument.exposures < 60) {
      ASSERT_LE(instrument.LargestDose(), most.dose_e_per_m2 * kRoundOff) << explain();
    }
    exposed += instrument.exposures > 1;
    ended += r.ended_by != "done";
    tight += r.spent.time_s > 0.5 * most.time_s;
  }
  std::printf(
      "%zu workflows up to seed %llu: %zu exposed more than once, %zu ended early, %zu took more "
      "than half "
      "of the time at most\n",
      sound, last, exposed, ended, tight);
  // Else the bounds would be true of nothing: most do something, and many come near.
  EXPECT_GT(exposed, sound / 2);
  EXPECT_GT(tight, sound / 4);
}

// A budget holds whatever the check says: here what it refuses is run all the same.
TEST(Soundness, NoBudgetIsPassedWhateverTheCheckSays) {
  size_t stopped = 0, run = 0;
  for (uint64_t seed = FirstSeed(); run < HowMany(); ++seed) {
    const double time_s = 5 + double(seed % 50), commands = 5 + double(seed % 30);
    const double dose_A2 = std::pow(10.0, 3 + double(seed % 7));
    Case c{seed,
           RandomFlow(seed).Document(absl::StrCat("{dose: ", dose_A2, " e/A^2, time: ", time_s,
                                                  " s, commands: ", commands, ", steps: 300}")),
           {},
           {}};
    auto workflow = ParseFlow(c.text);
    ASSERT_TRUE(workflow.ok()) << workflow.status() << "\n" << c.text;
    c.workflow = std::move(*workflow);
    c.report = Check(c.workflow, TrickyColumn(), Options(seed));
    for (Finding& f : c.report.findings) f.severity = Finding::Severity::kGuarded;
    // Nor does it know what loops cost, how often they go round, or what is read.
    c.report.rounds.clear();
    c.report.most_rounds.clear();
    c.report.foreseen.clear();
    Tricky instrument(seed, seed % 5 == 0 ? 20 : 0);
    const RunResult r = RunIt(c, &instrument);
    ++run;
    const auto explain = [&] {
      return absl::StrCat("seed ", seed, ", ended by ", r.ended_by, "\n", c.text);
    };
    // What makes safe is always done: a blank of the run's own for each that there may be.
    const double safe_s = TrickyColumn().blank_s * double(instrument.commands);
    ASSERT_LE(r.spent.time_s, time_s * kRoundOff + safe_s) << explain();
    ASSERT_LE(instrument.time_s, time_s * kRoundOff + safe_s) << explain();
    ASSERT_LE(r.spent.dose_e_per_m2, dose_A2 * 1e20 * kRoundOff) << explain();
    ASSERT_LE(r.spent.steps, 300 + 1) << explain();
    ASSERT_LE(double(instrument.commands), commands + 4) << explain();
    if (instrument.exposures < 60) {
      ASSERT_LE(instrument.LargestDose(), dose_A2 * 1e20 * kRoundOff) << explain();
    }
    stopped += r.ended_by.rfind("budget", 0) == 0;
  }
  std::printf("%zu workflows, of which a budget stopped %zu\n", run, stopped);
  EXPECT_GT(stopped, run / 10);
}

}  // namespace
}  // namespace ronchi::hw::workflow
