// What every twin does, on the smallest one (examples/twin/disc_twin.h): clock, beam, lines, doses,
// hidden numbers, save and restore, faults, each against its closed form.
#include "hw/twin/base/twin_base.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/twin/disc_twin.h"
#include "hw/conformance/conformance.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::SameReply;

std::unique_ptr<Instrument> Disc(uint64_t seed = 1) {
  auto twin = MakeDiscTwin({}, seed);
  RONCHI_CHECK(twin->Execute(Unblank{}).ok());
  return twin;
}

Scan Field(size_t lines, size_t frames = 1) {
  return {.fov_x_m = 2e-8,
          .fov_y_m = 2e-8,
          .pixels_x = 20,
          .pixels_y = lines,
          .dwell_s = 1e-4,
          .frames = frames,
          .detectors = {"bf"}};
}
constexpr double kLine_s = 20 * 1e-4 + 1e-4;  // and its flyback
constexpr double kOverhead_s = 0.01;
// Sums of a few times of order one second.
constexpr double kClock_s = 1e-12;

double Hidden(Instrument* twin, const char* name) {
  return twin->ground_truth()->Hidden().at(name);
}
double ReadNow(Instrument* twin, const char* name) {
  return twin->Execute(Read{{name}})->readings.at(0).value.si;
}

TEST(TwinBase, KeepsEveryPromiseOfAnInstrument) {
  const auto twin = MakeDiscTwin({}, 1);
  const auto checks = CheckConformance(twin.get());
  for (const ConformanceCheck& c : checks) {
    EXPECT_NE(c.outcome, Outcome::kFail) << ConformanceReport(checks);
  }
}

TEST(TwinBase, HiddenNumbersAreAFunctionOfSeedEnvironmentAndEpisode) {
  const auto a = Disc(1), b = Disc(2);
  a->ground_truth()->Randomise(7, 1, 3);
  b->ground_truth()->Randomise(7, 1, 3);
  EXPECT_EQ(a->ground_truth()->Hidden(), b->ground_truth()->Hidden());
  const std::array<uint64_t, 3> others[] = {{8, 1, 3}, {7, 2, 3}, {7, 1, 4}};
  for (const auto& [seed, environment, episode] : others) {
    b->ground_truth()->Randomise(seed, environment, episode);
    EXPECT_NE(Hidden(a.get(), "radius_nm"), Hidden(b.get(), "radius_nm"));
    EXPECT_GE(Hidden(b.get(), "radius_nm"), 4);
    EXPECT_LE(Hidden(b.get(), "radius_nm"), 6);
  }
}

// A simulation need not know what a task calls good.
TEST(TwinBase, AFigureOfMeritThatItDoesNotKnowIsNotFound) {
  const auto twin = Disc(1);
  EXPECT_TRUE(absl::IsNotFound(twin->ground_truth()->Figure("contrast").status()));
}

TEST(TwinBase, AnEpisodeBeginsBlankedAtZeroWithNoDose) {
  const auto twin = Disc();
  ASSERT_TRUE(twin->Execute(Set{"stage.x", Nanometres(5)}).ok());
  ASSERT_TRUE(twin->Execute(Field(4)).ok());
  EXPECT_GT(ReadNow(twin.get(), "dose.max"), 0);
  twin->ground_truth()->Randomise(1, 0, 0);
  const auto reply = *twin->Execute(Read{{"dose.max", "scan.count", "stage.x"}});
  for (const Reading& r : reply.readings) EXPECT_EQ(r.value.si, 0) << r.property;
  EXPECT_TRUE(reply.blanked);
  EXPECT_NEAR(reply.time_s, 1e-3, kClock_s);  // that of the reading
  EXPECT_FALSE(twin->Execute(Field(4)).ok());
}

