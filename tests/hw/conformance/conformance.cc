// Every implementation of Instrument through the one suite. A new one registers itself here.
#include "hw/conformance/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "hw/record/recorded.h"
#include "hw/safety/guarded.h"
#include "hw/twin/sheet/sheet_twin.h"
#include "hw/wrappers/composite.h"
#include "hw/wrappers/faulty.h"
#include "hw/wrappers/leased.h"
#include "hw/wrappers/retrying.h"
#include "hw/wrappers/slow.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::TwinFromYaml;

std::unique_ptr<Instrument> Twin() { return *MakeTwin(TwinFromYaml(), 1); }
std::unique_ptr<Instrument> Preset(const std::string& keys) {
  return *MakeTwin(TwinFromYaml("{" + keys + "}"), 1);
}
GuardOptions Budget() {
  GuardOptions o;
  o.dose_budget_e_per_m2 = 1e30;
  return o;
}
std::unique_ptr<Instrument> Recorded() {
  const std::string folder = testing::TempDir() + "conformance_recorded";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return MakeRecorded(Twin(), "twin", *EventLog::Create(folder));
}
std::unique_ptr<Instrument> Composite() {
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(Twin());
  return *MakeComposite(std::move(parts));
}
std::unique_ptr<Instrument> Leased() {
  auto desk = *LeaseDesk::Create(Twin(), {.compared = {{"optics.C10", 0}}});
  RONCHI_CHECK(desk->Acquire("suite").ok());
  return desk->MakeLeased("suite");
}

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<Instrument>()> make;
  int may_skip = 3;  // most have no camera and no measurements
};
void PrintTo(const Implementation& i, std::ostream* out) { *out << i.name; }

const Implementation kAll[] = {
    {"Twin", Twin},
    {"AtomTwin", [] { return *MakeAtomTwin(AtomTwinOptions(), 1); }},
    {"Null", [] { return std::make_unique<NullInstrument>(); }},
    {"Guarded", [] { return std::unique_ptr<Instrument>(*MakeGuarded(Twin(), Budget())); }},
    {"Recorded", Recorded},
    {"GuardedRecorded",
     [] { return std::unique_ptr<Instrument>(*MakeGuarded(Recorded(), Budget())); }},
    {"Retrying", [] { return MakeRetrying(Twin(), {}); }},
    {"FaultlessFaulty", [] { return MakeFaulty(Twin(), {}); }},
    {"Slow", [] { return MakeSlow(Twin(), {.latency_s = 1e-4}); }},
    {"Composite", Composite},
    {"Leased", Leased},
    // Every preset; with the linear engine where preparing the other takes long. They have it
    // all: nothing that they cannot is left to be looked at.
    {"Uncorrected200kV", [] { return Preset("preset: uncorrected_200kV, engine: linear"); }, 1},
    {"Corrected80To300kV", [] { return Preset("preset: corrected_80_300kV, engine: linear"); }, 1},
    {"Corrected80kV",
     [] { return Preset("preset: corrected_80_300kV, energy_keV: 80, engine: linear"); }, 1},
    // Its measurements fail now and then.
    {"OldAndDrifting", [] { return Preset("preset: old_and_drifting, phonon_configurations: 2"); },
     1},
    // Nothing to scan: nine checks have nothing to look at.
    {"Film", [] { return Preset("film: {}, camera: {present: true}"); }, 10},
    {"GuardedRich",
     [] {
       return std::unique_ptr<Instrument>(
           *MakeGuarded(Preset("preset: corrected_80_300kV, engine: linear"), Budget()));
     },
     1},
};

class Conformance : public testing::TestWithParam<Implementation> {};

TEST_P(Conformance, KeepsEveryPromise) {
  auto instrument = GetParam().make();
  const auto checks = CheckConformance(instrument.get());
  int failed = 0, skipped = 0;
  for (const ConformanceCheck& c : checks) {
    failed += c.outcome == Outcome::kFail;
    skipped += c.outcome == Outcome::kSkip;
  }
  EXPECT_EQ(failed, 0) << ConformanceReport(checks);
  EXPECT_LE(skipped, GetParam().may_skip) << ConformanceReport(checks);
}
INSTANTIATE_TEST_SUITE_P(All, Conformance, testing::ValuesIn(kAll),
                         [](const auto& info) { return std::string(info.param.name); });

