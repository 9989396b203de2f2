// What simple ways to act reach on AdaptiveScan-v0 and SpectrumSearch-v0, at equal dose: the tables
// of docs/environments are what this prints, and a sensible way is better than chance.
#include "tests/support/map_baselines.h"

#include <gtest/gtest.h>

#include "env/adaptive_scan.h"
#include "env/spectrum_search.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

using namespace testing_support;  // NOLINT: of tests alone

double InfoAt(const env::Spec& spec, const std::vector<double>& info, const std::string& name) {
  for (size_t i = 0; i < info.size(); ++i) {
    if (spec.info_names[i] == name) return info[i];
  }
  RONCHI_CHECK(false);
  return 0;
}

std::map<std::string, Mean> Final(env::Environment* e, const Act& act, int n) {
  const Episodes episodes = RunEpisodes(e, act, n);
  std::map<std::string, Mean> out;
  for (const std::string& name : e->spec().info_names) {
    std::vector<double> values;
    for (const auto& info : episodes.infos) values.push_back(InfoAt(e->spec(), info, name));
    out[name] = MeanOf(values);
  }
  out["return"] = MeanOf(episodes.returns);
  return out;
}

constexpr int kEpisodes = 100;

TEST(MapBaselines, AdaptiveScan) {
  const std::pair<const char*, Act> ways[] = {{"raster", RasterAct},
                                              {"random", RandomAct},
                                              {"Sobol", SobolAct},
                                              {"greedy gradient", GreedyGradientAct}};
  for (int level = 1; level <= 3; ++level) {
    const auto e =
        *MakeEnvironment("AdaptiveScan-v0", absl::StrCat("{task: {level: ", level, "}}"));
    std::map<std::string, Mean> error;
    for (const auto& [name, act] : ways) {
      auto figures = Final(e.get(), act, kEpisodes);
      error[name] = figures["error"];
      std::printf("level %d  %-16s error %.3f ± %.3f  return %.3f  electrons %.4g  steps %d\n",
                  level, name, figures["error"].mean, figures["error"].error,
                  figures["return"].mean, figures["electrons"].mean, e->spec().max_episode_steps);
    }
    const Mean random = error["random"], greedy = error["greedy gradient"];
    EXPECT_LT(greedy.mean, random.mean - 4 * std::hypot(greedy.error, random.error)) << level;
    EXPECT_LT(error["Sobol"].mean, random.mean) << level;
  }
}

Flat GridAct(const env::Spec& spec, const Flat& o, uint64_t episode, int step) {
  return RasterAct(spec, o, episode, step);
}

TEST(MapBaselines, SpectrumSearch) {
  const std::pair<const char*, Act> ways[] = {{"grid", GridAct},
                                              {"random", RandomAct},
                                              {"Sobol", SobolAct},
                                              {"edges, then climb", EdgesThenClimbAct}};
  for (int level = 1; level <= 3; ++level) {
    const auto e =
        *MakeEnvironment("SpectrumSearch-v0", absl::StrCat("{task: {level: ", level, "}}"));
    std::map<std::string, Mean> regret;
    for (const auto& [name, act] : ways) {
      auto figures = Final(e.get(), act, kEpisodes);
      regret[name] = figures["simple_regret"];
      std::printf(
          "level %d  %-18s regret %.3f ± %.3f  area %.3f ± %.3f  best %.2f %%  return %.3f\n",
          level, name, figures["simple_regret"].mean, figures["simple_regret"].error,
          figures["area"].mean, figures["area"].error, figures["best_percent"].mean,
          figures["return"].mean);
    }
    const Mean random = regret["random"], sensible = regret["edges, then climb"];
    EXPECT_LT(sensible.mean, random.mean - 4 * std::hypot(sensible.error, random.error)) << level;
  }
}

}  // namespace
}  // namespace ronchi
