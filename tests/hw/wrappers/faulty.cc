// Faults of measurements, and of what is accepted and fails later: how often, which error, what it
// leaves behind, and how guard and retrying meet it.
#include "hw/wrappers/faulty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "hw/safety/guarded.h"
#include "hw/wrappers/retrying.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::SameReply;
using testing_support::SmallScan;
using testing_support::Still;
using testing_support::StillYaml;
using testing_support::TwinFromYaml;

// A still twin with measurements and these faults.
std::unique_ptr<Instrument> With(const std::string& faults, uint64_t seed = 3) {
  return *MakeTwin(
      TwinFromYaml(StillYaml("", "measurements: {present: true}\nfaults: {" + faults + "}\n")),
      seed);
}

double Read1(Instrument* i, const std::string& name) {
  const auto r = i->Execute(Read{{name}});
  EXPECT_TRUE(r.ok()) << r.status();
  return r.ok() ? r->readings[0].value.si : std::nan("");
}

// Binomial: five standard deviations. The rest has its estimate.
TEST(Faulty, MeasurementsFailAsOftenAsAsked) {
  auto twin = With("measure_fails: 0.2, measure_fails_later: 0.1");
  constexpr int kN = 2000;
  int fails = 0, later = 0, fine = 0;
  for (int i = 0; i < kN; ++i) {
    const auto r = twin->Execute(Measure{"current"});
    if (r.ok()) {
      EXPECT_EQ(r->estimates.size(), 1u);
      ++fine;
      continue;
    }
    EXPECT_EQ(ErrorOf(r.status()).kind, ErrorKind::kTimeout) << r.status();
    const bool posted = absl::StrContains(std::string(r.status().message()), "was accepted");
    ++(posted ? later : fails);
    EXPECT_EQ(twin->Execute(Read{}).ok(), !posted);
  }
  EXPECT_NEAR(fails, 0.2 * kN, 5 * std::sqrt(kN * 0.2 * 0.8));
  EXPECT_NEAR(later, 0.1 * kN, 5 * std::sqrt(kN * 0.1 * 0.9));
  EXPECT_EQ(fails + later + fine, kN);
}

// It has been done: time has gone by and the specimen has its dose. Another try may succeed, but an
// exposure is not repeated by itself.
TEST(Faulty, AMeasurementWithoutResultHasCostWhatItCosts) {
  auto twin = With("measure_fails: 1"), good = Still("", "measurements: {present: true}\n");
  for (Instrument* i : {twin.get(), good.get()}) ASSERT_TRUE(i->Execute(Unblank{}).ok());
  const Measure measure{"aberrations"};
  const absl::Status failed = twin->Execute(measure).status();
  ASSERT_TRUE(good->Execute(measure).ok());
  const Error error = ErrorOf(failed);
  EXPECT_EQ(error.kind, ErrorKind::kTimeout);
  EXPECT_EQ(*error.effect, Effect::kDone);
  EXPECT_TRUE(IsRetryable(failed));
  EXPECT_FALSE(MayRepeat(measure, failed));
  EXPECT_THAT(std::string(failed.message()), HasSubstr("'aberrations' has no result"));
  EXPECT_EQ(twin->Execute(Read{})->time_s, good->Execute(Read{})->time_s);
  EXPECT_GT(Read1(twin.get(), "dose.max"), 0);
  EXPECT_EQ(Read1(twin.get(), "dose.max"), Read1(good.get(), "dose.max"));
}

// Persistent: no measurement from there on, everything else as ever; drawn anew, it is back.
TEST(Faulty, SoftwareThatMeasuresStops) {
  auto twin = With("measure_stops: 0.2");
  for (uint64_t episode = 0; episode < 3; ++episode) {
    twin->ground_truth()->Randomise(7, 0, episode);
    ASSERT_TRUE(twin->Execute(Unblank{}).ok());
    int done = 0;
    absl::Status stopped;
    while (done < 100 && (stopped = twin->Execute(Measure{"current"}).status()).ok()) ++done;
    ASSERT_LT(done, 100);
    for (int i = 0; i < 5; ++i) {
      const absl::Status again = twin->Execute(Measure{"defocus"}).status();
      EXPECT_EQ(ErrorOf(again).kind, ErrorKind::kHardware);
      EXPECT_EQ(*ErrorOf(again).effect, Effect::kNone);
      EXPECT_FALSE(IsRetryable(again));
      EXPECT_TRUE(twin->Execute(SmallScan()).ok());
      EXPECT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(i)}).ok());
    }
    EXPECT_EQ(twin->Execute(Measure{"nothing"}).status().code(), absl::StatusCode::kUnimplemented);
  }
}

