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

TEST(WorkflowProgram, KilledAtRandomMomentsItLosesAtMostTheCommandInFlight) {
  constexpr int kKills = 100;
  const TemporaryFolder folder;
  WriteAll(folder / "w.yaml", kLong);
  RandomStream random({.seed = 11, .name = "test.kill"});
  int killed = 0;
  for (int sitting = 0; sitting < kKills; ++sitting) {
    std::vector<std::string> words = {RonchiProgram(), "run", "w.yaml", "-o", "run"};
    if (sitting > 0) words = {RonchiProgram(), "run", "run", "--resume"};
    Command command(words, folder.path());
    // Once the journal has grown the run is under way.
    const fs::path journal = folder.path() / "run/journal.jsonl";
    std::error_code ec;
    const auto before = sitting > 0 ? fs::file_size(journal, ec) : 0;
    for (int i = 0; i < 3000 && !(fs::exists(journal, ec) && fs::file_size(journal, ec) > before);
         ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(25000)));
    command.Signal(SIGKILL);
    const int status = command.Wait().status;
    killed += status == 128 + SIGKILL;
    if (status == 0) break;  // a run that is done has nothing more to lose
  }
  EXPECT_GE(killed, kKills / 2);  // the rest were quicker than the kill
  const Finished done = Ronchi({"run", "run", "--resume", "--json"}, folder.path());
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("the state of the instrument is uncertain; blanking first"));
  const json result = json::parse(done.out);
  EXPECT_EQ(result["ended_by"], "done");

  // By two records that know nothing of each other.
  Delivered log = ReadSitting(folder.path() / "run");
  for (const auto& entry : fs::directory_iterator(folder.path() / "run")) {
    if (!entry.is_directory() || entry.path().filename() == "state") continue;
    const Delivered d = ReadSitting(entry.path());
    log.scans += d.scans;
    log.electrons += d.electrons;
  }
  size_t completed = 0, lost = 0;
  for (const json& e : Lines(folder.path() / "run/journal.jsonl", "entry")) {
    const std::string type = e.value("type", "");
    const bool scan = e.value("command", json::object()).value("verb", "") == "scan";
    completed += type == "command" && scan;
    lost += type == "lost" && scan;
  }
  EXPECT_EQ(completed, 8000u);  // none twice in the journal, none missing
  EXPECT_LE(log.scans, completed + lost);
  EXPECT_GE(log.scans, completed);
  EXPECT_LE(lost, size_t(killed));
  // What the run says it spent is never less than what was delivered.
  EXPECT_GE(result["spent"]["electrons"].get<double>(), log.electrons * (1 - 1e-9));
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
  EXPECT_EQ(silent.status, 0) << silent.err;
  EXPECT_THAT(silent.out, HasSubstr("denied: 'free' in line 5"));
  EXPECT_LT(silent.seconds, 60);  // there is no terminal, so nobody is waited for
  const Finished yes = Ronchi({"run", "ask.yaml", "-o", "yes", "--yes-to", "free"}, folder.path());
  EXPECT_THAT(yes.out, HasSubstr("ended by done"));
}

}  // namespace
}  // namespace ronchi
