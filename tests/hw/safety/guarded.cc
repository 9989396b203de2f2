// The safety layer. Below every guard in this file stands a spy that keeps what really reached the
// instrument: nothing is believed of the guard that the spy has not seen.
#include "hw/safety/guarded.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::Seen;
using testing_support::Spy;
using testing_support::TwinFromYaml;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kPerA2 = 1e20;  // e⁻/m² in one e⁻/Å²

std::unique_ptr<Instrument> Guard(const GuardOptions& options, std::shared_ptr<Seen> seen,
                                  Spy::Fail fail = nullptr) {
  auto guarded = MakeGuarded(
      std::make_unique<Spy>(*MakeTwin(TwinFromYaml(), 1), std::move(seen), std::move(fail)),
      options);
  RONCHI_CHECK(guarded.ok());
  return std::move(*guarded);
}

GuardOptions Options(double budget_e_per_A2 = 1e6) {
  GuardOptions o;
  o.limits["optics.C10"] = {-20e-9, 20e-9, 15e-9};
  o.dose_budget_e_per_m2 = budget_e_per_A2 * kPerA2;
  return o;
}

Scan ScanAt(double x_nm, double fov_nm = 4, double dwell_s = 1e-6, size_t frames = 1) {
  return {.center_x_m = x_nm * 1e-9,
          .fov_x_m = fov_nm * 1e-9,
          .fov_y_m = fov_nm * 1e-9,
          .pixels_x = 8,
          .pixels_y = 8,
          .dwell_s = dwell_s,
          .frames = frames,
          .detectors = {"haadf"}};
}

class GuardedTest : public testing::Test {
 protected:
  // Refused by the guard: with a message, and without reaching the instrument.
  void ExpectRefused(Instrument* guarded, const Command& c, absl::StatusCode code) {
    const size_t before = seen_->commands.size();
    const auto r = guarded->Execute(c);
    EXPECT_EQ(r.status().code(), code) << VerbName(c) << " " << r.status();
    EXPECT_NE(r.status().message().find("guard"), std::string::npos) << r.status();
    EXPECT_EQ(seen_->commands.size(), before);
  }
  void ExpectAllowed(Instrument* guarded, const Command& c) {
    const auto r = guarded->Execute(c);
    EXPECT_TRUE(r.ok()) << VerbName(c) << " " << r.status();
  }
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  static constexpr auto kRange = absl::StatusCode::kOutOfRange;
};

TEST_F(GuardedTest, AbsoluteLimitsAndLargestStep) {
  auto g = Guard(Options(), seen_);
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(15)});
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(20)});
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(20.001)}, kRange);
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(4)}, kRange);  // a step of 16 nm
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(5.5)});
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(-20)}, kRange);
  // The instrument's own limits hold where no tighter one is given.
  ExpectAllowed(g.get(), Set{"optics.C12.a", Nanometres(49)});
  ExpectRefused(g.get(), Set{"optics.C12.a", Nanometres(51)}, kRange);
}

TEST_F(GuardedTest, RelativeMovesAddUp) {
  auto g = Guard(Options(), seen_);
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(9), true});
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(9), true});
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(9), true}, kRange);
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(-15), true});
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(-16), true}, kRange);
}

TEST_F(GuardedTest, NumbersThatAreNone) {
  auto g = Guard(Options(), seen_);
  ExpectAllowed(g.get(), Unblank{});
  for (double v : {kNan, kInf, -kInf}) {
    for (bool relative : {false, true}) {
      ExpectRefused(g.get(), Set{"optics.C10", Metres(v), relative}, kRange);
      ExpectRefused(g.get(), Set{"optics.C12.b", Metres(v), relative}, kRange);
    }
    ExpectRefused(g.get(), ScanAt(v), kRange);
    ExpectRefused(g.get(), ScanAt(0, v), kRange);
    ExpectRefused(g.get(), ScanAt(0, 4, v), kRange);
    ExpectRefused(g.get(), Park{v, 0, 1}, kRange);
    ExpectRefused(g.get(), Park{0, v, 1}, kRange);
    ExpectRefused(g.get(), Park{0, 0, v}, kRange);
  }
  ExpectRefused(g.get(), ScanAt(0, 0), kRange);
  ExpectRefused(g.get(), ScanAt(0, -4), kRange);
  ExpectRefused(g.get(), ScanAt(0, 4, -1e-6), kRange);
  ExpectRefused(g.get(), ScanAt(0, 1e300), kRange);
  ExpectRefused(g.get(), Park{0, 0, -1}, kRange);
  ExpectAllowed(g.get(), ScanAt(0));
}

