// A million commands without sense, through the guard onto the twin, with a checker below the guard
// that knows only the promises. By default fewer; RONCHI_FUZZ_COMMANDS sets how many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "core/background.h"
#include "core/random.h"
#include "hw/safety/guarded.h"
#include "hw/wrappers/async.h"
#include "hw/wrappers/faulty.h"
#include "tests/hw/safety/checker.h"
#include "tests/hw/safety/fuzz.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Checker;
using testing_support::Envelope;
using testing_support::Fuzz;
using testing_support::Judge;
using testing_support::TwinFromYaml;

constexpr double kInf = std::numeric_limits<double>::infinity();

int Commands() {
  const char* wanted = std::getenv("RONCHI_FUZZ_COMMANDS");
  return wanted ? std::atoi(wanted) : 40000;
}

// ±20 nm in steps of 15; C12.a no faster than 5 nm/s; C12.a + C12.b and C10 − C12.b coupled.
GuardOptions Options() {
  GuardOptions o;
  o.limits["optics.C10"] = {-20e-9, 20e-9, 15e-9};
  o.limits["optics.C12.a"] = {-30e-9, 30e-9, 12e-9, 5e-9};
  o.coupled.push_back({"sum", {{"optics.C12.a", 1}, {"optics.C12.b", 1}}, 25e-9});
  o.coupled.push_back({"difference", {{"optics.C10", 1}, {"optics.C12.b", -2}}, 30e-9});
  o.dose_budget_e_per_m2 = 400 * 1e20;
  return o;
}

Envelope Promises() {
  Envelope e;
  e.limits = {{"optics.C10", {-20e-9, 20e-9, 15e-9}},
              {"optics.C12.a", {-30e-9, 30e-9, 12e-9}},
              {"optics.C12.b", {-50e-9, 50e-9, 100e-9}}};
  e.rates = {{"optics.C12.a", 5e-9}};
  e.coupled = {{{{"optics.C12.a", 1}, {"optics.C12.b", 1}}, 25e-9},
               {{{"optics.C10", 1}, {"optics.C12.b", -2}}, 30e-9}};
  e.dose_budget_e_per_m2 = 400 * 1e20;
  return e;
}

// A twin wears out: its specimen's budget is spent after some thousand commands, and then only
// refusals are tested. So many commands an instrument.
constexpr int kPerInstrument = 20000;

// Of one instrument, when its guard has gone: nothing was broken, and how much got through.
void Take(const Judge& judge, int round, Judge* total) {
  EXPECT_TRUE(judge.blanked);
  EXPECT_EQ(judge.violations, 0) << "round " << round << ": "
                                 << testing::PrintToString(judge.violated);
  total->sets += judge.sets;
  total->exposures += judge.exposures;
}

TEST(GuardFuzz, NothingOutOfBoundsEverReachesTheInstrument) {
  Judge total(Promises());
  int refused = 0;
  for (int done = 0, round = 0; done < Commands(); ++round) {
    auto judge = std::make_shared<Judge>(Promises());
    auto guarded = *MakeGuarded(
        std::make_unique<Checker>(*MakeTwin(TwinFromYaml(), uint64_t(round)), judge), Options());
    Fuzz fuzz{uint64_t(round)};
    for (int i = 0; i < kPerInstrument && done < Commands(); ++i, ++done) {
      refused += !guarded->Execute(fuzz.Next()).ok();
    }
    guarded.reset();
    Take(*judge, round, &total);
  }
  std::cout << Commands() << " commands: " << total.sets << " sets and " << total.exposures
            << " exposures got through, " << refused << " refused\n";
  // The fuzz gets through often enough to mean something, and is refused often enough.
  EXPECT_GT(total.sets, Commands() / 100);
  EXPECT_GT(total.exposures, Commands() / 200);
  EXPECT_GT(refused, Commands() / 4);
}

// A column with everything: stage, correctors to third order, camera, measurements. Fewer commands,
// as a pattern takes milliseconds; a budget that has room for the camera.
TEST(GuardFuzz, ARichColumn) {
  const int commands = Commands() / 5;
  GuardOptions options = Options();
  Envelope promises = Promises();
  options.dose_budget_e_per_m2 = promises.dose_budget_e_per_m2 = 1e7 * 1e20;
  auto twin = *MakeTwin(TwinFromYaml("{preset: corrected_80_300kV, engine: linear}"), 1);
  for (const PropertyInfo& x : twin->description().properties) {
    if (x.writable) promises.limits.try_emplace(x.name, std::array{x.min, x.max, x.max_step});
  }
  for (const MeasurementInfo& m : twin->description().measurements) {
    promises.fields_m[m.what] = m.fov_m;
  }
  auto judge = std::make_shared<Judge>(promises);
  auto guarded = *MakeGuarded(std::make_unique<Checker>(std::move(twin), judge), options);
  Fuzz fuzz(3, true);
  for (int i = 0; i < commands; ++i) (void)guarded->Execute(fuzz.Next());
  guarded.reset();
  EXPECT_TRUE(judge->blanked);
  EXPECT_EQ(judge->violations, 0) << testing::PrintToString(judge->violated);
  std::cout << commands << " commands: " << judge->sets << " sets, " << judge->patterns
            << " patterns, " << judge->measurements << " measurements and " << judge->exposures
            << " exposures in all got through\n";
  EXPECT_GT(judge->sets, commands / 100);
  EXPECT_GT(judge->patterns, commands / 200);
  EXPECT_GT(judge->measurements, commands / 400);
}

