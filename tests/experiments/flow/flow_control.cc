// A running workflow steered from another terminal: every word is heard, or its sender is told why
// not, and nothing is left behind that a later run would stumble over.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

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

// A day of short waits on the wall's clock: somebody always listens, however slow the machine is.
constexpr char kMany[] = R"(version: 1
workflow: many steps
instrument: real.yaml
budget: {dose: 1e9 e/A^2}
steps:
  - for: i
    in: range(100000)
    do:
      - read: optics.C10
      - wait: 1 s
)";
constexpr char kQuestion[] = R"(version: 1
workflow: a question
instrument: corrected_200kV
budget: {dose: 1e9 e/A^2}
steps:
  - unblank
  - ask: "go on?"
    name: go
    timeout: 1000 s
    on_timeout: deny
  - ask: "where to?"
    name: where
    answer: length
    between: [-5 nm, 5 nm]
    timeout: 1000 s
    on_timeout: 1 nm
    as: where
  - set: {property: optics.C10, to: where}
  - scan: {fov: 1.562 nm, pixels: 16, dwell: 1 us, detectors: haadf}
  - blank
)";

class FlowControl : public ::testing::Test {
 protected:
  Finished Flow(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {"flow"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = Ronchi(all, folder_.path());
    EXPECT_FALSE(fs::exists(run_ / "control")) << words[0] << done.err;
    return done;
  }
  json Status() const {
    const Finished done = Flow({"status", "run", "--json"});
    EXPECT_EQ(done.status, 0) << done.err;
    return json::parse(done.out, nullptr, false);
  }
  // Until the run is in that state, a minute at most.
  bool Reaches(const std::string& state) const {
    for (int i = 0; i < 600; ++i) {
      std::error_code ec;
      if (fs::exists(run_ / "journal.jsonl", ec) && Status()["state"] == state) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }
  Command Begin(const char* workflow, const std::vector<std::string>& more = {}) {
    WriteAll(folder_ / "w.yaml", workflow);
    WriteAll(folder_ / "real.yaml", "preset: corrected_200kV\nreal_time: true\n");
    std::vector<std::string> words = {RonchiProgram(), "run", "w.yaml", "-o", "run"};
    words.insert(words.end(), more.begin(), more.end());
    return Command(words, folder_.path());
  }
  std::vector<json> Journal() const {
    std::vector<json> all;
    std::istringstream text(ReadAll(run_ / "journal.jsonl"));
    for (std::string line; std::getline(text, line);) {
      const json j = json::parse(line, nullptr, false);
      if (j.is_object()) all.push_back(j["entry"]);
    }
    return all;
  }
  const TemporaryFolder folder_;
  const fs::path run_ = folder_.path() / "run";
};

TEST_F(FlowControl, EveryWordIsAcknowledged) {
  Command run = Begin(kMany);
  ASSERT_TRUE(Reaches("running"));
  EXPECT_EQ(Flow({"resume", "run"}).status, 1);  // it is not paused
  const Finished paused = Flow({"pause", "run"});
  EXPECT_EQ(paused.status, 0) << paused.err;
  EXPECT_THAT(paused.out, HasSubstr("taken: it is paused"));
  EXPECT_EQ(Status()["state"], "paused");
  EXPECT_THAT(Flow({"pause", "run"}).out, HasSubstr("it is paused already"));
  const Finished nothing = Flow({"answer", "run", "yes"});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.err, HasSubstr("it asks nothing now"));
  EXPECT_EQ(Flow({"resume", "run"}).status, 0);
  EXPECT_EQ(Status()["state"], "running");
  EXPECT_EQ(Flow({"skip", "run"}).status, 0);
  const Finished stopped = Flow({"stop", "run"});
  EXPECT_EQ(stopped.status, 0) << stopped.err;
  EXPECT_EQ(run.Wait().status, 130);
  const json status = Status();
  EXPECT_EQ(status["state"], "stopped");
  EXPECT_THAT(status["ended_by"].get<std::string>(), HasSubstr("stopped by "));
  size_t told = 0, skipped = 0;
  for (const json& e : Journal()) {
    told += e["type"] == "told";
    skipped += e.value("skipped", false);
  }
  EXPECT_EQ(told, 4u);
  EXPECT_LE(skipped, 1u);  // where it was taken in the midst of a wait, the rest of that
  // Of the words that make no sense, and of what is no word, one line and another status than 0.
  EXPECT_EQ(Flow({"halt", "run"}).status, 2);
  EXPECT_EQ(Flow({"answer", "run"}).status, 2);
  EXPECT_EQ(Flow({"pause", "run", "now"}).status, 2);
  EXPECT_EQ(Flow({"status", "nowhere"}).status, 2);
}

TEST_F(FlowControl, ARunThatEndedHearsNothingAndSaysSo) {
  WriteAll(
      folder_ / "w.yaml",
      "version: 1\nworkflow: short\ninstrument: corrected_200kV\nsteps:\n  - read: optics.C10\n");
  ASSERT_EQ(Ronchi({"run", "w.yaml", "-o", "run"}, folder_.path()).status, 0);
  EXPECT_EQ(Status()["state"], "ended");
  for (const char* word : {"pause", "resume", "skip", "stop"}) {
    const Finished done = Flow({word, "run"});
    EXPECT_EQ(done.status, 1) << word;
    EXPECT_EQ(done.ErrorLines(), 1u);
    EXPECT_THAT(done.err, HasSubstr("run: has ended (done); there is nothing to ")) << word;
  }
  EXPECT_EQ(Flow({"answer", "run", "yes"}).status, 1);
}

TEST_F(FlowControl, ADeadRunSaysHowToGoOnAndAnOldWordStopsNoNewSitting) {
  // As a `flow stop` that was killed itself while it waited would leave it, and as no version does.
  for (const char* left :
       {R"({"word":"stop","text":"","who":"ada","id":"1-1","sitting":1})", "stop ada\n"}) {
    fs::remove_all(run_);
    Command run = Begin(kQuestion, {"--attended"});
    ASSERT_TRUE(Reaches("asking"));
    run.Signal(SIGKILL);
    run.Wait();
    EXPECT_EQ(Status()["state"], "stopped");
    for (const char* word : {"pause", "stop", "answer"}) {
      std::vector<std::string> words = {word, "run"};
      if (words[0] == "answer") words.push_back("yes");
      const Finished done = Flow(words);
      EXPECT_EQ(done.status, 1);
      EXPECT_THAT(done.err, HasSubstr("its process is gone")) << word;
      EXPECT_THAT(done.err, HasSubstr("'ronchi run run --resume' goes on with it"));
    }
    WriteAll(run_ / "control", left);
    const Finished resumed = Ronchi(
        {"run", "run", "--resume", "--yes-to", "go", "--answer", "where=2 nm"}, folder_.path());
    EXPECT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_THAT(resumed.out, HasSubstr("ended by done"));
    EXPECT_THAT(resumed.err, HasSubstr("thrown away: '"));
    EXPECT_FALSE(fs::exists(run_ / "control"));
  }
}

// A scan of minutes on the wall's clock, and somebody who waits for a tenth of one.
TEST_F(FlowControl, AWordThatIsNotTakenInTimeIsTakenBack) {
  Command run = Begin(
      "version: 1\nworkflow: slow\ninstrument: real.yaml\nbudget: {dose: 1e15 e/A^2}\nsteps:\n"
      "  - unblank\n  - scan: {fov: 1.562 nm, pixels: 64, dwell: 50 ms, detectors: haadf}\n"
      "    as: a\n  - blank\n");
  // In flight: begun, and not yet done.
  for (int i = 0; i < 600; ++i) {
    std::error_code ec;
    if (fs::exists(run_ / "journal.jsonl", ec) && Status()["step"] == "steps[1].scan") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const Finished late = Flow({"stop", "run", "--wait", "0.1"});
  EXPECT_EQ(late.status, 1) << late.out;
  EXPECT_THAT(late.err, HasSubstr("not taken within 0.1 s, and taken back"));
  EXPECT_EQ(Status()["state"], "running");
  run.Signal(SIGKILL);
  run.Wait();
}

TEST_F(FlowControl, QuestionsAreAnsweredFromAnotherTerminal) {
  Command run = Begin(kQuestion, {"--attended"});
  ASSERT_TRUE(Reaches("asking"));
  json status = Status();
  EXPECT_EQ(status["question"]["name"], "go");
  const Finished nonsense = Flow({"answer", "run", "perhaps"});
  EXPECT_EQ(nonsense.status, 2);
  EXPECT_THAT(nonsense.err, HasSubstr("'perhaps' is no answer to 'go on?'; allowed: yes, no"));
  const Finished yes = Flow({"answer", "run", "yes because the area is free"});
  EXPECT_EQ(yes.status, 0) << yes.err;
  for (int i = 0; i < 600 && Status()["question"].value("name", "") != "where"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(Flow({"answer", "run", "6 nm"}).err, HasSubstr("allowed: -5 nm … 5 nm"));
  EXPECT_EQ(Flow({"answer", "run", "3 nm"}).status, 0);
  const Finished done = run.Wait();
  EXPECT_EQ(done.status, 0) << done.err;
  std::vector<json> answered;
  double c10 = 0;
  for (const json& e : Journal()) {
    if (e["type"] == "answered") answered.push_back(e);
    if (e["type"] == "command" && e["command"]["verb"] == "set") {
      c10 = e["command"]["value"]["si"].get<double>();
    }
  }
  ASSERT_EQ(answered.size(), 2u);
  EXPECT_EQ(answered[0]["why"], "the area is free");
  EXPECT_NEAR(c10, 3e-9, 1e-15);  // round-off of a unit
  const std::string report = ReadAll(run_ / "report.html");
  EXPECT_THAT(report, HasSubstr("the area is free"));
  EXPECT_THAT(report, HasSubstr("where to? (where)"));
  // The beam was not on while somebody was thinking: it went off and on again around each question.
  std::vector<std::string> verbs;
  std::istringstream log(ReadAll(run_ / "events.jsonl"));
  for (std::string line; std::getline(log, line);) {
    const json j = json::parse(line, nullptr, false);
    const std::string verb = j.value("command", json::object()).value("verb", "");
    if (verb == "blank" || verb == "unblank" || verb == "scan") verbs.push_back(verb);
  }
  EXPECT_THAT(verbs, ::testing::ElementsAre("blank", "unblank", "blank", "unblank", "blank",
                                            "unblank", "scan", "blank"));
}

// To stop a run while it asks is not to say no: it is asked again when the run goes on.
TEST_F(FlowControl, StoppedAtAQuestionItAsksAgain) {
  {
    Command run = Begin(kQuestion, {"--attended"});
    ASSERT_TRUE(Reaches("asking"));
    run.Signal(SIGINT);
    const Finished done = run.Wait();
    EXPECT_EQ(done.status, 130) << done.err;
    EXPECT_EQ(Status()["state"], "stopped");
  }
  {
    Command run({RonchiProgram(), "run", "run", "--resume", "--attended"}, folder_.path());
    ASSERT_TRUE(Reaches("asking"));
    EXPECT_EQ(Flow({"stop", "run"}).status, 0);
    EXPECT_EQ(run.Wait().status, 130);
  }
  const Finished done = Ronchi(
      {"run", "run", "--resume", "--yes-to", "go", "--answer", "where=2 nm"}, folder_.path());
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(Ronchi({"replay", "run"}, folder_.path()).status, 0);
}

}  // namespace
}  // namespace ronchi