// Spoils replies of a good instrument; each must be found by the check that is named.
class Spoiled final : public Instrument {
 public:
  using Spoil = std::function<void(const Command&, absl::StatusOr<Reply>*)>;
  explicit Spoiled(Spoil spoil) : spoil_(std::move(spoil)) {}
  const Description& description() const override { return twin_->description(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    auto reply = twin_->Execute(command, options);
    spoil_(command, &reply);
    return reply;
  }
  std::unique_ptr<Instrument> twin_ = Twin();
  Spoil spoil_;
};

TEST(Conformance, TheSuiteCanTell) {
  const auto found = [](const Spoiled::Spoil& spoil) {
    Spoiled instrument(spoil);
    std::vector<std::string> failed;
    for (const ConformanceCheck& c : CheckConformance(&instrument)) {
      if (c.outcome == Outcome::kFail) failed.push_back(c.name);
    }
    return testing::PrintToString(failed);
  };
  using testing::HasSubstr;
  const auto on_ok = [](const std::function<void(Reply*)>& f) {
    return [f](const Command&, absl::StatusOr<Reply>* r) {
      if (r->ok()) f(&**r);
    };
  };
  EXPECT_EQ(found([](const Command&, absl::StatusOr<Reply>*) {}), "{}");
  EXPECT_THAT(found(on_ok([](Reply* r) { r->blanked = false; })), HasSubstr("blank, safe"));
  EXPECT_THAT(found(on_ok([](Reply* r) { r->time_s = -r->time_s; })), HasSubstr("the clock"));
  EXPECT_THAT(found(on_ok([](Reply* r) { r->dose_e_per_m2 *= 1e-20; })), HasSubstr("a scan has"));
  EXPECT_THAT(found(on_ok([](Reply* r) {
                for (Reading& x : r->readings) x.value.si *= 1e9;  // nanometres for metres
              })),
              HasSubstr("a small step"));
  EXPECT_THAT(found(on_ok([](Reply* r) {
                for (Reading& x : r->readings) x.value.dimension = Dimension::kNone;
              })),
              HasSubstr("every property reads"));
  EXPECT_THAT(found(on_ok([](Reply* r) { r->ended = Ended::kComplete; })), HasSubstr("cancelled"));
  // Success whatever was asked: what many servers answer.
  EXPECT_THAT(found([](const Command&, absl::StatusOr<Reply>* r) {
                if (!r->ok()) *r = Reply{};
              }),
              HasSubstr("NaN and infinities are refused"));
}

// A measurement may fail; one that never succeeds measures nothing.
TEST(Conformance, AMeasurementThatAlwaysFailsIsTold) {
  const auto instrument = Preset(
      "preset: old_and_drifting, engine: linear, faults: {measure_fails: 1, measure_fails_later: "
      "0, measure_stops: 0}");
  for (const ConformanceCheck& c : CheckConformance(instrument.get())) {
    const bool measures = c.name == "measurements give numbers with their covariance";
    EXPECT_EQ(c.outcome == Outcome::kFail, measures) << c.name << ": " << c.reason;
  }
}

TEST(Conformance, WithoutExposuresNothingIsUnblanked) {
  auto state = std::make_shared<NullState>();
  NullInstrument instrument(state);
  const auto checks = CheckConformance(&instrument, {.may_expose = false});
  for (const auto& c : checks) EXPECT_NE(c.outcome, Outcome::kFail) << c.name << c.reason;
  EXPECT_EQ(state->time_s, 0);  // no dwell, no park
}

// Acknowledges a blank and does not blank.
class Unblankable final : public Instrument {
 public:
  const Description& description() const override { return null_.description(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    const bool blanks =
        std::holds_alternative<Blank>(command) || std::holds_alternative<Safe>(command);
    return null_.Execute(blanks ? Command(Read{}) : command, options);
  }
  NullInstrument null_;
};

TEST(Conformance, AnInstrumentThatDoesNotBlankFails) {
  Unblankable instrument;
  std::vector<std::string> failed;
  for (const ConformanceCheck& c : CheckConformance(&instrument)) {
    if (c.outcome == Outcome::kFail) failed.push_back(c.name);
  }
  EXPECT_THAT(failed, testing::IsSupersetOf({"blank, safe and abort are confirmed",
                                             "the beam is blanked at the end"}));
}

}  // namespace
}  // namespace ronchi::hw
