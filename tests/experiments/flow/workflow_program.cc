// Workflows as a user meets them: check and run by the program, steered by signals and commands,
// and killed at any moment.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/random.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Command;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// Some thousand commands: seconds of work.
constexpr char kLong[] = R"(version: 1
workflow: many frames
instrument: corrected_200kV
budget: {dose: 1e9 e/A^2}
steps:
  - let: {n: 0, sum_of_means: 0}
  - unblank
  - repeat:
      - set: {property: optics.C10, to: "(n - 10 * floor(n / 10)) * 1 nm"}
      - scan: {fov: 1.562 nm, pixels: 32, dwell: 1 us, detectors: haadf}
        as: f
      - let: {n: n + 1, sum_of_means: sum_of_means + mean(f.haadf)}
      - save: {n: n}
    until: n >= 8000
    max: 8000
  - blank
)";

std::vector<json> Lines(const fs::path& path, const std::string& key) {
  std::vector<json> all;
  std::istringstream text(ReadAll(path));
  for (std::string line; std::getline(text, line);) {
    const json j = json::parse(line, nullptr, false);
    if (!j.is_discarded()) all.push_back(key.empty() ? j : j.value(key, json()));
  }
  return all;
}

struct Delivered {
  size_t scans = 0;
  double electrons = 0;
};
// By the log of what really went to the instrument, of one sitting. Before the first exposure or
// unblanking the beam was blanked.
Delivered ReadSitting(const fs::path& folder) {
  Delivered d;
  bool blanked = false;
  for (const json& e : Lines(folder / "events.jsonl", "")) {
    const std::string verb = e.value("command", json::object()).value("verb", "");
    blanked |= verb == "blank" || verb == "safe";
    if (verb == "unblank" || verb == "scan") {
      EXPECT_TRUE(blanked) << "beam on before it was blanked, in " << folder;
    }
    if (verb != "scan" || !e.contains("reply")) continue;
    ++d.scans;
    d.electrons += e.at("reply").at("electrons").get<double>();
  }
  return d;
}

struct Scans {
  size_t completed = 0, lost = 0;
};
Scans InJournal(const fs::path& folder) {
  Scans n;
  for (const json& e : Lines(folder / "journal.jsonl", "entry")) {
    const std::string type = e.value("type", "");
    const bool scan = e.value("command", json::object()).value("verb", "") == "scan";
    n.completed += type == "command" && scan;
    n.lost += type == "lost" && scan;
  }
  return n;
}
// Of all sittings of a run.
Delivered InLogs(const fs::path& folder) {
  Delivered all = ReadSitting(folder);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory() || entry.path().filename() == "state") continue;
    const Delivered d = ReadSitting(entry.path());
    all.scans += d.scans;
    all.electrons += d.electrons;
  }
  return all;
}

// `words` with an answer to the question that some workflows ask: elsewhere it is refused.
std::vector<std::string> Answered(std::vector<std::string> words, const std::string& workflow) {
  if (ReadAll(workflow).find("name: closer") != std::string::npos) {
    words.insert(words.end(), {"--yes-to", "closer"});
  }
  return words;
}

// `words` that begin a run of the workflow, but for its size: the map's thousand patterns are
// minutes of work, and no more to a kill than nine are.
std::vector<std::string> Small(std::vector<std::string> words, const std::string& workflow) {
  if (ReadAll(workflow).find("points: 32") != std::string::npos) {
    words.insert(words.end(), {"--set", "let.points=3"});
  }
  return Answered(words, workflow);
}

// Begins or resumes the run and kills it up to 25 ms after its journal has grown. Has it been
// killed with something left to do?
bool KillOneSitting(const std::string& workflow, const fs::path& folder, bool resume,
                    RandomStream* random) {
  // A command that was in flight counts in full, and is done again: more than an example allows.
  const std::vector<std::string> begin = {
      RonchiProgram(), "run", workflow, "-o", "run", "--set", "budget.dose=1e9 e/A^2"};
  Command command(resume ? Answered({RonchiProgram(), "run", "run", "--resume"}, workflow)
                         : Small(begin, folder / workflow),
                  folder);
  const fs::path journal = folder / "run/journal.jsonl";
  std::error_code ec;
  const auto before = resume ? fs::file_size(journal, ec) : 0;
  while (command.CpuSeconds() >= 0 &&  // it has not ended
         !(fs::exists(journal, ec) && fs::file_size(journal, ec) > before)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::microseconds(random->Below(25000)));
  command.Signal(SIGKILL);
  const Finished end = command.Wait();
  EXPECT_TRUE(end.status == 0 || end.status == 128 + SIGKILL) << end.status << end.err;
  return end.status != 0 && !fs::exists(folder / "run/summary.json", ec);
}

