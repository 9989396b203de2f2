// The guard's keys: the same in a recipe's deploy.guard and in a workflow's guard, and what they do
// in a workflow's run.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/interrupt.h"
#include "experiments/flow/flow.h"
#include "experiments/flow/flow_host.h"
#include "experiments/loop/recipe.h"
#include "hw/safety/guard_options.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// A value of each key that is not its default; numbers alone, so that both documents can say them.
const std::map<std::string, std::string> kValues = {
    {"dose_budget_e_per_A2", "2e6"},
    {"limits", "{optics.C10: {min: -3e-8, max: 3e-8, step: 2e-8, rate: 1e-8}}"},
    {"coupled", "[{name: both, terms: {optics.C10: 1, optics.C12.a: 1}, at_most: 1e-7}]"},
    {"ledger_file", "s.ledger"},
    {"specimen", "s"},
    {"ledger_sync", "process"},
    {"ledger_reserve", "0.2"},
    {"heartbeat_s", "30"},
    {"position_uncertainty_nm", "2"},
    {"command_limit_s", "600"},
    {"idle_blank_s", "60"},
    {"interrupt_grace_s", "4"},
    {"beam_lost_fraction", "0.1"},
    {"beam_needs", "{beam.current: {min: 1e-12}}"},
    {"beam_current_pA", "60"}};

class FlowGuard : public ::testing::Test {
 protected:
  std::string Flow(const std::string& guard, const std::string& steps = "  - read: optics.C10\n") {
    WriteAll(folder_ / "w.yaml",
             "version: 1\nworkflow: w\ninstrument: corrected_200kV\n"
             "guard:\n" +
                 guard + "steps:\n" + steps);
    return folder_ / "w.yaml";
  }
  absl::StatusOr<hw::GuardOptions> OfFlow(const std::string& guard) {
    auto flow = CheckFlow({.path = Flow(guard)});
    if (!flow.ok()) return flow.status();
    for (const auto& f : (*flow)->report.findings) {
      if (f.severity == hw::workflow::Finding::Severity::kError) {
        return absl::InvalidArgumentError(f.message);
      }
    }
    return (*flow)->guard;
  }
  absl::StatusOr<hw::GuardOptions> OfRecipe(const std::string& guard) {
    const auto config = Config::Parse(
        "version: 1\ntrain: {instrument: {preset: corrected_200kV}}\n"
        "deploy:\n  instrument: {preset: corrected_200kV}\n  guard:\n" +
            guard,
        "r.yaml");
    if (!config.ok()) return config.status();
    const auto recipe = ReadRecipe(*config);
    if (!recipe.ok()) return recipe.status();
    return ReadRecipeGuard(recipe->guard, **DescriptionOf(recipe->deploy_instrument));
  }
  absl::StatusOr<FlowOutcome> Run(const std::string& workflow, const std::string& folder) {
    return RunFlow({.path = workflow, .folder = folder_ / folder, .quiet = true});
  }
  const TemporaryFolder folder_;
};

std::string Section(const std::string& indent, const std::string& without = "") {
  std::string text;
  for (const auto& [key, value] : kValues) {
    if (key != without) text += indent + key + ": " + value + "\n";
  }
  return text;
}

TEST_F(FlowGuard, TakesEveryKeyThatARecipeTakes) {
  for (const std::string& key : hw::GuardKeys()) EXPECT_TRUE(kValues.contains(key)) << key;
  EXPECT_EQ(hw::GuardKeys().size(), kValues.size());
  const auto flow = OfFlow(Section("  ")), recipe = OfRecipe(Section("    "));
  ASSERT_TRUE(flow.ok()) << flow.status();
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  // 1e20 is no power of two: the last digit of a product.
  EXPECT_DOUBLE_EQ(flow->dose_budget_e_per_m2, recipe->dose_budget_e_per_m2);
  EXPECT_DOUBLE_EQ(flow->dose_budget_e_per_m2, 2e26);
  const hw::Limits a = flow->limits.at("optics.C10"), b = recipe->limits.at("optics.C10");
  EXPECT_EQ(a.min, b.min);
  EXPECT_EQ(a.max, b.max);
  EXPECT_EQ(a.max_step, b.max_step);
  EXPECT_EQ(a.max_rate, b.max_rate);
  EXPECT_EQ(a.max_rate, 1e-8);
  ASSERT_EQ(flow->coupled.size(), 1u);
  EXPECT_EQ(flow->coupled[0].coefficients, recipe->coupled[0].coefficients);
  EXPECT_EQ(flow->ledger_file, "s.ledger");
  EXPECT_EQ(flow->specimen, "s");
  EXPECT_EQ(flow->ledger_sync, hw::LedgerSync::kProcess);
  EXPECT_EQ(flow->ledger_reserve, 0.2);
  EXPECT_EQ(flow->position_uncertainty_m, recipe->position_uncertainty_m);
  EXPECT_EQ(flow->heartbeat_s, 30);
  EXPECT_EQ(flow->command_limit_s, 600);
  EXPECT_EQ(flow->idle_blank_s, 60);
  EXPECT_EQ(flow->interrupt_grace_s, 4);
  EXPECT_EQ(flow->beam_lost_fraction, 0.1);
  EXPECT_EQ(flow->beam_needs, recipe->beam_needs);
  EXPECT_EQ(flow->beam_current_A, recipe->beam_current_A);
  EXPECT_NEAR(flow->beam_current_A, 60e-12, 1e-24);  // round-off of a unit
}

