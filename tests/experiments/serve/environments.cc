// Environments over the wires of others: a twin is served by temscript, CEOS and Merlin, put
// together again as one instrument, and each task that these wires can carry is begun and acted in,
// without a word of its own for them. The others say what the wires lack.
#include "experiments/catalog/environments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "tests/support/served.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing_support::ServedProgram;
using testing_support::TemporaryFolder;

// The column by temscript, its corrector by CEOS, its camera, if it has one, by Merlin.
std::string OverTheWires(ServedProgram* served, bool corrector, bool camera) {
  std::string column = absl::StrCat(
      "{kind: composite, guard: {dose_budget_e_per_A2: 1.0e+12}, parts: [{kind: temscript, "
      "address: \"",
      served->At("temscript"), "\", current_pA: 60, defocus_limit_nm: ", corrector ? 50 : 200,
      ", field_at_magnification_1_m: ", camera ? 0 : 0.1, "}");
  if (corrector) {
    absl::StrAppend(&column, ", {kind: ceos, address: \"", served->At("ceos"),
                    "\", limits_nm: {A1: ", camera ? 200 : 50, ", B2: 0, A2: 0}}");
  }
  if (camera) {
    absl::StrAppend(&column, ", {kind: merlin, camera: camera, pixel_mrad: 1, control: \"",
                    served->At("merlin control"), "\", data: \"", served->At("merlin data"), "\"}");
  }
  return column + "]}";
}

// Begins an episode and acts a few times.
void Act(const std::string& id, const std::string& instrument, const std::string& task = "") {
  const auto made =
      MakeEnvironment(id, absl::StrCat("{instrument: ", instrument, ", task: {", task, "}}"));
  ASSERT_TRUE(made.ok()) << made.status();
  env::Environment& e = **made;
  const auto begun = e.Reset(1);
  ASSERT_TRUE(begun.ok()) << begun.status();
  RandomStream random({.seed = 1, .name = "test.actions"});
  const env::Box& space = e.spec().action_space;
  for (int step = 0; step < 4; ++step) {
    std::vector<float> action(space.size());
    for (size_t i = 0; i < action.size(); ++i) {
      action[i] = float(0.02 * random.Uniform(space.Low(i), space.High(i)));
    }
    const auto acted = e.Step(action);
    ASSERT_TRUE(acted.ok()) << id << ": " << acted.status();
    EXPECT_TRUE(std::isfinite(acted->reward)) << id;
    EXPECT_GT(acted->info.at("time_s"), 0) << id;
  }
}

TEST(EnvironmentsOverWires, TuningAndDoseByColumnAndCorrector) {
  TemporaryFolder out;
  std::ofstream(out / "twin.yaml") << "preset: corrected_200kV\nmeasurements: {present: true}\n";
  ServedProgram served("twin.yaml", "temscript,ceos", "0,0", out.path());
  const std::string column = OverTheWires(&served, true, false);
  Act("AberrationTuning-v1", column);
  Act("CorrectorTuning-v0", column);
  Act("DoseHold-v0", column, "dwell_us: 50, reference_frames: 2");
}

TEST(EnvironmentsOverWires, ARonchigramByMerlin) {
  TemporaryFolder out;
  std::ofstream(out / "film.yaml")
      << "current_pA: 60\nfilm: {thickness_nm: 5, box_A: 64, structure: spheres}\n"
         "energy_keV: 200\nsemiangle_mrad: 30\ncamera: {present: true, pixels: 64, pixel_mrad: 1}\n"
         "corrector_limit_nm: 200\n";
  ServedProgram served("film.yaml", "temscript,ceos,merlin", "0,0,0,0", out.path());
  Act("RonchigramTuning-v1", OverTheWires(&served, true, true), "pixels: 64");
}

TEST(EnvironmentsOverWires, AStageByTemscriptAndAPatternByMerlin) {
  TemporaryFolder out;
  std::ofstream(out / "tilted.yaml")
      << "layers: 15\ncurrent_pA: 20\nspecimen: SrTiO3_001.xyz\nengine: linear\nenergy_keV: 200\n"
         "semiangle_mrad: 2\nphonon_configurations: 1\n"
         "camera: {present: true, pixels: 64, pixel_mrad: 1, source_points: 1}\n"
         "stage: {present: true}\n";
  ServedProgram served("tilted.yaml", "temscript,merlin", "0,0,0", out.path());
  Act("ZoneAxisTilt-v1", OverTheWires(&served, false, true), "pixels: 64");
}

// What these wires cannot carry is said, by the name of what is lacking.
TEST(EnvironmentsOverWires, WhatTheWiresLackIsNamed) {
  TemporaryFolder out;
  ServedProgram served("corrected_200kV", "temscript", "0", out.path());
  const std::string column = OverTheWires(&served, false, false);
  struct Lacking {
    const char *id, *what;
  };
  const Lacking all[] = {
      {"AdaptiveScan-v0", "scans points"},
      {"AtomMove-v0", "park"},
      {"SpectrumSearch-v0", "spectr"},
      {"DriftLock-v1", "scan.offset"},
  };
  for (const auto& [id, what] : all) {
    const auto made = MakeEnvironment(id, absl::StrCat("{instrument: ", column, "}"));
    EXPECT_FALSE(made.ok()) << id;
    EXPECT_THAT(std::string(made.status().message()), HasSubstr(what)) << id;
  }
}

}  // namespace
}  // namespace ronchi
