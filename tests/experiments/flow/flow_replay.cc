// A workflow's run comes back to the bit, its waits too; and a twin whose program was killed is the
// same twin when the run goes on.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing_support::Command;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// A second's pause between frames: drift and walks go on in it.
constexpr char kFrames[] = R"(version: 1
workflow: frames and waits
instrument: corrected_200kV
budget: {dose: 1e9 e/A^2}
steps:
  - let: {n: 0}
  - unblank
  - repeat:
      - scan: {fov: 1.562 nm, pixels: 32, dwell: 1 us, detectors: haadf}
        as: f
      - wait: 1 s
      - let: {n: n + 1}
      - save: {mean: mean(f.haadf)}
    until: n >= 3000
    max: 3000
  - blank
)";

json Replayed(const fs::path& folder) {
  const Finished replay = Ronchi({"replay", "run", "--json"}, folder);
  EXPECT_EQ(replay.status, 0) << replay.out << replay.err;
  return json::parse(replay.out, nullptr, false);
}

TEST(FlowReplay, AKilledTwinIsTheSameTwinWhenTheRunGoesOn) {
  const TemporaryFolder folder;
  WriteAll(folder / "w.yaml", kFrames);
  Command command({RonchiProgram(), "run", "w.yaml", "-o", "run"}, folder.path());
  const fs::path frames = folder.path() / "run/frames.f32";
  std::error_code ec;
  constexpr size_t kFrameBytes = 32 * 32 * 4;
  for (int i = 0;
       i < 5000 && !(fs::exists(frames, ec) && fs::file_size(frames, ec) >= 100 * kFrameBytes);
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  command.Signal(SIGKILL);
  ASSERT_EQ(command.Wait().status, 128 + SIGKILL);
  const json first = Replayed(folder.path());
  EXPECT_GE(first["frames"], 100);

  const Finished done = Ronchi({"run", "run", "--resume", "--json"}, folder.path());
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(json::parse(done.out)["ended_by"], "done");
  EXPECT_EQ(done.err.find("not the twin"), std::string::npos) << done.err;
  // The second sitting's replies are those of the first one's twin, gone on: a new one has other
  // drift, other noise, another clock.
  const json both = Replayed(folder.path());
  EXPECT_GE(both["frames"], 3000);
  EXPECT_GT(both["commands"], first["commands"]);
  EXPECT_EQ(both["different"], 0) << both["first_difference"];
}

TEST(FlowReplay, AnotherSeedIsAnotherTwin) {
  const TemporaryFolder folder;
  WriteAll(folder / "w.yaml", kFrames);
  ASSERT_EQ(Ronchi({"run", "w.yaml", "-o", "run", "-q"}, folder.path()).status, 0);
  EXPECT_EQ(Replayed(folder.path())["different"], 0);
  WriteAll(folder / "run/run.json", R"({"instrument": "corrected_200kV", "seed": 2})");
  const Finished replay = Ronchi({"replay", "run", "--json"}, folder.path());
  EXPECT_EQ(replay.status, 1);
  EXPECT_GT(json::parse(replay.out)["different"], 0);
}

}  // namespace
}  // namespace ronchi
