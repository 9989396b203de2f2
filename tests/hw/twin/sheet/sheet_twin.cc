// The atom twin: its chain of hops and its images against closed forms.
#include "hw/twin/sheet/sheet_twin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "hw/instrument/cost.h"
#include "hw/twin/sheet/atom_image.h"
#include "tests/hw/safety/fuzz.h"
#include "tests/support/instruments.h"
#include "theory/laws/knock_on.h"

namespace ronchi::hw {
namespace {

using testing_support::SameReply;

constexpr double kA = 1e-10;  // metres

AtomTwinOptions FromYaml(const std::string& yaml) {
  const auto options = ReadAtomTwinOptions(*Config::Parse(yaml, "atoms.yaml"));
  RONCHI_CHECK(options.ok());
  return *options;
}
std::unique_ptr<Instrument> Unblanked(const AtomTwinOptions& options = {}, uint64_t seed = 1) {
  auto twin = *MakeAtomTwin(options, seed);
  RONCHI_CHECK(twin->Execute(Unblank{}).ok());
  return twin;
}
double HiddenOf(Instrument* twin, const std::string& name) {
  return twin->ground_truth()->Hidden().at(name);
}
Reply Do(Instrument* twin, const Command& command) {
  auto reply = twin->Execute(command);
  RONCHI_CHECK(reply.ok());
  return *std::move(reply);
}
// Of one of the atoms measured, Å.
Vector2 At(const Reply& reply, size_t atom) {
  const auto& v = reply.estimates.at(0).values;
  return {v.at(2 * atom).si / kA, v.at(2 * atom + 1).si / kA};
}

// With the same seed the first hop comes at one certain time: bisection finds it.
double FirstHop_s(Instrument* twin, uint64_t seed, const Vector2& from_silicon_A) {
  double low = 0, high = 3600;
  for (int i = 0; i < 44; ++i) {
    twin->ground_truth()->Randomise(seed, 0, 0);
    Do(twin, Unblank{});
    const double x = HiddenOf(twin, "silicon_x_m"), y = HiddenOf(twin, "silicon_y_m");
    const double middle = (low + high) / 2;
    Do(twin, Park{x + from_silicon_A[0] * kA, y + from_silicon_A[1] * kA, middle});
    (HiddenOf(twin, "hops") > 0 ? high : low) = middle;
  }
  return high;
}

TEST(AtomTwin, FirstHopsAreExponential) {
  auto twin = *MakeAtomTwin(FromYaml("{rates: simple}"), 1);
  constexpr int kHops = 1500;
  // On the silicon itself each rate is 1/17, whatever the rotation.
  constexpr double kRate_per_s = 3.0 / 17;
  std::vector<double> share;
  for (int i = 0; i < kHops; ++i) {
    share.push_back(1 - std::exp(-kRate_per_s * FirstHop_s(twin.get(), uint64_t(i), {0, 0})));
  }
  std::sort(share.begin(), share.end());
  double distance = 0;
  for (int i = 0; i < kHops; ++i) {
    distance = std::max(
        {distance, share[size_t(i)] - double(i) / kHops, double(i + 1) / kHops - share[size_t(i)]});
  }
  // Kolmogorov's distribution: beyond 1.63/√n in one of a hundred cases.
  EXPECT_LT(distance, 1.63 / std::sqrt(kHops));
}

// Towards one neighbour: it is taken by its share of the rates, and others as often as theirs.
TEST(AtomTwin, TheNeighbourIsDrawnByItsShare) {
  auto twin = *MakeAtomTwin(FromYaml("{rates: simple}"), 1);
  std::array<int, 3> taken{};
  std::array<double, 3> expected{};
  constexpr int kParks = 3000;
  int hops = 0;
  for (int i = 0; i < kParks; ++i) {
    twin->ground_truth()->Randomise(uint64_t(i), 0, 0);
    Do(twin.get(), Unblank{});
    const Reply before = Do(twin.get(), Measure{"atoms"});
    const Vector2 silicon = At(before, 0), first = At(before, 1);
    // Halfway to the first neighbour: rates 1/5 and 1/(1 + 16 · 1.75) twice.
    Do(twin.get(), Park{(silicon[0] + first[0]) / 2 * kA, (silicon[1] + first[1]) / 2 * kA, 0.2});
    if (HiddenOf(twin.get(), "hops") != 1) continue;
    ++hops;
    const Vector2 now = At(Do(twin.get(), Measure{"atoms"}), 0);
    for (size_t k = 0; k < 3; ++k) {
      const Vector2 n = At(before, 1 + k);
      taken[k] += std::hypot(now[0] - n[0], now[1] - n[1]) < 1e-6;
    }
  }
  EXPECT_EQ(taken[0] + taken[1] + taken[2], hops);
  const double side = 1 / (1 + 16 * 1.75), sum = 0.2 + 2 * side;
  expected = {0.2 / sum, side / sum, side / sum};
  for (size_t k = 0; k < 3; ++k) {
    const double sigma = std::sqrt(hops * expected[k] * (1 - expected[k]));
    EXPECT_NEAR(taken[k], hops * expected[k], 4 * sigma) << k;
  }
}

TEST(AtomTwin, MeasuresWhereTheAtomsAre) {
  auto twin = Unblanked();
  const Reply r = Do(twin.get(), Measure{"atoms", 1e-10, -1e-10, 2e-9});
  EXPECT_NEAR(At(r, 0)[0] * kA, HiddenOf(twin.get(), "silicon_x_m"), 1e-22);
  EXPECT_NEAR(At(r, 0)[1] * kA, HiddenOf(twin.get(), "silicon_y_m"), 1e-22);
  double last = -4;
  for (size_t k = 1; k <= 3; ++k) {
    const double x = At(r, k)[0] - At(r, 0)[0], y = At(r, k)[1] - At(r, 0)[1];
    EXPECT_NEAR(std::hypot(x, y), 1.42, 1e-9);
    EXPECT_GT(std::atan2(y, x), last);
    last = std::atan2(y, x);
  }
  EXPECT_EQ(r.elapsed_s, 2);
  const Cost cost = PredictCost(twin->description(), Measure{"atoms", 1e-10, -1e-10, 2e-9}, 50e-12);
  EXPECT_NEAR(r.dose_e_per_m2 / cost.dose_e_per_m2, 1, 1e-12);
  EXPECT_NEAR(r.electrons / cost.electrons, 1, 1e-12);
  // Elsewhere it is not.
  EXPECT_TRUE(Do(twin.get(), Measure{"atoms", 5e-9, 0, 2e-9}).estimates.empty());
  EXPECT_TRUE(absl::IsUnimplemented(twin->Execute(Measure{"defocus"}).status()));
  EXPECT_TRUE(absl::IsOutOfRange(twin->Execute(Measure{"atoms", 0, 0, 1}).status()));
  EXPECT_TRUE(absl::IsOutOfRange(twin->Execute(Measure{"atoms", 0, 0, -1}).status()));
}

TEST(AtomTwin, NoiseIsAsLargeAsItsCovarianceSays) {
  auto twin = Unblanked(FromYaml("prior: {aligner_sigma_A: [0.05, 0.05]}"));
  const double x = HiddenOf(twin.get(), "silicon_x_m");
  double squares = 0;
  constexpr int kImages = 2000;
  for (int i = 0; i < kImages; ++i) {
    const Reply r = Do(twin.get(), Measure{"atoms"});
    const Estimate& e = r.estimates.at(0);
    EXPECT_NEAR(e.covariance.at(0), 25e-24, 1e-30);
    EXPECT_EQ(e.covariance.at(1), 0);
    squares += std::pow((e.values[0].si - x) / kA, 2) / kImages;
  }
  // Of a variance: √(2/n), four of them.
  EXPECT_NEAR(squares / 0.0025, 1, 4 * std::sqrt(2.0 / kImages));
}

TEST(AtomTwin, ImagesHoldTheRightNumberOfElectrons) {
  auto twin = Unblanked();
  const Scan scan{.fov_x_m = 2e-9,
                  .fov_y_m = 2e-9,
                  .pixels_x = 100,
                  .pixels_y = 100,
                  .dwell_s = 2e-4,
                  .detectors = {"haadf"}};
  const Reply r = Do(twin.get(), scan);
  EXPECT_NEAR(r.elapsed_s, 2, 1e-9);
  const Array<float>& counts = r.frames.at(0).counts;
  double sum = 0;
  size_t brightest = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    if (counts[i] > counts[brightest]) brightest = i;
  }
  // The silicon is the brightest: within a pixel and a half of 0.2 Å along each axis.
  const double x = (double(brightest % 100) / 100 - 0.5) * 20;
  const double y = (double(brightest / 100) / 100 - 0.5) * 20;
  EXPECT_NEAR(x, HiddenOf(twin.get(), "silicon_x_m") / kA, 0.3);
  EXPECT_NEAR(y, HiddenOf(twin.get(), "silicon_y_m") / kA, 0.3);
  // One atom in 2.62 Å²; the field's edges cut atoms, of 150: 2 %.
  const AtomImage image = *AtomImage::Create(60e3, 0.08, 0.2);
  const double area_A2 = 3 * std::sqrt(3) / 4 * 1.42 * 1.42;
  const double atoms = 400 / area_A2;
  const double electrons = 50e-12 / kElementaryCharge_C * 2e-4;
  const double expected =
      electrons * 1e4 / 400 * ((atoms - 1) * image.carbon_A2() + image.silicon_A2());
  EXPECT_NEAR(sum / expected, 1, 0.02);
  // Z-contrast of this detector: between Z^1.5 and Z^2.
  const double power = std::log(image.silicon_A2() / image.carbon_A2()) / std::log(14.0 / 6);
  EXPECT_GT(power, 1.5);
  EXPECT_LT(power, 2);
}

TEST(AtomTwin, AnImageComesWithTheMeasurementWhenAsked) {
  auto twin = Unblanked(FromYaml("image_pixels: 16"));
  const Reply r = Do(twin.get(), Measure{"atoms"});
  ASSERT_EQ(r.frames.size(), 1u);
  EXPECT_EQ(r.frames[0].counts.shape(), (std::vector<size_t>{16, 16}));
}

// The beam of images, too: the rate is the law's mean over the field.
TEST(AtomTwin, ImagesMoveTheAtomIfTheyMay) {
  double hops = 0;
  constexpr int kImages = 2000;
  const AtomTwinOptions options = FromYaml("{images_move_atoms: true, rates: simple}");
  auto twin = *MakeAtomTwin(options, 1);
  for (int i = 0; i < kImages; ++i) {
    twin->ground_truth()->Randomise(uint64_t(i), 0, 0);
    Do(twin.get(), Unblank{});
    Do(twin.get(), Measure{"atoms", 0, 0, 15e-10});
    hops += HiddenOf(twin.get(), "hops");
  }
  const double expected = kImages * 2 * 3 * HopRates::Simple().ComputeMean(15)[0];
  EXPECT_NEAR(hops, expected, 4 * std::sqrt(expected));
  // A field as small as a beam is a parked beam; one that the silicon is not in does nothing.
  int moved = 0, far = 0;
  for (int i = 0; i < kImages; ++i) {
    for (double away_m : {0.0, 5e-9}) {
      twin->ground_truth()->Randomise(uint64_t(i), 0, 0);
      Do(twin.get(), Unblank{});
      const Vector2 first = At(Do(twin.get(), Measure{"atoms", 0, 0, 1e-8}), 1);
      const double before = HiddenOf(twin.get(), "hops");
      Do(twin.get(), Measure{"atoms", first[0] * kA + away_m, first[1] * kA, 1e-14});
      (away_m == 0 ? moved : far) += HiddenOf(twin.get(), "hops") > before;
    }
  }
  // On a neighbour for two seconds: 1 + 2/49 a second.
  const double share = 1 - std::exp(-2 * (1 + 2 / 49.0));
  EXPECT_NEAR(moved, kImages * share, 5 * std::sqrt(kImages * share * (1 - share)));
  // 50 Å away: 3 · 2 s/(1 + 16 · 35²), 3e-4.
  EXPECT_LT(far, 10);
  auto harmless = Unblanked(FromYaml("{rates: simple}"));
  for (int i = 0; i < 200; ++i) Do(harmless.get(), Measure{"atoms"});
  EXPECT_EQ(HiddenOf(harmless.get(), "hops"), 0);
}

TEST(AtomTwin, TheSheetDrifts) {
  auto twin =
      Unblanked(FromYaml("prior: {drift_x_A_per_s: [0.1, 0.1], drift_y_A_per_s: [-0.05, -0.05]}"));
  const Vector2 before = At(Do(twin.get(), Measure{"atoms"}), 0);
  twin->ground_truth()->Pass(8);
  const Vector2 after = At(Do(twin.get(), Measure{"atoms"}), 0);
  EXPECT_NEAR(after[0] - before[0], 0.1 * 10, 1e-9);  // from half an image to half an image
  EXPECT_NEAR(after[1] - before[1], -0.05 * 10, 1e-9);
}

// σ · I/e/(2πs²), by hand; and a wider beam does less.
TEST(AtomTwin, KnockOnRatesAreCrossSectionTimesCurrentDensity) {
  auto twin = Unblanked(FromYaml(
      "{rates: knock_on, current_pA: 40, beam_fwhm_A: 1, prior: {threshold_0_eV: [13, 13], "
      "threshold_1_eV: [13, 13], threshold_2_eV: [13, 13], current_ratio: [1.25, 1.25]}}"));
  theory::KnockOnTarget target = theory::Graphene12C();
  target.threshold_eV = 13;
  const double barn = theory::KnockOnCrossSection_barn(target, 60e3);
  const double variance_A2 = 1 / (8 * std::log(2));
  const double expected =
      theory::KnockOnRate_per_s(barn, 50e-12, 2 * std::numbers::pi * variance_A2 * 1e-20);
  for (const char* name : {"rate_1_per_s", "rate_2_per_s", "rate_3_per_s"}) {
    EXPECT_NEAR(HiddenOf(twin.get(), name) / expected, 1, 1e-9) << name;
  }
  Do(twin.get(), Set{"optics.C10", Nanometres(10)});
  const double wide_A2 = variance_A2 + std::pow(0.03 * 100 / 2, 2);
  EXPECT_NEAR(HiddenOf(twin.get(), "rate_1_per_s") / expected, variance_A2 / wide_A2, 1e-9);
  EXPECT_LT(twin->ground_truth()->Figure("contrast").value(),
            1e-3 * twin->ground_truth()->Figure("best_contrast").value());
}

// The table between thresholds against the integral itself.
TEST(AtomTwin, KnockOnThresholdsAreInterpolated) {
  auto twin = *MakeAtomTwin(AtomTwinOptions::Level(3), 1);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    twin->ground_truth()->Randomise(seed, 0, 0);
    const auto h = twin->ground_truth()->Hidden();
    std::vector<double> expected, rates;
    for (int k = 0; k < 3; ++k) {
      theory::KnockOnTarget target = theory::Graphene12C();
      target.threshold_eV = h.at("threshold_" + std::to_string(k) + "_eV");
      const double area_m2 = 2 * std::numbers::pi * 1.21 / (8 * std::log(2)) * 1e-20;
      expected.push_back(theory::KnockOnRate_per_s(theory::KnockOnCrossSection_barn(target, 60e3),
                                                   50e-12 * h.at("current_ratio"), area_m2));
      rates.push_back(h.at("rate_" + std::to_string(k + 1) + "_per_s"));
    }
    std::sort(expected.begin(), expected.end());
    std::sort(rates.begin(), rates.end());
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(rates[k] / expected[k], 1, 1e-4);
  }
}

