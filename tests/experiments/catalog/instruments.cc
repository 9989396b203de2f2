// The one door: kinds that are plugged in, and the wrappers around them as config.
#include "experiments/catalog/instruments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/plugged_instruments.h"
#include "hw/conformance/conformance.h"
#include "hw/instrument/ground_truth.h"
#include "hw/record/event_log.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/command.h"
#include "tests/support/wire_server.h"

namespace ronchi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::NullInstrument;
using testing_support::TemporaryFolder;
using testing_support::WireServer;

using Opened = absl::StatusOr<std::unique_ptr<hw::Instrument>>;

Opened Open(const std::string& yaml, const DoorOptions& door = {}) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(yaml, "i.yaml"));
  return OpenInstrument(config, 1, door);
}
std::string Why(const std::string& yaml, const DoorOptions& door = {}) {
  const Opened opened = Open(yaml, door);
  return opened.ok() ? "opened" : std::string(opened.status().message());
}

// A server of an instrument that says that it is real, or not.
class Served {
 public:
  explicit Served(bool simulated)
      : simulated_(simulated), server_([this](testing_support::Peer* peer) {
          nlohmann::json hello = peer->Receive();
          if (!hello.is_object()) return;
          hw::Description d = null_.description();
          d.simulated = simulated_;
          peer->Send(testing_support::Hello(d));
          for (auto ask = peer->Receive(); ask.is_object(); ask = peer->Receive()) {
            if (ask.at("type") == "execute") ServeCommand(&null_, peer, ask);
          }
        }) {}
  std::string address() const { return server_.address(); }
  std::string yaml(const std::string& more = "") const {
    return absl::StrCat("kind: remote\naddress: ", server_.address(), "\n", more);
  }

 private:
  const bool simulated_;
  NullInstrument null_;
  WireServer server_;
};

bool IsGuarded(const std::string& yaml, DoorOptions door = {}) {
  bool guarded = false;
  door.guarded = &guarded;
  EXPECT_EQ(Why(yaml, door), "opened");
  return guarded;
}

TEST(Instruments, WhatIsNoSimulationIsGuardedUnlessThatIsRefusedInSoManyWords) {
  const Served real(false), toy(true);
  EXPECT_TRUE(IsGuarded(real.yaml()));
  EXPECT_FALSE(IsGuarded(toy.yaml()));
  EXPECT_TRUE(IsGuarded(toy.yaml("guard: {dose_budget_e_per_A2: 10}")));
  EXPECT_FALSE(IsGuarded(toy.yaml("guard: none")));
  EXPECT_FALSE(IsGuarded(real.yaml("guard: none\nnothing_guards_the_beam: true")));
  EXPECT_THAT(Why(real.yaml("guard: none")),
              AllOf(HasSubstr("i.yaml:3: guard: none is not allowed for null"),
                    HasSubstr("nothing_guards_the_beam: true")));
  // Whoever brings a guard gets the instrument without one; two are refused.
  EXPECT_FALSE(IsGuarded(real.yaml(), {.guard = DoorGuard::kCallers}));
  EXPECT_THAT(Why(real.yaml("guard: {dose_budget_e_per_A2: 10}"), {.guard = DoorGuard::kCallers}),
              HasSubstr("i.yaml:3: guard: not allowed here: a guard is around"));
  EXPECT_THAT(Why(real.yaml(), {.guard = DoorGuard::kNone}), HasSubstr("none is not allowed"));
}

// The stated default: a thousand electrons per square ångström, and then no more.
TEST(Instruments, TheDefaultGuardKeepsItsBudgetAndTheDescriptionsLimits) {
  const Served real(false);
  const auto instrument = *Open(real.yaml());
  ASSERT_TRUE(instrument->Execute(hw::Unblank{}).ok());
  EXPECT_TRUE(absl::IsOutOfRange(instrument->Execute(hw::Set{"optics.C10", Metres(1)}).status()));
  // 1 pA for a second on each of 8 x 8 pixels of 4 nm: 6.2e6 e on 25 Å².
  hw::Scan scan = testing_support::SmallScan();
  scan.dwell_s = 1;
  const absl::Status s = instrument->Execute(scan).status();
  EXPECT_THAT(s.ToString(), HasSubstr("the budget is 1000"));
  EXPECT_EQ(instrument->ground_truth(), nullptr);
}