// 60 pA for 1 µs on each pixel, 0.5 nm apart: 375 e⁻ on the 1 Å² where the probe stands; a budget
// of 1000 allows two such scans on one place.
TEST_F(GuardedTest, TheDoseAddsUpWhereFieldsOverlapAndOnlyThere) {
  auto g = Guard(Options(1000), seen_);
  ExpectAllowed(g.get(), Unblank{});
  ExpectAllowed(g.get(), ScanAt(0));
  ExpectAllowed(g.get(), ScanAt(3));            // overlaps the first
  ExpectRefused(g.get(), ScanAt(1.5), kRange);  // a third on the overlap
  ExpectAllowed(g.get(), ScanAt(20));           // elsewhere
  ExpectAllowed(g.get(), ScanAt(20));
  ExpectRefused(g.get(), ScanAt(20), kRange);
  ExpectRefused(g.get(), ScanAt(40, 4, 1e-6, 3), kRange);  // three frames at once
  ExpectAllowed(g.get(), ScanAt(40, 4, 1e-6, 2));
  // Over nine times the area the probe stands on as little as before.
  ExpectAllowed(g.get(), ScanAt(60, 12, 1e-6, 2));
  ExpectRefused(g.get(), ScanAt(60, 12, 1e-6, 1), kRange);
  ExpectRefused(g.get(), Park{80e-9, 0, 1e-3}, kRange);  // all of it within 1 Å²
  ExpectAllowed(g.get(), Park{80e-9, 0, 1.25e-6});       // 468 e⁻
  ExpectAllowed(g.get(), Park{80e-9, 0, 1.25e-6});
  ExpectRefused(g.get(), Park{80e-9, 0, 1.25e-6}, kRange);
}

TEST_F(GuardedTest, AFaultBlanksAndARefusalDoesNot) {
  bool broken = false;
  auto g = Guard(Options(), seen_, [&](const Command& c) {
    return broken && std::holds_alternative<Scan>(c) ? absl::UnavailableError("link lost")
                                                     : absl::OkStatus();
  });
  // Blanked: the instrument refuses, and nothing more is done.
  EXPECT_TRUE(absl::IsFailedPrecondition(g->Execute(ScanAt(0)).status()));
  EXPECT_TRUE(std::holds_alternative<Scan>(seen_->commands.back()));
  ExpectAllowed(g.get(), Unblank{});
  ExpectAllowed(g.get(), ScanAt(0));
  broken = true;
  const auto r = g->Execute(ScanAt(0));
  EXPECT_TRUE(absl::IsUnavailable(r.status()));
  EXPECT_NE(r.status().message().find("the beam has been blanked"), std::string::npos);
  EXPECT_NE(r.status().message().find("link lost"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<Blank>(seen_->commands.back()));
  EXPECT_TRUE((*g->Execute(Abort{})).blanked);
}

TEST_F(GuardedTest, BlankingThatFailsIsSaidLoudly) {
  bool broken = false;
  auto g = Guard(Options(), seen_, [&](const Command&) {
    return broken ? absl::InternalError("dead") : absl::OkStatus();
  });
  ExpectAllowed(g.get(), Unblank{});
  broken = true;
  EXPECT_NE(g->Execute(ScanAt(0)).status().message().find("BLANKING COULD NOT BE CONFIRMED"),
            std::string::npos);
}

// A scan that fails may have been carried out: its dose counts.
TEST_F(GuardedTest, FailedScansCountInFull) {
  auto g = Guard(Options(1000), seen_, [](const Command& c) {
    return std::holds_alternative<Scan>(c) ? absl::DataLossError("no record") : absl::OkStatus();
  });
  for (int i = 0; i < 2; ++i) {
    ExpectAllowed(g.get(), Unblank{});
    EXPECT_TRUE(absl::IsDataLoss(g->Execute(ScanAt(0)).status()));
  }
  ExpectRefused(g.get(), ScanAt(0), kRange);
}

// A set that fails half way may have moved the column: the guard looks where it stands.
TEST_F(GuardedTest, AFailedSetIsReadBack) {
  bool broken = false, blind = false;
  auto g = Guard(Options(), seen_, [&](const Command& c) {
    return (broken && std::holds_alternative<Set>(c)) || (blind && std::holds_alternative<Read>(c))
               ? absl::UnavailableError("link lost")
               : absl::OkStatus();
  });
  broken = true;
  EXPECT_FALSE(g->Execute(Set{"optics.C10", Nanometres(14)}).ok());  // carried out all the same
  broken = false;
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(7), true}, kRange);
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(5), true});
  // And while it cannot look, nothing moves.
  broken = blind = true;
  EXPECT_FALSE(g->Execute(Set{"optics.C10", Nanometres(10)}).ok());
  broken = false;
  ExpectRefused(g.get(), Set{"optics.C10", Nanometres(1), true},
                absl::StatusCode::kFailedPrecondition);
  blind = false;
  ExpectAllowed(g.get(), Read{{"optics.C10"}});
  ExpectAllowed(g.get(), Set{"optics.C10", Nanometres(1), true});
}

