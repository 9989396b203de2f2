// The safety layer. Below every guard in this file stands a spy that keeps what really reached the
// instrument: nothing is believed of the guard that the spy has not seen.
#include "hw/guarded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
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

// 60 pA for 64 µs on 16 nm² gives 15 e⁻/Å²; a budget of 40 allows two such scans on one place.
TEST_F(GuardedTest, TheDoseAddsUpWhereFieldsOverlapAndOnlyThere) {
  auto g = Guard(Options(40), seen_);
  ExpectAllowed(g.get(), Unblank{});
  ExpectAllowed(g.get(), ScanAt(0));
  ExpectAllowed(g.get(), ScanAt(3));            // overlaps the first
  ExpectRefused(g.get(), ScanAt(1.5), kRange);  // a third on the overlap
  ExpectAllowed(g.get(), ScanAt(20));           // elsewhere
  ExpectAllowed(g.get(), ScanAt(20));
  ExpectRefused(g.get(), ScanAt(20), kRange);
  ExpectRefused(g.get(), ScanAt(40, 4, 1e-6, 3), kRange);  // three frames at once
  ExpectAllowed(g.get(), ScanAt(40, 4, 1e-6, 2));
  ExpectAllowed(g.get(), ScanAt(60, 12, 1e-6, 9));       // nine times the area
  ExpectRefused(g.get(), Park{80e-9, 0, 1e-3}, kRange);  // all of it within 1 Å²
  ExpectAllowed(g.get(), Park{80e-9, 0, 5e-8});          // 19 e⁻
  ExpectAllowed(g.get(), Park{80e-9, 0, 5e-8});
  ExpectRefused(g.get(), Park{80e-9, 0, 5e-8}, kRange);
}

