// The twin against closed forms: counts, doses, times, drift, refusals.
#include "hw/twin/column/column_twin.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hw/twin/column/image_model.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::SameReply;
using testing_support::TwinFromYaml;

// Everything hidden is known and nothing moves.
std::string Known(const std::string& more = "") {
  return R"(preset: corrected_200kV
prior:
  C10_nm: [3, 3]
  C12a_nm: [-2, -2]
  C12b_nm: [1, 1]
  C21a_nm: [20, 20]
  C21b_nm: [0, 0]
  C23a_nm: [0, 0]
  C23b_nm: [-10, -10]
  C30_um: [1, 1]
  C10_walk_nm: [0, 0]
  C12_walk_nm: [0, 0]
  stage_walk_A: [0, 0]
  drift_x_A_per_s: [0, 0]
  drift_y_A_per_s: [0, 0]
  shift_x_A: [0.7, 0.7]
  shift_y_A: [1.1, 1.1]
  source_fwhm_A: [0.8, 0.8]
  current_ratio: [1.03, 1.03]
  gain_ratio: [0.98, 0.98]
  corrector_gain_ratio: [1.01, 1.01]
  current_noise: [0, 0]
  dark_error_counts: [0.04, 0.04]
  readout_counts: [0.3, 0.3]
)" + more;
}

std::unique_ptr<Instrument> Twin(const std::string& yaml, uint64_t seed = 1) {
  return *MakeTwin(TwinFromYaml(yaml), seed);
}

Scan SmallScan(size_t pixels = 16, size_t frames = 1) {
  return {.fov_x_m = 7.81e-10,
          .fov_y_m = 7.81e-10,
          .pixels_x = pixels,
          .pixels_y = pixels,
          .dwell_s = 1e-5,
          .frames = frames,
          .detectors = {"haadf"}};
}

std::shared_ptr<const sim::ImageModel> Engine(const TwinOptions& o) { return *MakeImageModel(o); }

// The column of Known() with these commanded coefficients (nm): own + 1.01 · commanded.
sim::Aberrations KnownOptics(double c10, double c12a, double c12b) {
  sim::Aberrations a;
  a.a_A[sim::kC10] = 30 + 10.1 * c10;
  a.a_A[sim::kC12] = -20 + 10.1 * c12a;
  a.b_A[sim::kC12] = 10 + 10.1 * c12b;
  a.a_A[sim::kC21] = 200;
  a.b_A[sim::kC23] = -100;
  a.a_A[sim::kC30] = 1e4;
  return a;
}

TEST(Twin, TheSameSeedAndCommandsGiveTheSameBits) {
  const std::vector<Command> commands = {Unblank{},
                                         Read{{"beam.current", "optics.C10"}},
                                         Set{"optics.C10", Nanometres(2)},
                                         SmallScan(16, 2),
                                         Park{1e-9, 0, 0.3},
                                         Set{"optics.C12.a", Nanometres(-1), true},
                                         Read{{"beam.current", "dose.max", "scan.count"}},
                                         SmallScan(8)};
  auto a = Twin("preset: corrected_200kV", 5), b = Twin("preset: corrected_200kV", 5);
  auto other = Twin("preset: corrected_200kV", 6);
  bool differs = false;
  for (const Command& c : commands) {
    const auto ra = a->Execute(c), rb = b->Execute(c), rc = other->Execute(c);
    ASSERT_TRUE(ra.ok() && rb.ok() && rc.ok()) << VerbName(c) << ra.status();
    EXPECT_TRUE(SameReply(*ra, *rb)) << VerbName(c);
    differs |= !SameReply(*ra, *rc);
  }
  EXPECT_TRUE(differs);
  // And drawn anew, it is as at the beginning.
  a->ground_truth()->Randomise(5, 0, 0);
  b = Twin("preset: corrected_200kV", 5);
  for (const Command& c : commands) EXPECT_TRUE(SameReply(*a->Execute(c), *b->Execute(c)));
}