std::vector<Reply> Goings(Instrument* twin) {
  std::vector<Reply> replies;
  for (int i = 0; i < 5; ++i) {
    replies.push_back(Do(twin, Park{1e-10 * i, 1e-10, 3}));
    replies.push_back(Do(twin, Measure{"atoms", 0, 0, 1e-8}));
    replies.push_back(Do(twin, Read{{"beam.current"}}));
    replies.push_back(Do(twin, Scan{.fov_x_m = 1e-9,
                                    .fov_y_m = 1e-9,
                                    .pixels_x = 8,
                                    .pixels_y = 8,
                                    .dwell_s = 1e-4,
                                    .detectors = {"haadf"}}));
  }
  return replies;
}
bool SameGoings(const std::vector<Reply>& a, const std::vector<Reply>& b) {
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); ++i) {
    same = SameReply(a[i], b[i]) && a[i].estimates.size() == b[i].estimates.size();
    for (size_t k = 0; same && k < a[i].estimates.size(); ++k) {
      same = a[i].estimates[k].values == b[i].estimates[k].values;
    }
  }
  return same;
}

TEST(AtomTwin, IsAFunctionOfItsSeedAndGoesOnAfterRestore) {
  for (int level : {1, 2, 3}) {
    const AtomTwinOptions options = AtomTwinOptions::Level(level);
    auto a = Unblanked(options, 4), b = Unblanked(options, 4), other = Unblanked(options, 5);
    EXPECT_TRUE(SameGoings(Goings(a.get()), Goings(b.get())));
    const std::string saved = *a->ground_truth()->Save();
    EXPECT_FALSE(SameGoings(Goings(a.get()), Goings(other.get())));
    ASSERT_TRUE(other->ground_truth()->Restore(saved).ok());
    EXPECT_TRUE(SameGoings(Goings(b.get()), Goings(other.get()))) << level;
    EXPECT_TRUE(absl::IsInvalidArgument(other->ground_truth()->Restore("nonsense")));
  }
}