TEST(TwinBase, TheClockIsThatOfTheDescription) {
  const auto twin = Disc();
  EXPECT_NEAR(twin->Execute(Field(6, 3))->elapsed_s, 3 * (kOverhead_s + 6 * kLine_s), kClock_s);
  EXPECT_NEAR(twin->Execute(Park{0, 0, 0.7})->elapsed_s, 0.7, kClock_s);
  EXPECT_NEAR(twin->Execute(Set{"optics.C10", Nanometres(9)})->elapsed_s, 0.05, kClock_s);
  // 20 nm at 10 nm/s, then it settles.
  EXPECT_NEAR(twin->Execute(Set{"stage.x", Nanometres(20)})->elapsed_s, 2.5, kClock_s);
  EXPECT_NEAR(twin->Execute(Blank{})->elapsed_s, 1e-4, kClock_s);
  const double before = Hidden(twin.get(), "center_x_m");
  twin->ground_truth()->Pass(10);
  EXPECT_NEAR(Hidden(twin.get(), "center_x_m") - before,
              10 * 1e-9 * Hidden(twin.get(), "drift_nm_per_s"), 1e-20);  // round-off of nanometres
}

TEST(TwinBase, OutOfTimeAPropertyStopsOnItsWay) {
  const auto twin = Disc();
  const auto reply = twin->Execute(Set{"stage.x", Nanometres(20)}, {.timeout_s = 0.8});
  EXPECT_THAT(std::string(reply.status().message()), testing::HasSubstr("stage.x has not settled"));
  EXPECT_NEAR(ReadNow(twin.get(), "stage.x"), 8e-9, 1e-18);
  // There, but not settled.
  EXPECT_FALSE(twin->Execute(Set{"stage.x", Nanometres(10)}, {.timeout_s = 0.3}).ok());
  EXPECT_NEAR(ReadNow(twin.get(), "stage.x"), 10e-9, 1e-18);
}

TEST(TwinBase, ElectronsAndDoseAreThoseOfTheCurrent) {
  const auto twin = Disc();
  const double per_s = 10e-12 * Hidden(twin.get(), "current_ratio") / kElementaryCharge_C;
  Scan dense = Field(20, 2);  // from pixel to pixel less than a probe
  dense.fov_x_m = dense.fov_y_m = 2e-9;
  const auto scan = *twin->Execute(dense);
  const double electrons = per_s * 400 * 1e-4 * 2;
  EXPECT_NEAR(scan.electrons / electrons, 1, 1e-12);
  EXPECT_NEAR(scan.dose_e_per_m2 * 4e-18 / electrons, 1, 1e-12);
  // Two frames on the same cells: the ledger is exact where fields of one size repeat, and the foil
  // drifts by 20 pm between them.
  EXPECT_NEAR(ReadNow(twin.get(), "dose.max") / scan.dose_e_per_m2, 1, 1e-12);
  const auto park = *twin->Execute(Park{5e-7, 0, 0.5});
  EXPECT_NEAR(park.electrons / (per_s * 0.5), 1, 1e-12);
}

