// SpectrumSearch-v0: Gymnasium's contract, spectra exactly where the action says, scores, regret.
#include "env/spectrum_search.h"

#include <gtest/gtest.h>

#include <cmath>

#include "experiments/catalog/environments.h"
#include "tests/support/map_world.h"
#include "tests/support/redescribed.h"

namespace ronchi::env {
namespace {

using namespace testing_support;  // NOLINT: of tests alone
using SearchWorld = MapWorld<SpectrumSearch, SpectrumSearchOptions>;

SpectrumSearchOptions SmallSearch() {
  SpectrumSearchOptions o;
  o.columns = 14;
  o.rows = 11;
  o.pixel_nm = 8;
  o.spectra = 6;
  o.dark_counts = 2;
  o.white_counts = 400;
  return o;
}
std::vector<float> At(const SpectrumSearchOptions& o, size_t pixel) {
  const size_t columns = size_t(o.columns);
  return {2 * (float(pixel % columns) + 0.5f) / float(o.columns) - 1,
          2 * (float(pixel / columns) + 0.5f) / float(o.rows) - 1};
}

TEST(SpectrumSearch, KeepsTheContract) {
  SearchWorld w(SmallSearch());
  ExpectContract(w.env.get());
}

TEST(SpectrumSearch, IsAFunctionOfSeedEpisodeAndIndex) {
  SearchWorld a(SmallSearch()), b(SmallSearch());
  const Trace first = Episode(a.env.get(), 7, 3), second = Episode(a.env.get(), std::nullopt, 3);
  EXPECT_NE(first, second);
  EXPECT_EQ(Episode(b.env.get(), 7, 3), first);
  EXPECT_EQ(Episode(b.env.get(), std::nullopt, 3), second);
  EXPECT_NE(Episode(a.env.get(), 8, 3), first);
  SpectrumSearchOptions neighbour = SmallSearch();
  neighbour.environment = 1;
  SearchWorld c(neighbour);
  EXPECT_NE(Episode(c.env.get(), 7, 3), first);
}

TEST(SpectrumSearch, SavedInMidEpisodeItGoesOnToTheBit) {
  SearchWorld a(SmallSearch()), b(SmallSearch());
  (void)Episode(a.env.get(), 7, 3);
  const std::string saved = *a.env->Save();
  const auto picture = *a.env->Render();
  const Trace rest = GoOn(a.env.get(), 3, 3);
  ASSERT_TRUE(b.env->Restore(saved).ok());
  EXPECT_EQ(*b.env->Render(), picture);
  EXPECT_EQ(GoOn(b.env.get(), 3, 3), rest);
  SpectrumSearchOptions other = SmallSearch();
  other.rows = 12;
  SearchWorld c(other);
  EXPECT_FALSE(c.env->Restore(saved).ok());
}

// Every pixel's action exposes at that pixel's place in the overview, whatever the rounding, and
// the score is put there.
TEST(SpectrumSearch, MeasuresExactlyWhereTheActionSays) {
  SpectrumSearchOptions o = SmallSearch();
  o.spectra = o.columns * o.rows;
  SearchWorld w(o);
  ASSERT_TRUE(w.env->Reset(1).ok());
  const auto overview = std::get<hw::Scan>(w.seen->commands.back());
  const auto places = [&](size_t pixel) {  // docs/conventions.md
    const size_t i = pixel % overview.pixels_x, j = pixel / overview.pixels_x;
    return std::array<double, 2>{(double(i) / double(overview.pixels_x) - 0.5) * overview.fov_x_m,
                                 (double(j) / double(overview.pixels_y) - 0.5) * overview.fov_y_m};
  };
  for (size_t pixel = 0; pixel < size_t(o.spectra); ++pixel) {
    const auto r = *w.env->Step(At(o, pixel));
    const auto e = std::get<hw::Expose>(w.seen->commands.back());
    EXPECT_NEAR(e.x_m, places(pixel)[0], 1e-18);
    EXPECT_NEAR(e.y_m, places(pixel)[1], 1e-18);
    EXPECT_EQ(r.observation.at("mask")[pixel], 1);
    double measured = 0;
    for (float m : r.observation.at("mask")) measured += m;
    EXPECT_EQ(measured, double(pixel + 1));
  }
  // All measured: the best is the best there is, up to counting noise.
  EXPECT_LT(w.env->InfoByName().at("simple_regret"), 0.1);
}

// The score by hand from the spectrum that came.
TEST(SpectrumSearch, ScoresAreTheBandsShare) {
  SpectrumSearchOptions o = SmallSearch();
  SearchWorld w(o);
  ASSERT_TRUE(w.env->Reset(5).ok());
  const auto r = *w.env->Step(At(o, 77));
  const Array<float>& counts = w.seen->replies.back()->frames[0].counts;
  size_t zero = 0;
  for (size_t j = 0; j < counts.size(); ++j) {
    if (counts[j] > counts[zero]) zero = j;
  }
  double all = 0, band = 0, first_bin = 0;
  for (size_t j = 0; j < counts.size(); ++j) {
    const double e = (double(j) - double(zero)) * 0.004;
    all += counts[j];
    if (e >= 0.6 && e < 0.75) band += counts[j];
    if (e >= 0.2 - 1e-12 && e < 0.2 + 1.0 / 64) first_bin += counts[j];
  }
  EXPECT_NEAR(r.observation.at("scores")[77], 100 * band / all, 1e-4);
  EXPECT_NEAR(r.info.at("best_percent"), 100 * band / all, 1e-6);
  // A channel on a bin's edge may fall on either side.
  EXPECT_NEAR(r.observation.at("spectrum")[0], 100 * first_bin / all,
              100 * double(counts[zero + 50]) / all + 1e-6);
}

TEST(SpectrumSearch, APixelMeasuredAgainHasTheMean) {
  SpectrumSearchOptions o = SmallSearch();
  SearchWorld w(o);
  ASSERT_TRUE(w.env->Reset(5).ok());
  const double a = w.env->Step(At(o, 60))->observation.at("scores")[60];
  const auto r = *w.env->Step(At(o, 60));
  const double mean = r.observation.at("scores")[60];
  EXPECT_NE(a, mean);
  EXPECT_NEAR(mean, a, 0.2 * std::fabs(a) + 0.05);  // counting noise of thousands of electrons
  EXPECT_EQ(r.info.at("spectra"), 2);
}

TEST(SpectrumSearch, RegretsAndAreasAreTheirDefinitions) {
  SearchWorld w(SmallSearch());
  ASSERT_EQ(w.env->Reset(4)->info.at("simple_regret"), 1);
  double sum = 0, area = 0, best = 0;
  Info info;
  for (int i = 0; i < 6; ++i) {
    const auto r = *w.env->Step(SomeAction(w.env->spec(), i));
    sum += r.reward;
    area += (1 - r.info.at("simple_regret")) / 6;
    best += r.info.at("best_percent") / 6;
    info = r.info;
  }
  EXPECT_NEAR(sum, 1 - info.at("simple_regret"), 1e-12);
  EXPECT_NEAR(info.at("area"), area, 1e-12);
  EXPECT_NEAR(info.at("mean_best_percent"), best, 1e-12);
  EXPECT_GE(info.at("simple_regret"), 0);
}

TEST(SpectrumSearch, ARealInstrumentWillDoWithoutTruth) {
  Redescribed real(*hw::MakeMapTwin(MapFromYaml(), 0));
  EXPECT_TRUE(absl::IsInvalidArgument(SpectrumSearch::Create(&real, SmallSearch()).status()));
  SpectrumSearchOptions o = SmallSearch();
  o.reward_is_truth = false;
  const auto env = *SpectrumSearch::Create(&real, o);
  ASSERT_TRUE(env->Reset(1).ok());
  double best = 0;
  for (int i = 0; i < 6; ++i) {
    const auto r = *env->Step(SomeAction(env->spec(), i));
    EXPECT_NEAR(r.reward, r.info.at("best_percent") - best, 1e-12);
    best = r.info.at("best_percent");
    EXPECT_FALSE(r.info.contains("simple_regret"));
  }
  EXPECT_TRUE(env->Render().ok());
}

TEST(SpectrumSearch, RefusesWhatCannotBe) {
  const auto refused =
      [](
          const char* names, const std::function<void(SpectrumSearchOptions*)>& spoil,
          const std::function<void(hw::Description*)>& change = [](hw::Description*) {}) {
        Redescribed real(*hw::MakeMapTwin(MapFromYaml(), 0), change);
        SpectrumSearchOptions o = SmallSearch();
        o.reward_is_truth = false;
        spoil(&o);
        const auto env = SpectrumSearch::Create(&real, o);
        EXPECT_TRUE(absl::IsInvalidArgument(env.status())) << names;
        EXPECT_NE(env.status().message().find(names), std::string::npos) << env.status();
      };
  const auto none = [](SpectrumSearchOptions*) {};
  refused("haadf", none, [](hw::Description* d) { d->detectors.clear(); });
  refused("eels", none, [](hw::Description* d) { d->detectors.pop_back(); });
  refused("exposes", none, [](hw::Description* d) { d->cannot.push_back("expose"); });
  refused("exposure_ms", [](SpectrumSearchOptions* o) { o->exposure_s = 1e-6; });
  refused("pixel_nm", [](SpectrumSearchOptions* o) { o->pixel_nm = 500; });
  refused("white_counts", [](SpectrumSearchOptions* o) { o->white_counts = 0; });
  refused("band_eV", [](SpectrumSearchOptions* o) { o->band_eV[1] = 50; });
}

TEST(SpectrumSearch, AFaultIsAnErrorAndNoStep) {
  SearchWorld w(SmallSearch());
  ASSERT_TRUE(w.env->Reset(1).ok());
  w.broken = true;
  EXPECT_TRUE(absl::IsUnavailable(w.env->Step(std::vector<float>{0.5f, 0.5f}).status()));
  w.broken = false;
  for (int step = 1; step <= 6; ++step) {
    const auto r = w.env->Step(std::vector<float>{0.1f, 0.1f});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->terminated, step == 6);
    EXPECT_EQ(r->info.at("spectra"), step);
  }
}

TEST(SpectrumSearch, ConfigsAreCheckedAndLevelsDiffer) {
  const auto message = [](const std::string& yaml) {
    const auto e = MakeEnvironment("SpectrumSearch-v0", yaml);
    EXPECT_FALSE(e.ok()) << yaml;
    return std::string(e.status().message());
  };
  EXPECT_NE(message("{task: {level: 0}}").find("level: 0 is not allowed"), std::string::npos);
  EXPECT_NE(message("{task: {bands: 4}}").find("band"), std::string::npos);
  EXPECT_NE(message("{task: {band: core}}").find("dipole"), std::string::npos);
  EXPECT_NE(message("{task: {band_eV: [0.7, 0.6]}}").find("low < high"), std::string::npos);
  for (int level = 1; level <= 3; ++level) {
    const auto e = MakeEnvironment(
        "SpectrumSearch-v0", "{task: {score: largest, level: " + std::to_string(level) + "}}");
    ASSERT_TRUE(e.ok()) << e.status();
    const auto reset = (*e)->Reset(1);
    ASSERT_TRUE(reset.ok()) << reset.status();
    ExpectInSpace((*e)->spec(), reset->observation);
    const auto step = (*e)->Step(std::vector<float>{0, 0});
    ASSERT_TRUE(step.ok()) << step.status();
    ExpectInSpace((*e)->spec(), step->observation);
  }
}

}  // namespace
}  // namespace ronchi::env