// By two records that know nothing of each other: what the journal says was done, and the log of
// what really went to the instrument.
void ExpectWhole(const fs::path& run, const json& result, size_t scans, int killed) {
  const Scans journal = InJournal(run);
  const Delivered log = InLogs(run);
  EXPECT_EQ(result["ended_by"], "done");
  EXPECT_EQ(journal.completed, scans);  // none twice in the journal, none missing
  EXPECT_LE(log.scans, journal.completed + journal.lost);
  EXPECT_GE(log.scans, journal.completed);
  EXPECT_LE(journal.lost, size_t(killed));
  // What the run says it spent is never less than what was delivered.
  EXPECT_GE(result["spent"]["electrons"].get<double>(), log.electrons * (1 - 1e-9));
}

// Examples whose scans are as many whatever is seen: a killed twin is a new one when the run goes
// on.
constexpr const char* kKilled[] = {"focal_series", "through_focal_haadf", "low_dose_survey",
                                   "overnight",    "map_4dstem",          "tilt_series"};
constexpr size_t kExamples = std::size(kKilled);

// A hundred kills: sixty of the examples, ten of each, and forty of one long run.
TEST(WorkflowProgram, KilledAtRandomMomentsExamplesLoseAtMostTheCommandInFlight) {
  constexpr int kKillsEach = 10, kKillsARun = 5;
  RandomStream random({.seed = 12, .name = "test.kill"});
  int killed = 0;
  for (size_t e = 0; e < kExamples; ++e) {
    const std::string workflow =
        std::string(RONCHI_SOURCE_DIR) + "/examples/workflows/" + kKilled[e] + ".yaml";
    const TemporaryFolder whole;
    const Finished alone =
        Ronchi(Small({"run", workflow, "-o", "run", "--json"}, workflow), whole.path());
    ASSERT_EQ(alone.status, 0) << workflow << alone.err;
    const size_t scans = InJournal(whole.path() / "run").completed;
    EXPECT_GE(scans, 2u);
    for (int run = 0; run < kKillsEach / kKillsARun; ++run) {
      SCOPED_TRACE(workflow);
      const TemporaryFolder folder;
      int of_run = 0;
      bool done = false;
      for (int k = 0; k < kKillsARun && !done; ++k) {
        done = !KillOneSitting(workflow, folder.path(), k > 0, &random);
        of_run += !done;
      }
      killed += of_run;
      const Finished end =
          Ronchi(Answered({"run", "run", "--resume", "--json"}, workflow), folder.path());
      if (done) continue;  // it had nothing more to lose
      ASSERT_EQ(end.status, 0) << end.err;
      ExpectWhole(folder.path() / "run", json::parse(end.out), scans, of_run);
    }
  }
  // The rest were quicker than the kill.
  EXPECT_GE(killed, int(kExamples) * kKillsEach / 4);
  std::cout << killed << " kills of " << kExamples << " examples\n";
}

TEST(WorkflowProgram, KilledAtRandomMomentsALongRunLosesAtMostTheCommandInFlight) {
  constexpr int kKills = 40;
  const TemporaryFolder folder;
  WriteAll(folder / "w.yaml", kLong);
  RandomStream random({.seed = 11, .name = "test.kill"});
  int killed = 0;
  for (int sitting = 0; sitting < kKills; ++sitting) {
    if (!KillOneSitting("w.yaml", folder.path(), sitting > 0, &random)) break;
    ++killed;
  }
  EXPECT_GE(killed, kKills / 2);
  const Finished done = Ronchi({"run", "run", "--resume", "--json"}, folder.path());
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("the state of the instrument is uncertain; blanking first"));
  ExpectWhole(folder.path() / "run", json::parse(done.out), 8000, killed);
}

// Killed after the journal's last word and before the files that are made of it.
TEST(WorkflowProgram, ResumeWritesTheFilesThatARunThatEndedLacks) {
  const std::string workflow =
      std::string(RONCHI_SOURCE_DIR) + "/examples/workflows/focal_series.yaml";
  const TemporaryFolder folder;
  const Finished whole = Ronchi({"run", workflow, "-o", "run", "--json"}, folder.path());
  ASSERT_EQ(whole.status, 0) << whole.err;
  const std::string data = ReadAll(folder.path() / "run/data.hdf5");
  fs::remove(folder.path() / "run/data.hdf5");
  fs::remove(folder.path() / "run/summary.json");
  const Finished resumed = Ronchi({"run", "run", "--resume", "--json"}, folder.path());
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(ReadAll(folder.path() / "run/data.hdf5"), data);
  EXPECT_EQ(json::parse(resumed.out)["spent"], json::parse(whole.out)["spent"]);
  const Finished again = Ronchi({"run", "run", "--resume"}, folder.path());
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("this run has ended (done)"));
}