TEST_F(FlowGuard, RefusesWhatARecipeRefuses) {
  const auto both = [&](const std::string& line, const std::string& says) {
    for (const auto& s : {OfFlow("  " + line).status(), OfRecipe("    " + line).status()}) {
      EXPECT_TRUE(absl::IsInvalidArgument(s)) << s << " of " << line;
      EXPECT_THAT(std::string(s.message()), HasSubstr(says)) << line;
      EXPECT_THAT(std::string(s.message()), HasSubstr(".yaml:"));
    }
  };
  both("heartbeat: 3\n", "did you mean 'heartbeat_s'?");
  both("beam_lost_fraction: 2\n", "allowed: 0 … 1");
  both("ledger_file: s.ledger\n", "a ledger file needs the specimen's name");
  both("beam_needs: {gun.magic: {min: 1}}\n", "has no such property");
  both("dose_budget_e_per_A2: many\n", "many");
  // Of a workflow alone, which writes units.
  EXPECT_THAT(
      std::string(OfFlow("  dose: 5 e/A^2\n  dose_budget_e_per_A2: 5\n").status().message()),
      HasSubstr("give one of both"));
  EXPECT_THAT(std::string(OfFlow("  limits: {optics.C10: {min: -30}}\n").status().message()),
              HasSubstr("without a unit it is -30 m"));
  EXPECT_THAT(std::string(OfFlow("  limits: {optics.C10: {rate: 5 nm}}\n").status().message()),
              HasSubstr("expected speed"));
  const auto flow = OfFlow("  limits: {optics.C10: {rate: 5 nm / (1 s)}}\n");
  ASSERT_TRUE(flow.ok()) << flow.status();
  EXPECT_NEAR(flow->limits.at("optics.C10").max_rate, 5e-9, 1e-20);  // round-off of a unit
}

constexpr char kScan[] =
    "  - unblank\n  - scan: {fov: 1.562 nm, pixels: 16, dwell: 20 us, detectors: haadf}\n";

// One specimen, two runs: the second finds what the first has spent, from wherever it is resumed.
TEST_F(FlowGuard, OneLedgerServesSeveralRuns) {
  const std::string guard =
      absl::StrCat("  dose: 1e4 e/A^2\n  specimen: s\n  ledger_file: ", folder_ / "s.ledger", "\n");
  const auto first = Run(Flow(guard, kScan), "a");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->ending, Ending::kDone);
  EXPECT_FALSE(fs::exists(folder_ / "a/dose.ledger"));
  const auto second = Run(folder_ / "w.yaml", "b");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->ending, Ending::kEarly);
  EXPECT_THAT(second->result.ended_by, HasSubstr("refused by the guard: the dose there"));
  const auto other =
      Run(Flow(absl::StrCat(
                   "  dose: 1e4 e/A^2\n  specimen: t\n  ledger_file: ", folder_ / "s.ledger", "\n"),
               kScan),
          "c");
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("the ledger of 's', not of 't'"));
}

// A relative ledger lies where the run began, wherever it goes on.
TEST_F(FlowGuard, TheLedgerIsFoundAgainFromAnotherFolder) {
  const fs::path before = fs::current_path();
  fs::create_directory(folder_.path() / "here");
  fs::create_directory(folder_.path() / "there");
  const std::string flow = Flow("  dose: 1e9 e/A^2\n  specimen: s\n  ledger_file: s.ledger\n",
                                std::string("  - ask: \"?\"\n    name: q\n    timeout: 1 s\n"
                                            "    on_timeout: deny\n    as: q\n") +
                                    kScan);
  fs::current_path(folder_.path() / "here");
  SetInterrupted(true);  // before the first step
  const auto stopped = Run(flow, "run");
  SetInterrupted(false);
  fs::current_path(folder_.path() / "there");
  const auto resumed = RunFlow({.path = folder_ / "run", .resume = true, .quiet = true});
  fs::current_path(before);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->ending, Ending::kInterrupted);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->ending, Ending::kDone);
  EXPECT_FALSE(fs::exists(folder_.path() / "there/s.ledger"));
  EXPECT_THAT(ReadAll(folder_.path() / "here/s.ledger"), HasSubstr("book 1 "));
}

