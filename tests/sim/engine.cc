// Every engine of the table through one body: what it says of itself, and its images against those
// of multislice.
#include "sim/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "sim/simulate_config.h"

namespace ronchi::sim {
namespace {

constexpr char kText[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 1]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [6, 5]}
detectors: {adf: {type: annular, inner_mrad: 30, outer_mrad: 50}}
)";

absl::StatusOr<SimulationOptions> Read(const std::vector<std::string>& sets) {
  return ReadSimulationOptions(*Config::Parse(kText, "f.yaml", sets));
}

class EngineTest : public ::testing::TestWithParam<std::string> {
 protected:
  const EngineKind& kind() const { return *FindEngineKind(GetParam()); }
  absl::StatusOr<SimulationOptions> Of(std::vector<std::string> sets = {}) const {
    sets.insert(sets.begin(), "engine.name=" + GetParam());
    return Read(sets);
  }
  Array<float> Image(const SimulationOptions& o) const { return Simulate(o)->images[0].values; }
};

double RmsOverMean(const Array<float>& a, const Array<float>& reference) {
  double squares = 0, mean = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(double(a[i]) - reference[i], 2) / double(a.size());
    mean += double(reference[i]) / double(a.size());
  }
  return std::sqrt(squares) / mean;
}

double Correlation(const Array<float>& a, const Array<float>& b) {
  double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  const double n = double(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    sa += double(a[i]) / n;
    sb += double(b[i]) / n;
    aa += double(a[i]) * a[i] / n;
    bb += double(b[i]) * b[i] / n;
    ab += double(a[i]) * b[i] / n;
  }
  return (ab - sa * sb) / std::sqrt((aa - sa * sa) * (bb - sb * sb));
}

TEST_P(EngineTest, TheConfigMakesTheOneOfItsName) {
  EXPECT_EQ(Of()->engine->name(), GetParam());
  EXPECT_GT(std::string(kind().summary).size(), 10u);
  for (const EngineKey& key : kind().keys) EXPECT_GT(std::string(key.meaning).size(), 3u);
}

// What is no approximation agrees to single precision. The others have the same image but for its
// strength: the first Born approximation of single atoms fails for heavy atoms at rest; PRISM of
// every fourth plane wave is off by some per cent.
TEST_P(EngineTest, ImagesAreThoseOfMultislice) {
  const Array<float> reference = Image(*Read({})), image = Image(*Of());
  if (GetParam() == "multislice" || GetParam() == "contracted") {
    EXPECT_LT(RmsOverMean(image, reference), 1e-5);
  }
  EXPECT_GT(Correlation(image, reference), 0.95);
}

TEST_P(EngineTest, ThreadsAndBlocksAreNotInTheBytes) {
  SimulationOptions o = *Of({"phonons={configurations: 2, rms_A: {Sr: 0.08}}"});
  SetThreads(1);
  const Array<float> one = Image(o);
  SetThreads(2);
  EXPECT_TRUE(std::ranges::equal(one, Image(o)));
  o.block_bytes = 1;
  EXPECT_TRUE(std::ranges::equal(one, Image(o)));
  SetThreads(0);
}

TEST_P(EngineTest, SaysWhatItTakes) {
  const SimulationOptions o = *Of();
  const SimulationPlan plan = *PlanSimulation(o);
  const EngineMemory memory = o.engine->Memory(o, plan, 1);
  EXPECT_GT(memory.slices, 0);
  EXPECT_LT(memory.slices + memory.workspaces, 1e9);
  const absl::StatusOr<EngineCost> cost = o.engine->Cost(o, plan, 1);
  ASSERT_TRUE(cost.ok()) << cost.status();
  EXPECT_GT(cost->seconds, 0);
  EXPECT_LT(cost->seconds, 1e3);
}

TEST_P(EngineTest, RefusesInOneLineWhatItCannotDoAndNamesThoseThatCan) {
  const struct {
    std::string set;
    bool can;
  } kAsked[] = {{"exit_planes=every 1", kind().exit_planes},
                {"beam.tilt_mrad=[1, 0]", kind().tilts}};
  for (const auto& [set, can] : kAsked) {
    const auto o = Of({set});
    EXPECT_EQ(o.ok(), can) << set;
    if (can) continue;
    const std::string message(o.status().message());
    EXPECT_NE(message.find("engine.name: " + GetParam()), std::string::npos) << message;
    EXPECT_NE(message.find("; allowed with it: multislice"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

// A point source's image over the cell has the mean of probes all over it.
TEST_P(EngineTest, ImagesOfACrystalHaveTheMeanOfASimulation) {
  if (!kind().make_crystal) GTEST_SKIP() << "no images of crystals";
  const SimulationOptions o = *Of({"scan.pixels=[12, 12]"});
  CrystalOptions crystal{.cell = o.specimen, .semiangle_rad = 0.02, .rings = {{0.03, 0.05}}};
  // One unit cell of the four by four.
  crystal.cell.cell_A = {3.905, 3.905, o.specimen.cell_A[2]};
  std::erase_if(crystal.cell.atoms, [](const Atom& a) { return a.x_A > 3.9 || a.y_A > 3.9; });
  for (Atom& a : crystal.cell.atoms) a.rms_A = 0;
  const auto images = kind().make_crystal(crystal);
  ASSERT_TRUE(images.ok()) << images.status();
  const ImageHarmonics image = (*images)->Look(0, 0, {0, 0})->MakeHarmonics({}, 0);
  EXPECT_EQ((*images)->Share(0), 1);
  double mean = 0;
  const Array<float> probes = Image(o);
  for (float v : probes) mean += v / double(probes.size());
  // The same engine in another box and on another grid: the soft rim of the aperture moves some
  // per mille of the electrons.
  EXPECT_NEAR(image.Mean(), mean, 0.02 * mean);
}

INSTANTIATE_TEST_SUITE_P(Table, EngineTest, ::testing::ValuesIn(EngineNames()),
                         [](const auto& info) { return info.param; });

TEST(Engines, AMisspeltNameIsToldTheNearest) {
  const auto o = Read({"engine.name=contrated"});
  EXPECT_NE(std::string(o.status().message())
                .find("'contrated' is not allowed; did you mean 'contracted'? allowed: multislice"),
            std::string::npos)
      << o.status();
}

TEST(Engines, TheFirstIsTheReference) {
  EXPECT_EQ(EngineKinds().front().name, ReferenceEngine()->name());
  EXPECT_EQ(SimulationOptions().engine, ReferenceEngine());
  EXPECT_EQ(FindEngineKind("nosuch"), nullptr);
}

// The linear engine makes no slices: a thick specimen takes no more room than a thin one.
TEST(Engines, MemoryIsTheEnginesOwn) {
  const auto need = [](const std::string& engine, const std::string& repeat) {
    const auto o =
        Read({"engine.name=" + engine, "specimen.repeat=" + repeat, "phonons={configurations: 2}"});
    const EngineMemory m = o->engine->Memory(*o, *PlanSimulation(*o), 1);
    return m.slices;
  };
  EXPECT_GT(need("multislice", "[4, 4, 20]"), 19 * need("multislice", "[4, 4, 1]"));
  EXPECT_LT(need("linear", "[4, 4, 20]"), 2 * need("linear", "[4, 4, 1]"));
  EXPECT_GT(need("prism", "[4, 4, 1]"), need("multislice", "[4, 4, 1]"));
}

}  // namespace
}  // namespace ronchi::sim