// Whatever is asked, the answer is finite or an error, and the clock runs forward.
TEST(AtomTwin, SenselessCommandsAreAnsweredOrRefused) {
  AtomTwinOptions options = AtomTwinOptions::Level(3);
  options.image_pixels = 4;
  auto twin = Unblanked(options);
  testing_support::Fuzz fuzz(11);
  double clock_s = 0;
  int answered = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto reply = twin->Execute(i % 50 ? fuzz.Next() : Command(Unblank{}));
    if (!reply.ok()) continue;
    ++answered;
    EXPECT_GE(reply->time_s, clock_s);
    clock_s = reply->time_s;
    for (const Frame& f : reply->frames) {
      for (float v : f.counts) ASSERT_TRUE(std::isfinite(v));
    }
  }
  EXPECT_GT(answered, 1000);
  // Far away in the same breath: no number of a site is so large.
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  for (double far_m : {1e-3, 1.0, 1e300}) {
    EXPECT_TRUE(twin->Execute(Measure{"atoms", far_m, -far_m}).ok());
    EXPECT_TRUE(twin->Execute(Park{far_m, far_m, 1}).ok());
  }
}

TEST(AtomTwin, BlankedItDoesNothing) {
  auto twin = *MakeAtomTwin({}, 1);
  for (const Command& c : {Command(Park{0, 0, 1}), Command(Measure{"atoms"})}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(twin->Execute(c).status()));
  }
  EXPECT_EQ(Do(twin.get(), Blank{}).time_s, 0);
}