TEST_F(GuardedTest, AFaultBlanksAndARefusalDoesNot) {
  bool broken = false;
  auto g = Guard(Options(), seen_, [&](const Command& c) {
    return broken && std::holds_alternative<Scan>(c) ? absl::UnavailableError("link lost")
                                                     : absl::OkStatus();
  });
  ExpectAllowed(g.get(), Unblank{});
  Scan no_such = ScanAt(0);
  no_such.detectors = {"eels"};
  EXPECT_TRUE(absl::IsNotFound(g->Execute(no_such).status()));
  EXPECT_TRUE(std::holds_alternative<Scan>(seen_->commands.back()));
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
  auto g = Guard(Options(40), seen_, [](const Command& c) {
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

// ---- Fuzz: 20,000 commands without sense, and a checker below that knows only the promises.

// Judges what reached the instrument. Doses: at points of a mesh, from the replies alone.
class Checker {
 public:
  explicit Checker(const GuardOptions& o) : options_(o) {}
  void Judge(const Seen& seen) {
    for (size_t i = 0; i < seen.commands.size(); ++i) {
      const absl::StatusOr<Reply>& reply = seen.replies[i];
      if (!reply.ok()) continue;
      if (const auto* set = std::get_if<Set>(&seen.commands[i])) JudgeSet(*set, *reply);
      if (const auto* scan = std::get_if<Scan>(&seen.commands[i])) {
        ++scans;
        JudgeDose(scan->center_x_m, scan->center_y_m, scan->fov_x_m / 2, scan->fov_y_m / 2,
                  reply->dose_e_per_m2);
      }
      if (const auto* park = std::get_if<Park>(&seen.commands[i])) {
        ++parks;
        JudgeDose(park->x_m, park->y_m, 0.5e-10, 0.5e-10, reply->dose_e_per_m2);
      }
    }
  }
  int sets = 0, scans = 0, parks = 0, violations = 0;

 private:
  void JudgeSet(const Set& set, const Reply& reply) {
    ++sets;
    const double now = reply.readings.at(0).value.si, half_step = 0.5e-11 * 1.001;
    double& at = position_[set.property];
    const double limit = set.property == "optics.C10" ? 20e-9 : 50e-9;
    const double largest = set.property == "optics.C10" ? 15e-9 : 100e-9;
    // Read-backs are rounded to the corrector's resolution of 0.01 nm.
    if (!(std::fabs(now) <= limit + half_step)) ++violations;
    if (!(std::fabs(now - at) <= largest + half_step)) ++violations;
    at = now;
  }
  void JudgeDose(double x, double y, double half_x, double half_y, double dose) {
    if (!std::isfinite(x + y + half_x + half_y + dose)) ++violations;
    for (int i = 0; i < kMesh; ++i) {
      for (int j = 0; j < kMesh; ++j) {
        const double px = (i + 0.5 - kMesh / 2) * 1e-9, py = (j + 0.5 - kMesh / 2) * 1e-9;
        const bool hit = std::fabs(px - x) <= half_x && std::fabs(py - y) <= half_y;
        if (!hit) continue;
        dose_[i * kMesh + j] += dose;
        if (dose_[i * kMesh + j] > options_.dose_budget_e_per_m2) ++violations;
      }
    }
  }
  static constexpr int kMesh = 40;  // ±20 nm
  const GuardOptions options_;
  std::map<std::string, double> position_;
  std::vector<double> dose_ = std::vector<double>(kMesh * kMesh, 0.0);
};

class Fuzz {
 public:
  explicit Fuzz(uint64_t seed) : random_({.seed = seed, .name = "test.fuzz"}) {}
  Command Next() {
    switch (random_.Below(12)) {
      case 0:
        return Read{{Name()}};
      case 1:
      case 2:
      case 3:
        return Set{Name(), {Real(1e-8), Kind()}, random_.Below(2) == 0};
      case 4:
      case 5:
      case 6:
        return AnyScan();
      case 7:
        return Park{Real(1e-8), Real(1e-8), Real(1e-9)};
      case 8:
        return Expose{Name(), Real(1)};
      case 9:
        return Blank{};
      case 10:
        return random_.Below(8) ? Command(Unblank{}) : Command(Safe{});
      default:
        return random_.Below(2) ? Command(Abort{}) : Command(Measure{Name()});
    }
  }

 private:
  double Real(double scale) {
    static constexpr double kOdd[] = {kNan,  kInf,   -kInf,  0.0,   -0.0,
                                      1e300, -1e300, 5e-324, 1e-30, 1e10};
    if (random_.Below(8) == 0) return kOdd[random_.Below(std::size(kOdd))];
    return scale * random_.Normal() * (random_.Below(4) ? 1 : 5);
  }
  std::string Name() {
    static constexpr const char* kNames[] = {
        "optics.C10", "optics.C10", "optics.C12.a", "optics.C12.b", "beam.current", "nonsense", ""};
    return kNames[random_.Below(std::size(kNames))];
  }
  Dimension Kind() { return random_.Below(6) ? Dimension::kLength : Dimension(random_.Below(7)); }
  size_t Count() {
    return random_.Below(10) ? 1 + random_.Below(6) : (random_.Below(2) ? 0 : SIZE_MAX);
  }
  Scan AnyScan() {
    const double fov = std::fabs(Real(3e-9));
    return {Real(1e-8),
            Real(1e-8),
            random_.Below(9) ? fov : Real(1e-9),
            fov,
            Count(),
            Count(),
            random_.Below(9) ? random_.Uniform(1e-7, 3e-6) : Real(1e-6),
            Count(),
            {random_.Below(9) ? "haadf" : "bf"}};
  }
  RandomStream random_;
};

TEST_F(GuardedTest, NothingOutOfBoundsEverReachesTheInstrument) {
  const GuardOptions options = Options(400);
  auto g = Guard(options, seen_);
  Fuzz fuzz(7);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) refused += !g->Execute(fuzz.Next()).ok();
  g.reset();
  Checker checker(options);
  checker.Judge(*seen_);
  EXPECT_EQ(checker.violations, 0);
  // The fuzz gets through often enough to mean something, and is refused often enough.
  EXPECT_GT(checker.sets, 500);
  EXPECT_GT(checker.scans, 100);
  EXPECT_GT(checker.parks, 10);
  EXPECT_GT(refused, 5000);
  // And the checker can tell: an instrument without a guard violates.
  auto bare_seen = std::make_shared<Seen>();
  Spy bare(*MakeTwin(TwinFromYaml(), 1), bare_seen);
  Fuzz again(7);
  for (int i = 0; i < 3000; ++i) {
    const Command c = again.Next();
    (void)bare.Execute(c);
  }
  Checker other(options);
  other.Judge(*bare_seen);
  EXPECT_GT(other.violations, 50);
}

}  // namespace
}  // namespace ronchi::hw