TEST(Instruments, TheChainsMistakesAndTheKindsAreToldWithTheirOwnKeys) {
  const std::string base = "kind: remote\naddress: localhost:1\n";
  EXPECT_THAT(Why(base + "retri: {}"),
              AllOf(HasSubstr("i.yaml:3: retri: unknown key"), Not(HasSubstr("guard"))));
  EXPECT_THAT(Why(base + "retry: {atempts: 3}"),
              HasSubstr("i.yaml:3: retry.atempts: unknown key; did you mean 'attempts'?"));
  EXPECT_THAT(Why(base + "retry: {attempts: 0}"), HasSubstr("retry.attempts: 0 is not allowed"));
  EXPECT_THAT(Why(base + "guard: 3"), HasSubstr("i.yaml:3: guard: a mapping"));
  EXPECT_THAT(Why(base + "lease: {watch: 3}"), HasSubstr("lease.watch: a list of properties"));
  EXPECT_THAT(Why("kind: plane"), HasSubstr("allowed: column, particles, sheet, replay, composite, "
                                            "program, remote, library"));
  EXPECT_THAT(Why("kind: remote\naddress: here"), HasSubstr("i.yaml:2: address: 'here'"));
  EXPECT_THAT(Why("kind: program"), HasSubstr("command: a list of words"));
  EXPECT_THAT(Why("kind: program\ncommand: [no-such-program]"),
              HasSubstr("i.yaml:2: command: cannot start 'no-such-program'"));
  EXPECT_THAT(Why("kind: composite\nparts: []"), HasSubstr("parts: a list of instruments"));
  EXPECT_THAT(Why("kind: composite\nparts: [nothing]"), HasSubstr("'nothing': no such preset"));
  EXPECT_THAT(Why("kind: replay\nfolder: nowhere"), HasSubstr("instrument: missing"));
  const Served toy(true);
  EXPECT_THAT(Why(toy.yaml("guard: {dose: 1}")), HasSubstr("i.yaml:3: guard.dose: unknown key"));
  EXPECT_THAT(Why(toy.yaml("guard: {}")), HasSubstr("guard.dose_budget_e_per_A2: missing"));
  EXPECT_THAT(Why(toy.yaml("lease: {watch: [optics.C99]}")), HasSubstr("i.yaml:3: lease: "));
}

TEST(Instruments, TheWrappersStandInTheirOrder) {
  const Served toy(true);
  const TemporaryFolder folder;
  {
    const auto instrument = *Open(
        toy.yaml(absl::StrCat("guard: {dose_budget_e_per_A2: 1e4}\nrecord: ", folder / "log",
                              "\nlease: {holder: me, watch: [stage.x]}\nretry: {attempts: 2}\n")));
    ASSERT_TRUE(instrument->Execute(hw::Set{"optics.C10", Metres(1e-9)}).ok());
    // What the guard refuses never reaches the record.
    EXPECT_FALSE(instrument->Execute(hw::Set{"optics.C10", Metres(1)}).ok());
  }
  const auto log = *hw::ReadRecording(folder / "log");
  size_t sets = 0;
  for (const hw::LoggedEvent& e : log.events) sets += std::holds_alternative<hw::Set>(e.command);
  EXPECT_EQ(sets, 1u);
  EXPECT_TRUE(std::holds_alternative<hw::Safe>(log.events.back().command));
  EXPECT_THAT(Why(toy.yaml("record: " + (folder / "log"))), HasSubstr("i.yaml:3: record: "));
}

// What was recorded answers again, to the bit, with no beam behind it and so without a guard.
TEST(Instruments, ARecordIsReplayed) {
  const Served real(false);
  const TemporaryFolder folder;
  const auto ask = [](hw::Instrument* i) { return i->Execute(hw::Read{{"optics.C10"}}); };
  double then = 0;
  {
    const auto recorded =
        *Open(real.yaml("guard: none\nnothing_guards_the_beam: true\nrecord: " + (folder / "log")));
    then = ask(recorded.get())->readings.at(0).value.si;
  }
  const std::string yaml =
      absl::StrCat("kind: replay\nfolder: ", folder / "log", "\ninstrument: instrument\n");
  EXPECT_FALSE(IsGuarded(yaml));
  const auto replay = *Open(yaml);
  EXPECT_EQ(ask(replay.get())->readings.at(0).value.si, then);
  EXPECT_THAT(Why(absl::StrCat("kind: replay\nfolder: ", folder / "log", "\ninstrument: deploy\n")),
              HasSubstr("i.yaml:2: folder: "));
}