TEST(WorkflowProgram, PausedResumedSkippedAndStopped) {
  const TemporaryFolder folder;
  WriteAll(folder / "w.yaml", kLong);
  Command command({RonchiProgram(), "run", "w.yaml", "-o", "run"}, folder.path());
  const fs::path journal = folder.path() / "run/journal.jsonl";
  std::error_code ec;
  for (int i = 0; i < 3000 && !fs::exists(journal, ec); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  command.Signal(SIGUSR1);
  ASSERT_TRUE(command.WaitFor("pause: by signal"));
  const auto size = fs::file_size(journal);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(fs::file_size(journal), size + 1000);  // the note and the blanking, no more
  EXPECT_EQ(Ronchi({"flow", "resume", "run"}, folder.path()).status, 0);
  ASSERT_TRUE(command.WaitFor("resume: by "));
  EXPECT_EQ(Ronchi({"flow", "pause", "run"}, folder.path()).status, 0);
  // The second pause: the first one's line is there already.
  const auto pauses = [&] {
    const std::string said = command.ErrorsSoFar();
    int n = 0;
    for (size_t at = 0; (at = said.find("pause: by ", at)) != std::string::npos; ++at) ++n;
    return n;
  };
  for (int i = 0; i < 6000 && pauses() < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(pauses(), 2);
  command.Signal(SIGUSR2);
  ASSERT_TRUE(command.WaitFor("resume: by signal"));
  EXPECT_EQ(Ronchi({"flow", "stop", "run"}, folder.path()).status, 0);
  const Finished done = command.Wait();
  EXPECT_EQ(done.status, 130) << done.err;
  EXPECT_THAT(done.out, HasSubstr("ended by stopped by "));
  EXPECT_EQ(Ronchi({"flow", "halt", "run"}, folder.path()).status, 2);
  EXPECT_EQ(Ronchi({"flow", "pause", "nowhere"}, folder.path()).status, 2);
}

TEST(WorkflowProgram, CheckSaysWhatAndWhereAndRunRefusesTheSame) {
  const TemporaryFolder folder;
  WriteAll(folder / "bad.yaml",
           "version: 1\nworkflow: bad\ninstrument: corrected_200kV\nsteps:\n"
           "  - set: {property: optics.C10, to: 60 nm}\n");
  const Finished check = Ronchi({"check", "bad.yaml", "--json"}, folder.path());
  EXPECT_EQ(check.status, 2);
  const json j = json::parse(check.out);
  EXPECT_EQ(j["ok"], false);
  EXPECT_EQ(j["findings"][0]["line"], 5);
  const Finished run = Ronchi({"run", "bad.yaml", "-o", "run"}, folder.path());
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.ErrorLines(), 1u) << run.err;
  EXPECT_THAT(run.err, HasSubstr("bad.yaml:5: steps[0].set.to: optics.C10 = 60 nm is beyond"));
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
  const Finished lacking = Ronchi({"check", "bad.yaml", "--instrument", "titan"}, folder.path());
  EXPECT_EQ(lacking.status, 2);
  EXPECT_THAT(lacking.err, HasSubstr("no such preset or file; presets: corrected_200kV"));
  // A question that nobody answers is a no.
  WriteAll(folder / "ask.yaml",
           "version: 1\nworkflow: ask\ninstrument: corrected_200kV\nsteps:\n"
           "  - ask: \"free?\"\n    name: free\n    timeout: 100 s\n    on_timeout: deny\n"
           "  - read: optics.C10\n");
  const Finished silent = Ronchi({"run", "ask.yaml", "-o", "silent"}, folder.path());
  EXPECT_EQ(silent.status, 3) << silent.err;
  EXPECT_THAT(silent.out, HasSubstr("denied: 'free' in line 5"));
  EXPECT_THAT(silent.err, HasSubstr("ronchi: ended early: denied: 'free' in line 5"));
  EXPECT_LT(silent.seconds, 60);  // there is no terminal, so nobody is waited for
  const Finished yes = Ronchi({"run", "ask.yaml", "-o", "yes", "--yes-to", "free"}, folder.path());
  EXPECT_THAT(yes.out, HasSubstr("ended by done"));
}

}  // namespace
}  // namespace ronchi
