// Configs of all verbs: simulate, recipes, twins, workflows.
#include <gtest/gtest.h>

#include "core/config.h"
#include "experiments/catalog/environments.h"
#include "experiments/loop/recipe.h"
#include "experiments/simulate/simulate_series.h"
#include "hw/twin/column/twin_options.h"
#include "hw/workflow/check.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/support/flow.h"

namespace ronchi {
namespace {

using testing_support::FilesBelow;
using testing_support::Fuzz;

TEST(FuzzConfigs, Simulate) {
  std::vector<std::string> corpus = {
      R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 1]}
beam: {energy_keV: 200, semiangle_mrad: 24, aberrations: {C10_A: -30}}
grid: {pixels: [64, 64], slice_thickness_A: 1.9525}
phonons: {configurations: 2, rms_A: {Sr: 0.08, Ti: 0.08, O: 0.08}}
scan: {end_A: [3.905, 3.905], pixels: [4, 4]}
detectors:
  haadf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  cbed: {type: pixelated, max_mrad: 40}
dose: {electrons_per_A2: 1000, seed: 3}
)",
      R"(version: 1
specimen: {file: Au.cif, repeat: [2, 2, 2]}
beam: {energy_keV: 80, semiangle_mrad: 20, defocus_A: 10}
engine: {name: prism, interpolation: 2}
grid: {pixels: [32, 48]}
scan: {start_A: [0, 0], end_A: [4, 4], pixels: [2, 3]}
detectors: {seg: {type: segmented, inner_mrad: 5, outer_mrad: 20, segments: 4}}
)",
      R"(version: 1
specimen: {file: SrTiO3_001.xyz}
beam: {energy_keV: {series: [80, 200]}, semiangle_mrad: 24, aberrations: {C10_A: {from: -3, to: 3, steps: 3}}}
grid: {pixels: [32, 32], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, {series: [2, 3]}], pixels: [2, 2]}
detectors: {haadf: {type: annular, inner_mrad: 30, outer_mrad: 40}}
)"};
  std::erase_if(corpus, [](const std::string& text) {
    const auto config = Config::Parse(text, "good.yaml");
    return !config.ok() || !SimulateSeries::Read(*config).ok();
  });
  Fuzz({.kind = "simulate",
        .corpus = corpus,
        .read = [](const std::string& text) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "c.yaml"));
          return SimulateSeries::Read(config).status();
        },
        .quick = 500});
}

TEST(FuzzConfigs, Recipe) {
  Fuzz({.kind = "recipe",
        .corpus = FilesBelow("experiments/recipes", ".yaml"),
        .read = [](const std::string& text) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "c.yaml"));
          return ReadRecipe(config).status();
        },
        .quick = 1000});
}

TEST(FuzzConfigs, Twin) {
  const std::vector<std::string> all = FilesBelow("data/twins", ".yaml");
  std::vector<std::string> corpus;
  for (const std::string& text : all) {
    const auto config = Config::Parse(text, "good.yaml");
    if (config.ok() && hw::ReadTwinOptions(*config).ok()) corpus.push_back(text);
  }
  Fuzz({.kind = "twin",
        .corpus = corpus,
        .read = [](const std::string& text) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "c.yaml"));
          return hw::ReadTwinOptions(config).status();
        },
        .quick = 1000});
}

TEST(FuzzConfigs, Workflow) {
  const hw::Description column = testing_support::SmallColumn();
  Fuzz({.kind = "workflow",
        .corpus = FilesBelow("examples/workflows", ".yaml"),
        .read = [&](const std::string& text) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const hw::workflow::Workflow workflow,
                                  testing_support::ParseFlow(text));
          for (const auto& finding :
               hw::workflow::Check(workflow, column, testing_support::SmallColumnNow()).findings) {
            if (finding.message.empty()) return absl::InvalidArgumentError("");
          }
          return absl::OkStatus();
        },
        .quick = 1000});
}

}  // namespace
}  // namespace ronchi