// mean = gain · electrons · fraction + dark; variance = gain² · electrons · fraction + readout².
// The fraction comes from the image engine, asked here directly. Over F frames of P pixels the
// mean of each pixel has its own standard error, and χ² has mean P, variance 2P (F large): five of
// them.
TEST(Twin, CountsAreGainTimesPoissonPlusDarkAndReadout) {
  const TwinOptions o = TwinFromYaml(Known());
  auto twin = *MakeTwin(o, 1);
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  ASSERT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(-4)}).ok());
  constexpr size_t kFrames = 400, kN = 16;
  const auto reply = twin->Execute(SmallScan(kN, kFrames));
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), kFrames);

  const auto engine = Engine(o);
  sim::LinearRaster raster{{}, 7.81 / kN, kN};
  for (size_t l = 0; l < kN; ++l) {
    raster.starts_A.push_back({-3.905 + 0.7, (double(l) / kN - 0.5) * 7.81 + 1.1});
  }
  std::vector<double> fraction(kN * kN);
  engine->MakeHarmonics(KnownOptics(-4, 0, 0), 0.8).ComputeImage(raster, fraction);
  const double electrons = 60e-12 * 1.03 * 1e-5 / kElementaryCharge_C, gain = 4 * 0.98;
  double chi2 = 0, ratio = 0;
  for (size_t i = 0; i < kN * kN; ++i) {
    const double mean = gain * electrons * fraction[i] + 2 + 0.04;
    const double variance = gain * gain * electrons * fraction[i] + 0.3 * 0.3;
    double sum = 0, squares = 0;
    for (const Frame& f : reply->frames) {
      sum += f.counts[i] - mean;
      squares += std::pow(f.counts[i] - mean, 2);
    }
    chi2 += sum * sum / (variance * kFrames);
    ratio += squares / (variance * kFrames) / (kN * kN);
  }
  EXPECT_NEAR(chi2, kN * kN, 5 * std::sqrt(2.0 * kN * kN));
  // Sample variances: relative variance (2 + 1/μ)/F each, μ of some tens of electrons.
  EXPECT_NEAR(ratio, 1, 5 * std::sqrt(2.2 / (kFrames * kN * kN)));
}

TEST(Twin, DoseIsElectronsPerArea) {
  auto twin = Twin(Known());
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  Scan scan = SmallScan(20, 3);
  scan.pixels_y = 10;
  scan.fov_y_m = 2e-9;
  const Reply r = *twin->Execute(scan);
  const double electrons = 60e-12 * 1.03 * 1e-5 * 20 * 10 * 3 / kElementaryCharge_C;
  EXPECT_NEAR(r.electrons / electrons, 1, 1e-12);
  // Its lines are 2 Å apart, and the probe is 1 Å wide.
  EXPECT_NEAR(r.dose_e_per_m2 / (electrons / (7.81e-10 * 10 * 1e-10)), 1, 1e-12);
  const Reply read = *twin->Execute(Read{{"dose.max"}});
  EXPECT_DOUBLE_EQ(read.readings[0].value.si, r.dose_e_per_m2);
  EXPECT_EQ(read.readings[0].value.dimension, Dimension::kDose);
  const Reply park = *twin->Execute(Park{1e-7, 0, 0.5});
  EXPECT_NEAR(park.electrons / (60e-12 * 1.03 * 0.5 / kElementaryCharge_C), 1, 1e-12);
}

// The clock: a read 1 ms, blanking 0.1 ms, a set its settling time, a scan its frames.
TEST(Twin, EveryCommandTakesItsTime) {
  auto twin = Twin(Known("settle_s: 0.07\nflyback_s: 2e-4\nframe_overhead_s: 0.03\n"));
  double clock = 0;
  auto expect = [&](const Command& c, double seconds) {
    const auto r = twin->Execute(c);
    ASSERT_TRUE(r.ok()) << r.status();
    clock += seconds;
    EXPECT_NEAR(r->elapsed_s, seconds, 1e-12) << VerbName(c);
    EXPECT_NEAR(r->time_s, clock, 1e-9) << VerbName(c);
  };
  expect(Unblank{}, 1e-4);
  expect(Read{{"optics.C10"}}, 1e-3);
  expect(Set{"optics.C10", Nanometres(1)}, 0.07);
  expect(SmallScan(16, 3), 3 * (0.03 + 16 * (16 * 1e-5 + 2e-4)));
  expect(Park{0, 0, 1.5}, 1.5);
  expect(Abort{}, 0);
  expect(Safe{}, 1e-4);
}

