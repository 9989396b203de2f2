// What instruments and runs write down and read again: event logs, journals of workflows, dose
// ledgers, descriptions of instruments.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/hash.h"
#include "core/sealed_text.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "hw/record/event_log.h"
#include "hw/record/recorded.h"
#include "hw/safety/dose_journal.h"
#include "hw/workflow/run.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/flow.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;
using testing_support::NullInstrument;
using testing_support::Scratch;
using testing_support::SmallScan;

// Line by line; the last one without an end stays as it is.
std::string EachLine(const std::string& text, std::string (*seal)(const std::string&)) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  std::string sealed;
  for (size_t i = 0; i + 1 < lines.size(); ++i) sealed += seal(lines[i]) + "\n";
  return sealed + lines.back();
}

std::string SealEvent(const std::string& line) {
  const size_t sum = line.rfind(",\"sum\":\"");
  if (sum == std::string::npos) return line;
  const std::string body = line.substr(0, sum);
  return body + ",\"sum\":\"" + HashOf(body + "}").LowHex() + "\"}";
}

std::string RecordedEvents(const Scratch& scratch) {
  auto log = *EventLog::Create(scratch.path());
  const auto null = MakeRecorded(std::make_unique<NullInstrument>(), "null", log);
  (void)null->Execute(Read{{"optics.C10", "stage.x"}});
  (void)null->Execute(Set{"optics.C10", Metres(5e-9)});
  (void)null->Execute(Set{"optics.C10", Metres(5)});
  (void)null->Execute(Unblank{});
  (void)null->Execute(SmallScan());
  (void)null->Execute(Park{1e-9, 2e-9, 1e-3});
  (void)log->Passed("null", 3);
  (void)log->Note("what", "detail");
  (void)null->Execute(Blank{});
  return scratch.Read("events.jsonl");
}

TEST(FuzzRecords, EventLog) {
  const Scratch scratch;
  const std::string good = RecordedEvents(scratch);
  Fuzz({.kind = "event_log",
        .corpus = {good, good.substr(0, good.find('\n') + 1)},
        .read = [&](const std::string& bytes) -> absl::Status {
          scratch.Write("events.jsonl", bytes);
          RONCHI_ASSIGN_OR_RETURN(const EventLogContents log, ReadRecording(scratch.path()));
          // A replay would compare and execute what was read.
          for (const LoggedEvent& event : log.events) {
            (void)ToJson(event.command).dump();
            if (event.reply.ok()) (void)ToJson(*event.reply).dump();
          }
          return absl::OkStatus();
        },
        .reseal = [](const std::string& text) { return EachLine(text, SealEvent); }});
}

// The pixels beside it.
TEST(FuzzRecords, Frames) {
  const Scratch scratch;
  (void)RecordedEvents(scratch);
  Fuzz({.kind = "frames",
        .corpus = {scratch.Read("frames.f32")},
        .read = [&](const std::string& bytes) -> absl::Status {
          scratch.Write("frames.f32", bytes);
          return ReadRecording(scratch.path()).status();
        },
        .quick = 500});
}

TEST(FuzzRecords, Description) {
  Fuzz({.kind = "description",
        .corpus = {ToJson(testing_support::SmallColumn()).dump(),
                   ToJson(NullInstrument().description()).dump(2)},
        .read = [](const std::string& bytes) -> absl::Status {
          const nlohmann::json j = nlohmann::json::parse(bytes, nullptr, false);
          if (j.is_discarded()) return absl::InvalidArgumentError("not JSON");
          return DescriptionFromJson(j).status();
        }});
}

std::string SealLedgerLine(const std::string& line) {
  return SealLine(line.substr(0, line.rfind(" #")));
}

TEST(FuzzRecords, DoseLedger) {
  const Scratch scratch;
  const std::string path = scratch / "ledger";
  {
    const auto journal = *DoseJournal::Open(path, "specimen", LedgerSync::kPower);
    for (int i = 0; i < 4; ++i) {
      const Rectangle where = {i * 1e-9, 0, 10e-9, 10e-9};
      const auto booked = journal->Book({where, {0, 1e-8, 1e-9, 1e-9}}, 1e20, 2e20, 1e22);
      if (i < 3) (void)journal->Close(*booked, 0.9e20);
    }
  }
  Fuzz({.kind = "ledger",
        .corpus = {scratch.Read("ledger")},
        .read = [&](const std::string& bytes) -> absl::Status {
          scratch.Write("ledger", bytes);
          RONCHI_ASSIGN_OR_RETURN(const auto journal,
                                  DoseJournal::Open(path, "specimen", LedgerSync::kProcess));
          if (!(journal->Largest({0, 0, 1e-8, 1e-8}) >= 0)) {
            return absl::InternalError("");  // a dose that is no number forgets what was spent
          }
          return absl::OkStatus();
        },
        .reseal = [](const std::string& text) { return EachLine(text, SealLedgerLine); }});
}

