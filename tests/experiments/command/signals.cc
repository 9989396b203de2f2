// A run that a signal, a closed terminal or a full disk meets: the beam is off when it is over, and
// what was done is saved. By the log of what really went to the instrument.
#include <gmock/gmock.h>

#include <csignal>
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
using testing_support::RonchiProgram;
using testing_support::RunCommand;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

std::string Workflow(int scans, const std::string& besides = "") {
  return "version: 1\nworkflow: frames\ninstrument: corrected_200kV\nbudget: {dose: 1e9 e/A^2}\n"
         "steps:\n"
         "  - unblank\n"
         "  - repeat:\n"
         "      - scan: {fov: 1.562 nm, pixels: 16, dwell: 1 us, detectors: haadf}\n" +
         besides + "    max: " + std::to_string(scans) + "\n";
}

// Of the commands that reached the instrument.
struct Seen {
  size_t scans = 0;
  bool off = false;  // the last one that has to do with the beam turned it off
};
Seen Log(const fs::path& folder) {
  Seen seen;
  std::istringstream text(ReadAll(folder / "events.jsonl"));
  for (std::string line; std::getline(text, line);) {
    const json j = json::parse(line, nullptr, false);
    if (j.is_discarded()) continue;  // the line of a process that was killed
    const std::string verb = j.value("command", json::object()).value("verb", "");
    seen.scans += verb == "scan";
    if (verb == "unblank") seen.off = false;
    if (verb == "blank" || verb == "safe") seen.off = true;
  }
  return seen;
}

class Signals : public ::testing::Test {
 protected:
  Signals() { WriteAll(folder_ / "long.yaml", Workflow(1000000)); }
  // In the middle of its scans.
  void WaitForScans(size_t scans) {
    for (int i = 0; i < 6000 && Log(folder_.path() / "run").scans < scans; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_GE(Log(folder_.path() / "run").scans, scans);
  }
  TemporaryFolder folder_;
};

class EndingSignals : public Signals, public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(EndingSignals, TheBeamIsOff) {
  const auto [signal, status] = GetParam();
  Command command({RonchiProgram(), "run", "long.yaml", "-o", "run", "-q"}, folder_.path());
  WaitForScans(10);
  command.Signal(signal);
  const Finished done = command.Wait();
  EXPECT_EQ(done.status, status) << done.err;
  EXPECT_TRUE(Log(folder_.path() / "run").off);
}

// The polite ones end in order; the others do what they do, once the beam is off.
INSTANTIATE_TEST_SUITE_P(
    All, EndingSignals,
    ::testing::Values(std::pair(SIGHUP, 130), std::pair(SIGINT, 130), std::pair(SIGTERM, 130),
                      std::pair(SIGXCPU, 130), std::pair(SIGQUIT, 128 + SIGQUIT),
                      std::pair(SIGSEGV, 128 + SIGSEGV), std::pair(SIGABRT, 128 + SIGABRT),
                      std::pair(SIGALRM, 128 + SIGALRM), std::pair(SIGPROF, 128 + SIGPROF),
                      std::pair(SIGRTMIN, 128 + SIGRTMIN)));

TEST_F(Signals, PipesAndFileSizesEndNothing) {
  Command command({RonchiProgram(), "run", "long.yaml", "-o", "run", "-q"}, folder_.path());
  WaitForScans(10);
  command.Signal(SIGPIPE);
  command.Signal(SIGXFSZ);
  WaitForScans(Log(folder_.path() / "run").scans + 10);
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait().status, 130);
  EXPECT_TRUE(Log(folder_.path() / "run").off);
}

// The reader has gone after two lines; the run goes on to its end, for whoever reads its folder.
TEST_F(Signals, WhoReadsTwoLinesAndLeaves) {
  // One line a scan: the third finds nobody to read it.
  WriteAll(folder_ / "short.yaml", Workflow(200, "      - log: scanned\n"));
  const Finished done = RunCommand(
      {"bash", "-c",
       "'" + RonchiProgram() + "' run short.yaml -o run 2>&1 | head -n 2; exit ${PIPESTATUS[0]}"},
      folder_.path());
  EXPECT_EQ(done.status, 1) << "not all of its result was taken";
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(Log(folder_.path() / "run").scans, 200u);
  EXPECT_TRUE(Log(folder_.path() / "run").off);
  EXPECT_THAT(ReadAll(folder_.path() / "run/journal.jsonl"), HasSubstr("\"finish\""));
}

// No file may grow beyond 200 kB: to the run that is a full disk, not the end of the program.
TEST_F(Signals, AFileThatMayNotGrow) {
  const Finished done = RunCommand(
      {"bash", "-c", "ulimit -f 200; exec '" + RonchiProgram() + "' run long.yaml -o run -q"},
      folder_.path());
  EXPECT_TRUE(done.status == 1 || done.status == 2) << done.status << done.err;
  EXPECT_THAT(done.out + done.err, HasSubstr("File too large"));
  EXPECT_THAT(done.out + done.err, HasSubstr("the beam has been blanked"));
}

}  // namespace
}  // namespace ronchi