TEST_F(FlowGuard, ARateIsKept) {
  const std::string guard = "  limits: {optics.C10: {step: 25 nm, rate: 1 nm / (1 s)}}\n";
  const std::string there = "  - set: {property: optics.C10, to: 20 nm}\n";
  const std::string back = "  - set: {property: optics.C10, to: 0 nm}\n";
  const auto fast = Run(Flow(guard, there + back), "fast");
  ASSERT_TRUE(fast.ok()) << fast.status();
  EXPECT_EQ(fast->ending, Ending::kEarly);
  EXPECT_THAT(fast->result.ended_by, HasSubstr("refused by the guard: faster than 1e-09"));
  const auto slow = Run(Flow(guard, there + "  - wait: 30 s\n" + back), "slow");
  ASSERT_TRUE(slow.ok()) << slow.status();
  EXPECT_EQ(slow->ending, Ending::kDone) << slow->result.ended_by;
}

// The clock of a twin, told how long to wait.
class Clockwork final : public hw::GroundTruth {
 public:
  void Randomise(uint64_t, uint64_t, uint64_t) override {}
  void Pass(double seconds) override { passed.push_back(seconds); }
  std::map<std::string, double> Hidden() const override { return {}; }
  std::vector<double> passed;
};

double WallSeconds(const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// In real time a wait takes as long on the wall's clock: never less, however busy the machine is
// (how much more is nobody's promise). The twin is told of it at once, so that it walks as it does
// without.
TEST_F(FlowGuard, RealTimeWaits) {
  Clockwork twin;
  std::vector<double> told;
  TerminalHost host(
      {.folder = folder_.path(), .truth = &twin, .real_time = true, .on_pass = [&](double s) {
         told.push_back(s);
       }});
  EXPECT_GE(WallSeconds([&] { EXPECT_EQ(host.Wait(0.3), 0.3); }), 0.3);
  EXPECT_EQ(twin.passed, (std::vector<double>{0.3}));
  EXPECT_EQ(told, twin.passed);
  // A word from another terminal ends it early, with what has passed.
  WriteAll(folder_ / "control", R"({"word":"stop","text":"","who":"a","id":"1","sitting":0})");
  const double passed = host.Wait(1e6);
  EXPECT_LT(passed, 1e6);
  EXPECT_EQ(twin.passed.back(), passed);
  EXPECT_EQ(host.Poll().kind, hw::workflow::Wish::Kind::kStop);
  // Without real time a million seconds are nothing.
  TerminalHost quick({.folder = folder_.path(), .truth = &twin});
  EXPECT_EQ(quick.Wait(1e6), 1e6);
}

// The whole way, from the twin's file: and the same bits as without.
TEST_F(FlowGuard, ATwinInRealTimeIsTheSameTwin) {
  const std::string steps =
      std::string("  - wait: 0.4 s\n") + kScan + "  - wait: 0.2 s\n  - read: beam.current\n";
  std::string logs[2];
  for (int real = 0; real < 2; ++real) {
    WriteAll(folder_ / "twin.yaml",
             absl::StrCat("preset: corrected_200kV\nreal_time: ", real ? "true" : "false", "\n"));
    const std::string flow = Flow("  dose: 1e9 e/A^2\n", steps);
    const std::string folder = absl::StrCat("run", real);
    const double wall_s = WallSeconds([&] {
      const auto run = RunFlow({.path = flow,
                                .instrument = folder_ / "twin.yaml",
                                .folder = folder_ / folder,
                                .quiet = true});
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_EQ(run->ending, Ending::kDone);
    });
    if (real) {
      EXPECT_GE(wall_s, 0.6);
    }
    logs[real] = ReadAll(folder_ / (folder + "/events.jsonl"));
    const auto replay = ReplayFlow(folder_ / folder);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->different, 0u) << replay->first_difference;
  }
  EXPECT_EQ(logs[0], logs[1]);
}

}  // namespace
}  // namespace ronchi