TEST(GuardFuzz, TheCheckerCanTell) {
  auto judge = std::make_shared<Judge>(Promises());
  Checker bare(*MakeTwin(TwinFromYaml(), 1), judge);
  Fuzz fuzz(7);
  for (int i = 0; i < 3000; ++i) (void)bare.Execute(fuzz.Next());
  EXPECT_GT(judge->violations, 50);
}

// The same with an instrument that loses commands and replies, throws and sticks. Two checkers: one
// above the faults' source sees what the guard is told, and after every fault must see a blank
// next; one below it sees what has really been done.
TEST(GuardFuzz, FaultsAreFollowedByBlanking) {
  auto judge = std::make_shared<Judge>(Promises()), below = std::make_shared<Judge>(Promises());
  auto twin = std::make_unique<Checker>(*MakeTwin(TwinFromYaml(), 1), below);
  auto faulty = MakeFaulty(std::move(twin), {.lost_before = 0.02,
                                             .lost_after = 0.02,
                                             .busy = 0.02,
                                             .throws = 0.02,
                                             .stuck = 0.02,
                                             .spared = 10,
                                             .seed = 5});
  absl::StatusOr<std::unique_ptr<GuardedInstrument>> guarded =
      MakeGuarded(std::make_unique<Checker>(std::move(faulty), judge), Options());
  ASSERT_TRUE(guarded.ok()) << guarded.status();
  Fuzz fuzz(11);
  for (int i = 0; i < 20000; ++i) (void)(*guarded)->Execute(fuzz.Next());
  EXPECT_GT(judge->faults, 200);
  EXPECT_EQ(judge->violations, 0) << testing::PrintToString(judge->violated);
  EXPECT_EQ(below->violations, 0) << testing::PrintToString(below->violated);
  EXPECT_GT(below->sets, 300);
}

// Lets several owners have one guard.
class Shared final : public Instrument {
 public:
  explicit Shared(GuardedInstrument* guarded) : guarded_(guarded) {}
  const Description& description() const override { return guarded_->description(); }
  absl::Status BlankNow() override { return guarded_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& c, const ExecuteOptions& o) override {
    return guarded_->Execute(c, o);
  }
  GuardedInstrument* guarded_;
};

// One thread of a crowd that shares a guard: commands of its own, straight or through a queue with
// cancelling, deadlines and aborts, and blanking beside whatever runs.
void Crowd(GuardedInstrument* guarded, uint64_t seed, bool queued, int commands) {
  Fuzz fuzz(seed);
  RandomStream random({.seed = seed, .name = "test.crowd"});
  Async queue(std::make_unique<Shared>(guarded));
  for (int i = 0; i < commands; ++i) {
    if (random.Below(50) == 0) (void)guarded->BlankNow();
    if (random.Below(20) == 0) guarded->Heartbeat();
    if (!queued) {
      (void)guarded->Execute(fuzz.Next());
      continue;
    }
    const double deadline_s = random.Below(10) ? 10 : 1e-4;
    const Async::Ticket ticket = queue.Start(fuzz.Next(), {}, deadline_s);
    switch (random.Below(8)) {
      case 0:
        ticket.Cancel();
        break;
      case 1:
        (void)queue.Abort().Wait();
        break;
      case 2:
        break;  // goes on by itself
      default:
        (void)ticket.Wait();
    }
  }
}

// From four threads at once, two of them through queues, as many commands in all as one thread
// above gives: one at a time gets through, and none that should not.
TEST(GuardFuzz, ManyThreads) {
  constexpr int kThreads = 4;
  Judge total(Promises());
  for (int done = 0, round = 0; done < Commands(); ++round) {
    auto judge = std::make_shared<Judge>(Promises());
    auto twin = *MakeTwin(TwinFromYaml(), uint64_t(round));
    auto guarded = *MakeGuarded(std::make_unique<Checker>(std::move(twin), judge), Options());
    const int each = std::min(kPerInstrument, Commands() - done) / kThreads;
    {
      std::vector<std::unique_ptr<Background>> threads;
      for (uint64_t t = 0; t < kThreads; ++t) {
        const uint64_t seed = 1000 + 10 * uint64_t(round) + t;
        threads.push_back(std::make_unique<Background>(
            [&guarded, seed, t, each] { Crowd(guarded.get(), seed, t % 2 == 1, each); }));
      }
    }
    done += std::max(1, kThreads * each);
    guarded.reset();
    Take(*judge, round, &total);
  }
  std::cout << Commands() << " commands from " << kThreads << " threads: " << total.sets
            << " sets and " << total.exposures << " exposures got through\n";
  EXPECT_GT(total.sets, Commands() / 200);
  EXPECT_GT(total.exposures, Commands() / 1000);
}

}  // namespace
}  // namespace ronchi::hw