TEST(AtomTwin, WhatIsEndedEarlyCostsWhatWasDone) {
  auto twin = Unblanked();
  ExecuteOptions options;
  options.timeout_s = 0.5;
  for (const Command& c : {Command(Park{0, 0, 1}), Command(Measure{"atoms"})}) {
    const auto r = twin->Execute(c, options);
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->ended, Ended::kTimeout);
    EXPECT_EQ(r->elapsed_s, 0.5);
    EXPECT_NEAR(r->electrons, 0.5 * 50e-12 / kElementaryCharge_C, 1);
    EXPECT_TRUE(r->estimates.empty());
  }
}

TEST(AtomTwin, BadOptionsAreNamed) {
  const auto error = [](const char* yaml) {
    return std::string(ReadAtomTwinOptions(*Config::Parse(yaml, "atoms.yaml")).status().message());
  };
  EXPECT_EQ(error("{energy_keV: 5}"),
            "atoms.yaml:1: energy_keV: 5 is not allowed; allowed: 20 … 300");
  EXPECT_NE(error("{rates: slow}").find("atoms.yaml:1: rates"), std::string::npos);
  EXPECT_NE(error("{level: 4}").find("atoms.yaml:1: level"), std::string::npos);
  EXPECT_NE(error("{nonsense: 4}").find("nonsense"), std::string::npos);
  EXPECT_NE(error("prior: {image_s: [3, 2]}").find("low <= high"), std::string::npos);
  EXPECT_NE(error("{haadf_inner_mrad: 20}").find("semiangle"), std::string::npos);
  // A level's values are defaults, others win.
  const AtomTwinOptions o = FromYaml("{level: 3, rates: prior}");
  EXPECT_EQ(o.rates, RateLaw::kPrior);
  EXPECT_TRUE(o.images_move_atoms);
}

}  // namespace
}  // namespace ronchi::hw
