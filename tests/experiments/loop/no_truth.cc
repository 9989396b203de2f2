// A recipe on what has no ground truth: an instrument that is plugged in, and a recorded run. It
// runs to its end, and says that there is none; and whatever the instrument does wrong ends it in
// order.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RunCommand;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// The example in Python with a fault: as a program, `python3 faulty.py <fault>`.
constexpr char kFaulty[] = R"(
import os, sys, time
sys.path.insert(0, "SOURCE/examples/driver/python")
import numpy as np
import column, ronchi
FAULT = sys.argv[1]
class Faulty(column.Column):
    scans = sets = 0
    def scan(self, command, execution):
        self.scans += 1
        reply = super().scan(command, execution)
        if self.scans < 8: return reply
        haadf = reply["frames"]["haadf"]
        if FAULT == "raises": 1 / 0
        if FAULT == "hangs": time.sleep(600)
        if FAULT == "dies": os.kill(os.getpid(), 9)
        if FAULT == "exits": os._exit(3)
        if FAULT == "shape": reply["frames"]["haadf"] = haadf[..., :-1]
        if FAULT == "nan": haadf[..., 3] = np.nan
        if FAULT == "nothing": return None
        if FAULT == "text": reply["electrons"] = "many"
        if FAULT == "infinite": reply["electrons"] = np.inf
        if FAULT == "clock": reply["time_s"] = -5.0
        if FAULT == "object": reply["electrons"] = object()
        return reply
    def set(self, command, execution):
        self.sets += 1
        reply = super().set(command, execution)
        if self.sets < 8: return reply
        at = {"nm": 1e9, "unread": np.nan}.get(FAULT, 1)
        return {"readings": {name: si * at for name, si in reply["readings"].items()}}
if __name__ == "__main__":
    ronchi.serve_instrument(Faulty(), sys.argv[2] if len(sys.argv) > 2 else None)
)";

class NoTruth : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RunCommand({"python3", "-c", "import numpy"}, folder_.path()).status != 0) {
      GTEST_SKIP() << "python3 has no NumPy, which the instrument here is written in";
    }
    std::string faulty = kFaulty;
    faulty.replace(faulty.find("SOURCE"), 6, RONCHI_SOURCE_DIR);
    WriteAll(folder_ / "faulty.py", faulty);
    const Finished done =
        Ronchi(With({"train", "quickstart", "-q", "-o", "p.json"}), folder_.path());
    ASSERT_EQ(done.status, 0) << done.err;
  }
  static std::vector<std::string> With(std::vector<std::string> words) {
    for (const char* set : {"agent.kind=nelder_mead", "train.tune_steps=1", "deploy.steps=12",
                            "environment.pixels=16"}) {
      words.insert(words.end(), {"--set", set});
    }
    return words;
  }
  // Into the folder `out`; on the recipe's own twin where no instrument is given.
  Finished Deploy(const std::string& out, const std::string& instrument,
                  const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = With({"deploy", "p.json", "quickstart", "-q", "-o", out});
    if (!instrument.empty())
      words.insert(words.end(), {"--set", "deploy.instrument=" + instrument});
    words.insert(words.end(), more.begin(), more.end());
    return Ronchi(words, folder_.path());
  }
  static std::string Faulty(const std::string& fault) {
    // Seconds after which a program that hangs is given up: long enough for this machine's worst.
    return absl::StrCat("{kind: program, command: [python3, faulty.py, ", fault,
                        "], longest_s: 5, cancel_s: 1, end_s: 0.1}");
  }
  static std::string Replay(const std::string& of) {
    return absl::StrCat("{kind: replay, folder: ", of, ", instrument: deploy}");
  }
  json Summary(const std::string& run) const {
    return json::parse(ReadAll(folder_ / (run + "/summary.json")));
  }
  void ExpectSaysSo(const Finished& done, const std::string& run) const {
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_THAT(done.out, AllOf(HasSubstr("no ground truth: "), Not(HasSubstr("false)"))));
    EXPECT_THAT(ReadAll(folder_ / (run + "/report.html")),
                AllOf(HasSubstr("tells no ground truth"), Not(HasSubstr("truth (twin)")),
                      Not(HasSubstr("How good it really is")),
                      Not(HasSubstr("False alarms</span>"
                                    "<span class=\"value\">0"))));
    const json deploy = Summary(run).at("deploy");
    EXPECT_EQ(deploy.at("has_ground_truth"), false);
    EXPECT_TRUE(deploy.at("alarms_false").is_null());
    EXPECT_EQ(deploy.at("figure").at("of"), "measured contrast");
    EXPECT_EQ(Ronchi({"report", run}, folder_.path()).status, 0);
  }
  const TemporaryFolder folder_;
};

TEST_F(NoTruth, APluggedInstrumentAndItsReplay) {
  const std::string column = RONCHI_SOURCE_DIR "/examples/driver/python/column.yaml";
  ExpectSaysSo(Deploy("one", column), "one");
  // Nothing but the record is needed, and it brings every pixel again.
  ExpectSaysSo(Deploy("two", Replay("one")), "two");
  EXPECT_EQ(ReadAll(folder_ / "one/frames.f32"), ReadAll(folder_ / "two/frames.f32"));
  EXPECT_GT(ReadAll(folder_ / "one/frames.f32").size(), 12u * 16 * 16 * 4);
  EXPECT_EQ(Summary("one").at("deploy"), Summary("two").at("deploy"));
  ExpectSaysSo(Deploy("three", Replay("two")), "three");
}