TEST(Instruments, ACompositeIsRealWhenOneOfItsPartsIs) {
  const Served real(false);
  const std::string twin = "{preset: corrected_200kV}";
  const auto parts = [&](const std::string& a) { return "kind: composite\nparts: [" + a + "]\n"; };
  EXPECT_FALSE(IsGuarded(parts("corrected_200kV")));
  EXPECT_TRUE(IsGuarded(parts(absl::StrCat("{kind: remote, address: '", real.address(), "'}"))));
  // Two of a kind have the same names.
  EXPECT_THAT(Why(parts(twin + ", " + twin)), HasSubstr("i.yaml:2: parts: composite: two parts"));
  EXPECT_THAT(Why(parts("{preset: corrected_200kV, guard: {dose_budget_e_per_A2: 1}}")),
              HasSubstr("parts[0].guard: not allowed here"));
}

// Each kind of simulation takes the chain's keys, too, and is to the bit what it was without.
TEST(Instruments, ASimulationBehindAChainAnswersAsBefore) {
  const auto bare = *Open("preset: corrected_200kV");
  const auto tried = *Open("preset: corrected_200kV\nretry: {attempts: 2}");
  EXPECT_NE(tried->ground_truth(), nullptr);
  const hw::Read read = {{"beam.current"}};
  EXPECT_EQ(bare->Execute(read)->readings[0].value.si, tried->Execute(read)->readings[0].value.si);
}

// --- libraries: examples/driver/library, and two that are none

std::string Library(const std::string& path, const std::string& more = "") {
  return absl::StrCat("kind: library\npath: ", RONCHI_BINARY_DIR, "/", path, "\n", more);
}

TEST(Instruments, ALibraryConforms) {
  const auto column = *Open(Library("examples/driver_column.so", "options: {current_pA: 20}"));
  EXPECT_EQ(column->Execute(hw::Read{{"beam.current"}})->readings[0].value.si, 20e-12);
  const auto checks = hw::CheckConformance(column.get());
  EXPECT_THAT(hw::ConformanceReport(checks), HasSubstr(" 0 failed"));
  EXPECT_GT(checks.size(), 20u);
}

TEST(Instruments, ALibraryThatDoesNotFitIsToldInALine) {
  const std::string column = "examples/driver_column.so";
  EXPECT_THAT(Why(Library(column, "options: {current_nA: 1}")),
              HasSubstr("i.yaml:3: options.current_nA: unknown key; did you mean 'current_pA'?"));
  EXPECT_THAT(Why(Library("no.so")), HasSubstr("no.so: no such file"));
  EXPECT_THAT(Why(Library("CMakeCache.txt")), HasSubstr("i.yaml:2: path: no driver: "));
  EXPECT_THAT(Why(Library("tests/experiments/catalog/no_driver.so")),
              HasSubstr("exports no ronchi_driver"));
  EXPECT_THAT(Why(Library("tests/experiments/catalog/old_driver.so")),
              HasSubstr("built for another Ronchi (driver interface 0, here 1)"));
}

// --- the examples, as their pages say

TEST(Instruments, TheExamplesConformFromTheCommandLine) {
  const std::string examples = RONCHI_SOURCE_DIR "/examples/driver/";
  const TemporaryFolder folder;
  const bool numpy =
      testing_support::RunCommand({"python3", "-c", "import numpy"}, folder.path()).status == 0;
  for (const std::string name : {"library", "python"}) {
    if (name == "python" && !numpy) {
      std::printf("the example in Python is left out: python3 has no NumPy\n");
      continue;
    }
    const auto done = testing_support::Ronchi(
        {"conform", "--instrument", examples + name + "/column.yaml", "--json"}, folder.path());
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_EQ(nlohmann::json::parse(done.out)["conforms"], true) << done.out;
  }
}

}  // namespace
}  // namespace ronchi