// Accepted: no estimate. The next command is not carried out and says why, once; blanking is never
// in its way.
TEST(Faulty, AMeasurementIsPostedAndFailsLater) {
  auto twin = With("measure_fails_later: 1");
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  const auto accepted = twin->Execute(Measure{"drift"});
  EXPECT_EQ(ErrorOf(accepted.status()).kind, ErrorKind::kTimeout);
  EXPECT_EQ(*ErrorOf(accepted.status()).effect, Effect::kDone);
  EXPECT_THAT(std::string(accepted.status().message()),
              HasSubstr("'drift' was accepted, but no result has come"));
  ASSERT_TRUE(twin->Execute(Blank{})->blanked);
  ASSERT_TRUE(twin->Execute(Safe{}).ok());
  ASSERT_TRUE(twin->Execute(Abort{}).ok());
  const absl::Status told = twin->Execute(Unblank{}).status();
  EXPECT_EQ(ErrorOf(told).kind, ErrorKind::kTimeout);
  EXPECT_EQ(*ErrorOf(told).effect, Effect::kNone);
  EXPECT_TRUE(IsRetryable(told));
  EXPECT_THAT(std::string(told.message()), HasSubstr("'drift', accepted at "));
  EXPECT_TRUE(twin->Execute(Read{})->blanked);  // not carried out
  EXPECT_FALSE(twin->Execute(Unblank{})->blanked);
  EXPECT_EQ(Read1(twin.get(), "scan.count"), 0);
}

