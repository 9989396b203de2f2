// A session of more than two hours on the instrument's clock, recorded behind guard and recorder,
// then played back: every reply the same to the bit, in seconds. Half of that time are 2400 scans
// of 32 × 32 at 1.5 ms a pixel, the other half 24 times 150 s for which the probe is parked.
#include <gtest/gtest.h>

#include <cstring>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "hw/instrument/command_json.h"
#include "hw/record/recorded.h"
#include "hw/record/replayed.h"
#include "hw/safety/guarded.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::TwinFromYaml;

constexpr int kScans = 2400;

// Processor time, which other programs do not lengthen.
double Since(std::clock_t start) { return double(std::clock() - start) / CLOCKS_PER_SEC; }

GuardOptions Envelope() {
  GuardOptions o;
  o.dose_budget_e_per_m2 = 1e40;
  o.limits["optics.C10"] = {-20e-9, 20e-9, 15e-9};
  return o;
}

// What the agent sets follows from what it sees: a replay that differed would soon ask otherwise.
std::vector<absl::StatusOr<Reply>> Session(Instrument* instrument) {
  RandomStream random({.seed = 1, .name = "test.session"});
  std::vector<absl::StatusOr<Reply>> replies;
  const auto act = [&](const Command& c) { replies.push_back(instrument->Execute(c)); };
  double seen = 0;
  act(Unblank{});
  for (int i = 0; i < kScans; ++i) {
    act(Set{"optics.C10", Nanometres(7 * random.Normal() + seen)});  // now and then out of limits
    act(Scan{.fov_x_m = 2e-9,
             .fov_y_m = 2e-9,
             .pixels_x = 32,
             .pixels_y = 32,
             .dwell_s = 1.5e-3,
             .detectors = {"haadf"}});
    if (replies.back().ok()) seen = std::fmod(double(replies.back()->frames[0].counts[0]), 1.0);
    if (i % 10 == 0) act(Read{{"beam.current", "optics.C10", "dose.max"}});
    if (i % 100 == 0) act(Park{5e-9, 0, 150});
  }
  act(Safe{});
  return replies;
}

bool SameBits(const Reply& a, const Reply& b) {
  // Everything but the pixels is text that names every number in full; NaN is a pixel like any.
  if (ToJson(a) != ToJson(b) || a.frames.size() != b.frames.size()) return false;
  for (size_t i = 0; i < a.frames.size(); ++i) {
    const auto &x = a.frames[i].counts, &y = b.frames[i].counts;
    if (std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) != 0) return false;
  }
  return true;
}

TEST(LongReplay, TwoHoursAreIdenticalAndTakeSeconds) {
  const std::string folder = testing::TempDir() + "long_replay";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::clock_t start = std::clock();
  std::vector<absl::StatusOr<Reply>> recorded;
  {
    auto guarded = MakeGuarded(
        MakeRecorded(*MakeTwin(TwinFromYaml(), 1), "twin", *EventLog::Create(folder)), Envelope());
    ASSERT_TRUE(guarded.ok()) << guarded.status();
    recorded = Session(guarded->get());
  }
  const double record_s = Since(start);
  ASSERT_TRUE(recorded.back().ok());
  const double session_s = recorded.back()->time_s;
  EXPECT_GT(session_s, 2 * 3600);

  start = std::clock();
  auto replayed = OpenReplayed(folder, "twin");
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  auto guarded = MakeGuarded(std::move(*replayed), Envelope());
  ASSERT_TRUE(guarded.ok()) << guarded.status();
  const auto again = Session(guarded->get());
  const double replay_s = Since(start);
  ASSERT_EQ(again.size(), recorded.size());
  int scans = 0, refused = 0, different = 0;
  for (size_t i = 0; i < again.size(); ++i) {
    refused += !recorded[i].ok();
    scans += recorded[i].ok() && !recorded[i]->frames.empty();
    const bool same = recorded[i].ok() && again[i].ok() ? SameBits(*recorded[i], *again[i])
                                                        : recorded[i].status() == again[i].status();
    different += !same;
  }
  EXPECT_EQ(different, 0);
  EXPECT_EQ(scans, kScans);
  EXPECT_GT(refused, 10);
  EXPECT_LT(replay_s, 10);  // measured: well below one
  std::cout << session_s / 3600 << " h of the instrument, " << recorded.size() << " commands, "
            << scans << " scans, " << refused << " refused: recorded in " << record_s
            << " s, replayed in " << replay_s << " s\n";
  guarded->reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ronchi::hw