TEST_F(NoTruth, TheReplayOfATwinKnowsNoMoreThanTheRecord) {
  ASSERT_EQ(Deploy("one", "").status, 0);
  EXPECT_EQ(Summary("one").at("deploy").at("has_ground_truth"), true);
  ExpectSaysSo(Deploy("two", Replay("one")), "two");
  EXPECT_EQ(ReadAll(folder_ / "one/frames.f32"), ReadAll(folder_ / "two/frames.f32"));
}

TEST_F(NoTruth, WhatWasNotRecordedIsToldInALine) {
  ASSERT_EQ(Deploy("one", "").status, 0);
  struct Case {
    std::vector<std::string> more;
    int status;
    const char* says;
  };
  const Case cases[] = {
      // Another fit of theory from other draws: set elsewhere.
      {{"--set", "deploy.steps=13"}, 1, "failed after 12 of 13 steps: replay of deploy: event "},
      {{"--set", "environment.pixels=18"}, 1, "replay of deploy: event "},
      {{"--set", "deploy.instrument.instrument=tune"},
       2,
       "no instrument 'tune'; the log has: deploy"},
      {{"--set", "deploy.instrument.folder=none"}, 2, "none/events.jsonl: No such file"},
      {{"--set", "deploy.instrument.guard={}"}, 2, "not allowed here: a guard is around"},
      {{"--set", "deploy.guard=none"}, 2, "deploy.guard"},
  };
  for (const Case& c : cases) {
    std::filesystem::remove_all(folder_ / "two");
    const Finished done = Deploy("two", Replay("one"), c.more);
    EXPECT_EQ(done.status, c.status) << c.more[1] << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, AllOf(HasSubstr(c.says), Not(HasSubstr("CONFIRMED"))));
    EXPECT_EQ(std::filesystem::exists(folder_ / "two"), c.status != 2) << c.more[1];
  }
}

TEST_F(NoTruth, WhatCannotBeOpenedLeavesNothing) {
  for (const char* instrument :
       {"{kind: remote, address: '127.0.0.1:1'}", "{kind: program, command: [no_such_program]}",
        "{kind: program, command: [python3, -c, pass]}", "{kind: library, path: no.so}"}) {
    const Finished done = Deploy("one", instrument);
    EXPECT_NE(done.status, 0);
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr("deploy.instrument"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "one")) << instrument;
  }
}

// What is no simulation runs behind the recipe's guard; and `ronchi replay`, which has none, leaves
// it alone. Its record can be deployed on as often as one likes.
TEST_F(NoTruth, WhatIsNoSimulationIsGivenNothingTwice) {
  std::string real = ReadAll(folder_ / "faulty.py");
  real.replace(real.find("    scans = sets"), 0,
               "    description = {**column.Column.description, 'simulated': False}\n"
               "    def __init__(self):\n"
               "        super().__init__()\n"
               "        open('opened', 'a').write('1')\n");
  WriteAll(folder_ / "faulty.py", real);
  const Finished done = Deploy("one", Faulty("none"));
  EXPECT_EQ(done.status, 0) << done.err;
  const std::string opened = ReadAll(folder_ / "opened");
  const Finished again = Ronchi({"replay", "one"}, folder_.path());
  EXPECT_EQ(again.status, 2) << again.out << again.err;
  EXPECT_THAT(again.err, HasSubstr("one: 'deploy' was toy:numpy, which is no simulation"));
  // Nor is it opened for that: who commands it meanwhile is not disturbed.
  EXPECT_EQ(ReadAll(folder_ / "opened"), opened);
  ASSERT_EQ(Deploy("two", Replay("one")).status, 0);
  EXPECT_EQ(Ronchi({"replay", "two"}, folder_.path()).status, 0);
}

// Whatever a program does in the midst of a run: what was done until then is kept, the error says
// what it was and whether the beam is known to be blanked.
TEST_F(NoTruth, WhatAProgramDoesWrongEndsTheRunInOrder) {
  const std::pair<const char*, const char*> kFaults[] = {
      {"raises", "the beam has been blanked: ZeroDivisionError in the instrument's program"},
      {"hangs", "COULD NOT BE CONFIRMED: python3 faulty.py hangs: during scan: it has not ended"},
      {"dies",
       "during scan: the link is lost: the other side has closed it: it was killed by "
       "signal 9; whether the beam is blanked is not known"},
      {"exits", "it ended with status 3; whether the beam is blanked is not known"},
      {"shape", "does not fit: frame 0 of haadf has the shape [16, 15]; asked for was [16, 16]"},
      {"nan", "pixel 3 of frame 0 of haadf is nan, and it says that it is complete"},
      {"nothing", "0 frames where 2 were asked for"},
      {"text", "'many' is not a number"},
      {"infinite", "electrons: inf"},
      {"clock", "s to -5 s"},
      {"object", "TypeError in the instrument's program: Object of type object is not JSON"},
      {"nm", "m instead of "},
      {"unread", "stands at nan m instead of "},
  };
  for (const auto& [fault, says] : kFaults) {
    std::filesystem::remove_all(folder_ / "one");
    const Finished done = Deploy("one", Faulty(fault));
    EXPECT_EQ(done.status, 1) << fault << done.err;
    EXPECT_THAT(done.err, HasSubstr(says)) << fault;
    EXPECT_THAT(done.err, HasSubstr("the deployment failed after "));
    EXPECT_EQ(Summary("one").at("ending"), "fault");
    EXPECT_GT(Summary("one").at("deploy").at("images"), 0) << fault;
    EXPECT_THAT(ReadAll(folder_ / "one/report.html"), HasSubstr("class=\"banner bad\""));
  }
}

}  // namespace
}  // namespace ronchi