TEST_F(GuardedTest, DestructionBlanks) {
  {
    auto g = Guard(Options(), seen_);
    ExpectAllowed(g.get(), Unblank{});
  }
  ASSERT_TRUE(std::holds_alternative<Safe>(seen_->commands.back()));
  EXPECT_TRUE(seen_->replies.back()->blanked);
}

TEST_F(GuardedTest, HidesTheGroundTruth) {
  auto twin = *MakeTwin(TwinFromYaml(), 1);
  EXPECT_NE(twin->ground_truth(), nullptr);
  auto g = MakeGuarded(std::move(twin), Options());
  ASSERT_TRUE(g.ok());
  EXPECT_EQ((*g)->ground_truth(), nullptr);
}

TEST_F(GuardedTest, NoBudgetOrALimitThatCannotBeIsRefused) {
  auto make = [](const GuardOptions& o) {
    return MakeGuarded(*MakeTwin(TwinFromYaml(), 1), o).status();
  };
  for (double budget : {0.0, -1.0, kNan}) {
    EXPECT_TRUE(absl::IsInvalidArgument(make(Options(budget)))) << budget;
  }
  GuardOptions unknown = Options(), fixed = Options();
  unknown.limits["optics.C99"] = {};
  fixed.limits["beam.current"] = {};
  EXPECT_TRUE(absl::IsInvalidArgument(make(unknown)));
  EXPECT_TRUE(absl::IsInvalidArgument(make(fixed)));
}

// A fork shares the ledger's lock, and whatever link the instrument has: it is refused, and what it
// does at its end touches neither.
TEST_F(GuardedTest, AForkIsRefused) {
  const std::string ledger = (std::filesystem::path(testing::TempDir()) / "fork.ledger").string();
  std::filesystem::remove(ledger);
  GuardOptions options = Options();
  options.ledger_file = ledger;
  options.heartbeat_s = 1000;
  auto g = Guard(options, seen_);
  ExpectAllowed(g.get(), Unblank{});
  ExpectAllowed(g.get(), ScanAt(0));
  const auto size = std::filesystem::file_size(ledger);
  const size_t commands = seen_->commands.size();
  const pid_t child = fork();
  if (child == 0) {
    const absl::Status refused = g->Execute(ScanAt(0)).status();
    bool good = absl::IsPermissionDenied(refused) &&
                refused.message().find("of which this is a fork") != std::string::npos;
    good = good && !g->Execute(Unblank{}).ok() && !g->BlankNow().ok();
    g.reset();
    good = good && seen_->commands.size() == commands;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(std::filesystem::file_size(ledger), size);
  // The one that made it goes on.
  ExpectAllowed(g.get(), ScanAt(0));
}

}  // namespace
}  // namespace ronchi::hw