// Half a frame: the lines that were reached, NaN for the others, the dose of all of it.
TEST(TwinBase, AScanEndsAtTheSameLineEveryTime) {
  for (const bool cancel : {false, true}) {
    const auto twin = Disc();
    CancelToken token;
    size_t lines = 0;
    ExecuteOptions options{.on_line =
                               [&](const ScanLine& line) {
                                 EXPECT_EQ(line.line, lines++);
                                 if (cancel && lines == 7) token.Cancel();
                               },
                           .cancel = &token};
    if (!cancel) options.timeout_s = kOverhead_s + 7.5 * kLine_s;
    const Reply reply = *twin->Execute(Field(20, 4), options);
    EXPECT_EQ(reply.ended, cancel ? Ended::kCancelled : Ended::kTimeout);
    EXPECT_EQ(lines, 7u);
    ASSERT_EQ(reply.frames.size(), 1u);
    const Array<float>& counts = reply.frames[0].counts;
    for (size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(std::isnan(counts[i]), i >= 7 * 20) << i;
    EXPECT_NEAR(reply.elapsed_s, kOverhead_s + 7 * kLine_s, kClock_s);
    const Reply whole = *Disc()->Execute(Field(20));
    EXPECT_NEAR(reply.electrons / whole.electrons, 7. / 20, 1e-12);
    EXPECT_EQ(reply.dose_e_per_m2, whole.dose_e_per_m2);
    EXPECT_EQ(ReadNow(twin.get(), "scan.count"), 1);
  }
}

TEST(TwinBase, GoesOnToTheBitAfterRestoreAndRefusesWhatIsNotItsOwn) {
  const auto a = Disc(1), b = Disc(9);
  ASSERT_TRUE(a->Execute(Set{"stage.x", Nanometres(3)}).ok());
  ASSERT_TRUE(a->Execute(Field(8, 2)).ok());
  const std::string saved = *a->ground_truth()->Save();
  ASSERT_TRUE(b->ground_truth()->Restore(saved).ok());
  EXPECT_EQ(a->ground_truth()->Hidden(), b->ground_truth()->Hidden());
  const Command session[] = {Field(8), Set{"optics.C10", Nanometres(30)}, Park{1e-9, 0, 0.2},
                             Field(8), Read{{"beam.current", "dose.max", "scan.count"}}};
  for (const Command& c : session) EXPECT_TRUE(SameReply(*a->Execute(c), *b->Execute(c)));

  const auto before = b->ground_truth()->Hidden();
  const auto refused = [&](const std::string& state) {
    const absl::Status status = b->ground_truth()->Restore(state);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(b->ground_truth()->Hidden(), before);
  };
  DiscOptions other;
  other.name = "other";
  refused(*MakeDiscTwin(other, 1)->ground_truth()->Save());
  refused("nonsense");
  refused(saved.substr(0, saved.size() - 1));
  std::string damaged = saved;
  damaged[damaged.size() / 2] ^= 1;
  refused(damaged);
}

TEST(TwinBase, EventsBefallItBeforeTheExposureThatFollowsSoMany) {
  DiscOptions options;
  options.events = {{2, {{"current_ratio", -0.5}}}, {3, {{"radius_nm", 1}}}};
  const auto twin = MakeDiscTwin(options, 1), other = MakeDiscTwin(options, 2);
  const double ratio = Hidden(twin.get(), "current_ratio");
  EXPECT_FALSE(twin->Execute(Field(4)).ok());  // blanked: none
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  for (int scan = 0; scan < 5; ++scan) {
    ASSERT_TRUE(twin->Execute(Park{0, 0, 0.1}).ok());  // none of this twin's
    EXPECT_EQ(Hidden(twin.get(), "current_ratio"), scan > 2 ? ratio - 0.5 : ratio) << scan;
    const auto reply = *twin->Execute(Field(4));
    const double now = scan < 2 ? ratio : ratio - 0.5;
    EXPECT_NEAR(reply.electrons / (10e-12 * now / kElementaryCharge_C * 80e-4), 1, 1e-12) << scan;
    // It goes on elsewhere with the events that are to come, and none comes twice.
    ASSERT_TRUE(other->ground_truth()->Restore(*twin->ground_truth()->Save()).ok());
  }
  EXPECT_EQ(other->ground_truth()->Hidden(), twin->ground_truth()->Hidden());
  ASSERT_TRUE(other->Execute(Field(4)).ok());
  EXPECT_EQ(Hidden(other.get(), "current_ratio"), ratio - 0.5);
  // Of the next episode, too; a twin of other events is another twin.
  twin->ground_truth()->Randomise(1, 0, 0);
  EXPECT_EQ(Hidden(twin.get(), "current_ratio"), ratio);
  EXPECT_FALSE(Disc()->ground_truth()->Restore(*twin->ground_truth()->Save()).ok());
}

TEST(TwinBase, AnEventOnTheDecayLeavesTheCurrentAsItIs) {
  DiscOptions options;
  options.events = {{1, {{"current_decay_per_h", 7}}}};
  const auto twin = MakeDiscTwin(options, 1);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  const double before = twin->Execute(Field(4))->electrons;
  twin->ground_truth()->Pass(1800);
  // The current of a frame is that of its beginning; of the overhead 7/h takes 2e-5.
  EXPECT_NEAR(twin->Execute(Field(4))->electrons / before, 1, 1e-4);
  twin->ground_truth()->Pass(1800);
  EXPECT_NEAR(twin->Execute(Field(4))->electrons / before, std::exp(-3.5), 1e-4);
}

TEST(TwinBase, FaultsComeFromTheOptions) {
  DiscOptions options;
  options.faults.busy = 1;
  EXPECT_FALSE(MakeDiscTwin(options, 1)->Execute(Read{{"dose.max"}}).ok());
}

}  // namespace
}  // namespace ronchi::hw