// Walks: over T seconds the variance grows by rate²·T. For N draws of a normal with the right
// variance, Σx²/σ² has mean N and variance 2N: five standard deviations. Two times show the growth.
TEST(Twin, OpticsWalkWithTheStatedRate) {
  TwinOptions o = TwinFromYaml(Known());
  auto ranges = o.prior.ranges();
  ranges["C10_walk_nm"] = {0.04, 0.04};
  ranges["C12_walk_nm"] = {0.02, 0.02};
  o.prior = theory::Prior(ranges);
  auto twin = *MakeTwin(o, 1);
  constexpr int kSeeds = 1500;
  for (const double seconds : {2.0, 50.0}) {
    double c10 = 0, c12 = 0, cross = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
      GroundTruth* truth = twin->ground_truth();
      truth->Randomise(uint64_t(seed), 0, 0);
      const auto before = truth->Hidden();
      ASSERT_TRUE(twin->Execute(Unblank{}).ok());
      for (int i = 0; i < 4; ++i) ASSERT_TRUE(twin->Execute(Park{0, 0, seconds / 4}).ok());
      const auto after = truth->Hidden();
      const double dt = seconds + 1e-4;
      const double x = (after.at("total_C10_nm") - before.at("total_C10_nm")) / std::sqrt(dt);
      const double y = (after.at("total_C12a_nm") - before.at("total_C12a_nm")) / std::sqrt(dt);
      c10 += std::pow(x / 0.04, 2);
      c12 += std::pow(y / 0.02, 2);
      cross += x / 0.04 * y / 0.02;
    }
    EXPECT_NEAR(c10, kSeeds, 5 * std::sqrt(2.0 * kSeeds)) << seconds;
    EXPECT_NEAR(c12, kSeeds, 5 * std::sqrt(2.0 * kSeeds)) << seconds;
    EXPECT_NEAR(cross, 0, 5 * std::sqrt(double(kSeeds))) << seconds;
  }
}

TEST(Twin, RefusalsLeaveTheStateAsItWas) {
  auto twin = Twin(Known()), untouched = Twin(Known());
  for (auto* t : {twin.get(), untouched.get()}) {
    ASSERT_TRUE(t->Execute(Set{"optics.C10", Nanometres(5)}).ok());
  }
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  auto refused = [&](const Command& c, absl::StatusCode code) {
    const auto r = twin->Execute(c);
    EXPECT_EQ(r.status().code(), code) << VerbName(c) << ": " << r.status();
  };
  using Code = absl::StatusCode;
  refused(SmallScan(), Code::kFailedPrecondition);  // blanked
  refused(Park{0, 0, 1}, Code::kFailedPrecondition);
  for (auto* t : {twin.get(), untouched.get()}) ASSERT_TRUE(t->Execute(Unblank{}).ok());
  refused(Set{"optics.C10", Nanometres(51)}, Code::kOutOfRange);
  refused(Set{"optics.C10", Nanometres(46), true}, Code::kOutOfRange);
  refused(Set{"optics.C10", Nanometres(nan)}, Code::kOutOfRange);
  refused(Set{"optics.C10", Nanometres(-inf)}, Code::kOutOfRange);
  refused(Set{"optics.C10", Seconds(1e-9)}, Code::kInvalidArgument);
  refused(Set{"optics.C99", Nanometres(1)}, Code::kNotFound);
  refused(Set{"beam.current", Amperes(1e-12)}, Code::kPermissionDenied);
  refused(Read{{"optics.C10", "nonsense"}}, Code::kNotFound);
  refused(Expose{"ceta", 0.1}, Code::kUnimplemented);
  refused(Measure{"defocus"}, Code::kUnimplemented);
  refused(Park{nan, 0, 1}, Code::kOutOfRange);
  refused(Park{0, 0, -1}, Code::kOutOfRange);
  auto scan = [](auto change) {
    Scan s = SmallScan();
    change(s);
    return s;
  };
  refused(scan([&](Scan& s) { s.dwell_s = nan; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.dwell_s = 1e-9; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.fov_x_m = -1e-9; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.fov_y_m = 1; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.center_x_m = inf; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.pixels_x = 0; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.pixels_y = 1 << 20; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.frames = 0; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.detectors = {}; }), Code::kOutOfRange);
  refused(scan([&](Scan& s) { s.detectors = {"bf"}; }), Code::kNotFound);
  for (const Command& c : std::vector<Command>{Read{{"optics.C10", "beam.current", "scan.count"}},
                                               SmallScan(), Read{{"dose.max"}}}) {
    EXPECT_TRUE(SameReply(*twin->Execute(c), *untouched->Execute(c))) << VerbName(c);
  }
}