// FNV-1a, as the journal has it.
std::string SealJournalLine(const std::string& line) {
  const size_t entry = line.find("\"entry\":");
  if (entry == std::string::npos || line.size() < entry + 9) return line;
  const std::string text = line.substr(entry + 8, line.size() - entry - 9);
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
  return absl::StrFormat("{\"sum\":\"%016x\",\"entry\":%s}", hash, text);
}

constexpr char kFlow[] = R"(version: 1
workflow: everything that a journal holds
budget: {dose: 1e6 e/A^2, time: 1000 s}
let: {nominal: 5 nm}
steps:
  - unblank
  - set: {property: optics.C10, to: nominal}
  - read: optics.C10
    as: at
  - let: {twice: 2 * nominal, words: "'a text'", list: "[1 nm, 2 nm]", yes: 2 > 1}
  - for: x
    in: list
    do:
      - set: {property: optics.C10, by: 1 nm}
      - scan: {fov: 10 nm, pixels: 8, dwell: 1 us, detectors: haadf}
        as: f
      - save: {mean: mean(f.haadf), image: f.haadf}
  - let: {kept: f.haadf}
  - if: mean(f.haadf) > 0
    then: [{log: "some {twice}"}]
  - ask: Closer?
    name: closer
    timeout: 1 s
    on_timeout: deny
    as: closer
  - wait: 1 s
  - decide: fake
    choose: {a: "[0, 1]"}
    observe: {m: mean(kept)}
    maximise: mean(kept)
    as: d
  - repeat:
      - let: {n: d.a}
    max: 2
    until: n > 3
  - blank
)";

// A run that has come as far as its last step: going on with it replays all of the journal.
class ForgedJournal {
 public:
  ForgedJournal() : workflow_(*testing_support::ParseFlow(kFlow)) {
    report_ = workflow::Check(workflow_, column_, testing_support::SmallColumnNow());
    for (const auto& f : report_.findings) {
      EXPECT_NE(f.severity, workflow::Finding::Severity::kError) << f.message;
    }
    EXPECT_TRUE(Sitting(*workflow::Journal::Create(scratch_.path())).ok());
    good_ = scratch_.Read("journal.jsonl");
    // Without its last line: it did not finish.
    good_.resize(good_.rfind('\n', good_.size() - 2) + 1);
  }
  const std::string& good() const { return good_; }
  absl::Status Read(const std::string& bytes) {
    scratch_.Write("journal.jsonl", bytes);
    RONCHI_ASSIGN_OR_RETURN(auto journal, workflow::Journal::Reopen(scratch_.path()));
    return Sitting(std::move(journal));
  }

 private:
  absl::Status Sitting(std::unique_ptr<workflow::Journal> journal) {
    testing_support::Described instrument(column_, testing_support::kColumnCurrent_A, nullptr);
    testing_support::ScriptedHost host;
    host.answers = {{.given = true, .yes = true, .who = "x"}};
    testing_support::ScriptedDecider decider;
    const auto result =
        workflow::RunWorkflow({.workflow = &workflow_,
                               .report = &report_,
                               .instrument = &instrument,
                               .journal = journal.get(),
                               .folder = scratch_.path(),
                               .host = &host,
                               .decider = &decider,
                               .worst_current_A = testing_support::kColumnCurrent_A});
    return result.ok() ? result->fault : result.status();
  }

  const Description column_ = testing_support::SmallColumn();
  const Scratch scratch_;
  workflow::Workflow workflow_;
  workflow::CheckReport report_;
  std::string good_;
};

TEST(FuzzRecords, Journal) {
  ForgedJournal forged;
  Fuzz({.kind = "journal",
        .corpus = {forged.good(), forged.good().substr(0, forged.good().size() / 2)},
        .read = [&](const std::string& bytes) { return forged.Read(bytes); },
        .reseal = [](const std::string& text) { return EachLine(text, SealJournalLine); },
        .quick = 1000});
}

}  // namespace
}  // namespace ronchi::hw