// What may be asked again is asked again by itself.
TEST(Faulty, RetryingGoesOnAfterAPostedMeasurement) {
  int waits = 0;
  auto twin = MakeRetrying(With("measure_fails_later: 1"),
                           {.attempts = 2, .wait = [&](double) { ++waits; }});
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  EXPECT_FALSE(twin->Execute(Measure{"drift"}).ok());  // an exposure is never repeated by itself
  EXPECT_EQ(waits, 0);
  EXPECT_TRUE(twin->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_EQ(waits, 1);
}

// A set answers with what was asked for, in its time, and nothing has moved; absolute and relative.
TEST(Faulty, ASetIsPostedAndFailsLater) {
  auto twin = With("set_fails_later: 1"), good = Still();
  for (const Set& set :
       {Set{"optics.C10", Nanometres(7.004)}, Set{"optics.C10", Nanometres(3), true},
        Set{"optics.C12.a", Nanometres(2)}}) {
    const double before = Read1(twin.get(), set.property);
    const auto reply = twin->Execute(set);
    ASSERT_TRUE(reply.ok()) << reply.status();
    const double asked = set.relative ? before + set.value.si : set.value.si;
    EXPECT_NEAR(reply->readings[0].value.si, asked, 0.5e-11 + 1e-15);
    EXPECT_NEAR(reply->elapsed_s, 0.05 + 1e-3, 1e-9);
    const absl::Status told = twin->Execute(Read{{set.property}}).status();
    EXPECT_EQ(ErrorOf(told).kind, ErrorKind::kOutOfTolerance);
    EXPECT_EQ(*ErrorOf(told).effect, Effect::kPerhaps);
    EXPECT_FALSE(IsRetryable(told));
    EXPECT_THAT(std::string(told.message()), HasSubstr(set.property + ", accepted at "));
    EXPECT_EQ(Read1(twin.get(), set.property), before);
  }
  // What is refused in any case is refused at once.
  EXPECT_EQ(twin->Execute(Set{"optics.C10", Nanometres(1e6)}).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(twin->Execute(Set{"optics.C10", Nanometres(49), true}).ok(), true);
  (void)twin->Execute(Read{});
  EXPECT_EQ(twin->Execute(Set{"optics.nothing", Nanometres(1)}).status().code(),
            absl::StatusCode::kNotFound);
}

// A guard blanks after what may stand elsewhere than it said, and after a measurement that had the
// beam; not where nothing has happened.
TEST(Faulty, TheGuardBlanksWhereItMust) {
  GuardOptions options;
  options.dose_budget_e_per_m2 = 1e40;
  const auto guard = [&](const std::string& faults) {
    auto made = MakeGuarded(With(faults), options);
    EXPECT_TRUE(made.ok()) << made.status();
    EXPECT_TRUE((*made)->Execute(Unblank{}).ok());
    return std::move(*made);
  };
  auto set = guard("set_fails_later: 1");
  ASSERT_TRUE(set->Execute(Set{"optics.C10", Nanometres(2)}).ok());
  EXPECT_FALSE(set->Execute(SmallScan()).ok());
  EXPECT_TRUE(set->Execute(Read{})->blanked);

  auto measure = guard("measure_fails: 1");
  EXPECT_FALSE(measure->Execute(Measure{"defocus"}).ok());
  EXPECT_TRUE(measure->Execute(Read{})->blanked);

  auto posted = guard("measure_fails_later: 1");
  EXPECT_FALSE(posted->Execute(Measure{"defocus"}).ok());
  EXPECT_TRUE(posted->Execute(Blank{})->blanked);
  EXPECT_FALSE(posted->Execute(Unblank{}).ok());  // says it
  EXPECT_FALSE(posted->Execute(Unblank{})->blanked);
}

// The faults are part of an episode: the same keys give the same ones, and a state holds what has
// stopped and what was posted.
TEST(Faulty, AStateHoldsTheFaults) {
  const std::string faults =
      "measure_fails: 0.2, measure_stops: 0.02, measure_fails_later: 0.2, set_fails_later: 0.2, "
      "busy: 0.1";
  std::vector<Command> session;
  for (int i = 0; i < 40; ++i) {
    session.insert(session.end(),
                   {Unblank{}, Measure{"current"}, Set{"optics.C10", Nanometres(i % 9)},
                    Measure{"defocus"}, Read{{"optics.C10", "beam.current"}}});
  }
  const auto go = [&](Instrument* i, size_t from, size_t to) {
    std::vector<absl::StatusOr<Reply>> replies;
    for (size_t c = from; c < to; ++c) replies.push_back(i->Execute(session[c]));
    return replies;
  };
  const auto same = [](const auto& a, const auto& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(a[i].status(), b[i].status()) << i;
      if (a[i].ok()) {
        EXPECT_TRUE(SameReply(*a[i], *b[i])) << i;
      }
    }
  };
  auto one = With(faults, 1), two = With(faults, 2);
  one->ground_truth()->Randomise(5, 1, 2);
  std::set<absl::StatusCode> seen;
  for (size_t cut : {1u, 2u, 3u, 4u, 7u, 100u}) {
    one->ground_truth()->Randomise(5, 1, 2);
    go(one.get(), 0, cut);
    const std::string state = *one->ground_truth()->Save();
    const auto first = go(one.get(), cut, session.size());
    ASSERT_TRUE(two->ground_truth()->Restore(state).ok());
    EXPECT_EQ(*two->ground_truth()->Save(), state);
    same(first, go(two.get(), cut, session.size()));
    for (const auto& r : first) seen.insert(r.status().code());
  }
  EXPECT_GE(seen.size(), 4u);  // all kinds were met
  // Another episode has other faults.
  one->ground_truth()->Randomise(5, 1, 2);
  const auto before = go(one.get(), 0, session.size());
  one->ground_truth()->Randomise(5, 1, 3);
  const auto after = go(one.get(), 0, session.size());
  size_t differ = 0;
  for (size_t i = 0; i < before.size(); ++i) differ += before[i].status() != after[i].status();
  EXPECT_GT(differ, 10u);
  // A state of a twin without faults is another's; nothing changes.
  const std::string now = *one->ground_truth()->Save();
  EXPECT_FALSE(one->ground_truth()->Restore(*Still()->ground_truth()->Save()).ok());
  EXPECT_EQ(*one->ground_truth()->Save(), now);
}

TEST(Faulty, BadProbabilitiesAreRefusedInOneLine) {
  const auto says = [](const std::string& faults) {
    const auto config = Config::Parse("preset: corrected_200kV\nfaults: " + faults, "t.yaml");
    return std::string(ReadTwinOptions(*config).status().message());
  };
  EXPECT_EQ(says("{measure_fails: 0.5, stuck: 0.5}"), "");
  EXPECT_THAT(
      says("{measure_fails: 0.6, stuck: 0.6}"),
      HasSubstr("t.yaml:2: faults: the probabilities are 1.2 together; allowed: 1 at most"));
  EXPECT_THAT(says("{measure_fails: -0.1}"), HasSubstr("t.yaml:2: faults.measure_fails: -0.1"));
  EXPECT_THAT(says("{measure_failing: 0.1}"), HasSubstr("measure_fails"));
}

TEST(Faulty, FaultsComeAsOftenAsAskedAndTheSameEveryTime) {
  constexpr int kN = 20000;
  const FaultOptions options{.lost_before = 0.1, .busy = 0.05, .throws = 0.02, .seed = 3};
  auto a = MakeFaulty(std::make_unique<NullInstrument>(), options);
  auto b = MakeFaulty(std::make_unique<NullInstrument>(), options);
  std::map<absl::StatusCode, int> count;
  for (int i = 0; i < kN; ++i) {
    const absl::Status s = a->Execute(Read{{"optics.C10"}}).status();
    EXPECT_EQ(s, b->Execute(Read{{"optics.C10"}}).status());
    ++count[s.code()];
  }
  // Binomial: five standard deviations.
  const auto near = [&](absl::StatusCode code, double p) {
    EXPECT_NEAR(count[code], kN * p, 5 * std::sqrt(kN * p * (1 - p)));
  };
  near(absl::StatusCode::kUnavailable, 0.1);
  near(absl::StatusCode::kResourceExhausted, 0.05);
  near(absl::StatusCode::kInternal, 0.02);
}

}  // namespace
}  // namespace ronchi::hw