TEST(Twin, SettingsAreRoundedToTheCorrectorsResolutionAndReadBack) {
  auto twin = Twin(Known());
  const Reply set = *twin->Execute(Set{"optics.C12.b", Nanometres(1.2345)});
  EXPECT_NEAR(set.readings.at(0).value.si, 1.23e-9, 1e-18);
  EXPECT_NEAR((*twin->Execute(Set{"optics.C12.b", Nanometres(0.5), true})).readings[0].value.si,
              1.73e-9, 1e-18);
  EXPECT_NEAR((*twin->Execute(Read{{"optics.C12.b"}})).readings[0].value.si, 1.73e-9, 1e-18);
}

TEST(Twin, EventsJumpAtTheirScanByTheStatedAmount) {
  auto twin = Twin(Known("events: [{at_scan: 2, add: {C12a_nm: 4.5, current_ratio: -0.03}}]\n"));
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  const auto before = twin->ground_truth()->Hidden();
  for (int scan = 0; scan < 4; ++scan) {
    Scan bad = SmallScan();
    bad.pixels_x = 0;
    EXPECT_FALSE(twin->Execute(bad).ok());  // a refused scan is none
    const Reply r = *twin->Execute(SmallScan());
    const auto now = twin->ground_truth()->Hidden();
    const double jump = scan < 2 ? 0 : 1;
    EXPECT_NEAR(now.at("total_C12a_nm") - before.at("total_C12a_nm"), 4.5 * jump, 1e-12) << scan;
    EXPECT_NEAR(now.at("total_C10_nm"), before.at("total_C10_nm"), 1e-12);
    EXPECT_NEAR(r.electrons, 60e-12 * (1.03 - 0.03 * jump) * 1e-5 * 256 / kElementaryCharge_C,
                1e-6 * r.electrons);
    EXPECT_EQ((*twin->Execute(Read{{"scan.count"}})).readings[0].value.si, scan + 1);
  }
}

// Computed by two instances of one engine: equal to the bit. And the best contrast is no less than
// at any setting tried, and is reached where own + 1.01 · commanded is zero to a few per cent.
TEST(Twin, ContrastIsTheEngines) {
  const TwinOptions o = TwinFromYaml(Known());
  auto twin = *MakeTwin(o, 1);
  GroundTruth* truth = twin->ground_truth();
  const auto engine = Engine(o);
  EXPECT_NEAR(truth->Figure("contrast").value(),
              engine->MakeHarmonics(KnownOptics(0, 0, 0), 0.8).Contrast(), 1e-12);
  ASSERT_TRUE(twin->Execute(Set{"optics.C10", Nanometres(-2.5)}).ok());
  ASSERT_TRUE(twin->Execute(Set{"optics.C12.a", Nanometres(4)}).ok());
  const double there = engine->MakeHarmonics(KnownOptics(-2.5, 4, 0), 0.8).Contrast();
  EXPECT_NEAR(truth->Figure("contrast").value(), there,
              1e-6 * there);  // set and read back: one ulp
  const double best = truth->Figure("best_contrast").value();
  for (double c10 = -8; c10 <= 8; c10 += 2) {
    for (double c12a = -8; c12a <= 8; c12a += 4) {
      EXPECT_GE(best * (1 + 1e-6),
                engine->MakeHarmonics(KnownOptics(c10, c12a, 0), 0.8).Contrast());
    }
  }
  EXPECT_GT(engine->MakeHarmonics(KnownOptics(-3, 2, -1), 0.8).Contrast(), 0.9 * best);
}

}  // namespace
}  // namespace ronchi::hw
