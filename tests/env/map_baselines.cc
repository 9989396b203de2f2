// What simple ways to act reach on AdaptiveScan-v0 and SpectrumSearch-v0, at equal dose: the tables
// of docs/environments are what this prints, and a sensible way is better than chance.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/environments.h"
#include "tests/support/agent.h"

namespace ronchi {
namespace {

using namespace testing_support;  // NOLINT: of tests alone

constexpr int kEpisodes = 100;

// Of the episodes' returns and of info at their ends.
std::map<std::string, Figure> Final(env::Environment* e, const std::string& agent) {
  std::map<std::string, std::vector<double>> values;
  const auto watch = [&](uint64_t, int, const env::StepResult& r) {
    if (!r.terminated && !r.truncated) return;
    for (const auto& [name, value] : r.info) values[name].push_back(value);
  };
  values["return"] = Returns(e, Agent(e->spec(), agent), kEpisodes, 1, watch);
  std::map<std::string, Figure> figures;
  for (const auto& [name, all] : values) figures[name] = FigureOf(all);
  return figures;
}

bool ClearlyBelow(const Figure& a, const Figure& b) { return StandardErrorsAbove(b, a) > 4; }

TEST(MapBaselines, AdaptiveScan) {
  for (int level = 1; level <= 3; ++level) {
    const auto e =
        *MakeEnvironment("AdaptiveScan-v0", absl::StrCat("{task: {level: ", level, "}}"));
    std::map<std::string, Figure> error;
    for (const char* agent : {"raster", "random", "sobol", "steepest"}) {
      auto figures = Final(e.get(), agent);
      error[agent] = figures["error"];
      std::printf("level %d  %-16s error %.3f ± %.3f  return %.3f  electrons %.4g  steps %d\n",
                  level, agent, figures["error"].mean, figures["error"].error,
                  figures["return"].mean, figures["electrons"].mean, e->spec().max_episode_steps);
    }
    EXPECT_TRUE(ClearlyBelow(error["steepest"], error["random"])) << level;
    EXPECT_LT(error["sobol"].mean, error["random"].mean) << level;
  }
}

TEST(MapBaselines, SpectrumSearch) {
  for (int level = 1; level <= 3; ++level) {
    const auto e =
        *MakeEnvironment("SpectrumSearch-v0", absl::StrCat("{task: {level: ", level, "}}"));
    std::map<std::string, Figure> regret;
    for (const char* agent : {"raster", "random", "sobol", "edges_then_climb"}) {
      auto figures = Final(e.get(), agent);
      regret[agent] = figures["simple_regret"];
      std::printf(
          "level %d  %-18s regret %.3f ± %.3f  area %.3f ± %.3f  best %.2f %%  return %.3f\n",
          level, agent, figures["simple_regret"].mean, figures["simple_regret"].error,
          figures["area"].mean, figures["area"].error, figures["best_percent"].mean,
          figures["return"].mean);
    }
    EXPECT_TRUE(ClearlyBelow(regret["edges_then_climb"], regret["random"])) << level;
  }
}

}  // namespace
}  // namespace ronchi
