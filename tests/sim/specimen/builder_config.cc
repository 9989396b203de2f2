#include "sim/specimen/builder_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/specimen/specimen_config.h"

namespace ronchi::sim {
namespace {

TEST(BuilderConfig, EveryBuilder) {
  for (const std::string section :
       {"{build: monolayer, file: MoS2.cif, size_A: [30, 30], vacancies: {S: 0.02}, dopants: {Mo: "
        "{W: 0.05}}, vacuum_A: 4, seed: 2}",
        "{build: nanoparticle, file: Au.cif, shape: truncated_octahedron, diameter_A: 20, "
        "gamma_100_over_111: 1.2, orientation: [1, 1, 0], rotate_deg: 33, vacuum_A: 3}",
        "{build: nanoparticle, file: Au.cif, diameter_A: 20, orientation: random, seed: 4}",
        "{build: amorphous, density_g_cm3: 2, size_A: [20, 20], thickness_A: 10}",
        "{build: particle_on_film, particle: {file: Au.cif, diameter_A: 15, orientation: random}, "
        "film: {density_g_cm3: 1.8, size_A: [30, 30], thickness_A: 8}, side: exit, sink_A: 2}",
        "{file: MoS2.cif, zone: [0, 0, 1], thickness_A: 12}"}) {
    SCOPED_TRACE(section);
    auto config = Config::Parse("version: 1\nspecimen: " + section + "\n", "job.yaml");
    ASSERT_TRUE(config.ok());
    const auto s = ReadSpecimenSection(ConfigReader(*config).Child("specimen"));
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_GT(s->specimen.atoms.size(), 5u);
    for (const Atom& a : s->specimen.atoms) {
      EXPECT_TRUE(a.z_A >= 0 && a.z_A <= s->specimen.cell_A[2]);
    }
    // The resolved config reads back to the same specimen.
    const auto again = Config::Parse(config->Dump(), "dump.yaml");
    ASSERT_TRUE(again.ok()) << again.status();
    const auto t = ReadSpecimenSection(ConfigReader(*again).Child("specimen"));
    ASSERT_TRUE(t.ok()) << t.status() << config->Dump();
    ASSERT_EQ(t->specimen.atoms.size(), s->specimen.atoms.size());
    for (size_t i = 0; i < s->specimen.atoms.size(); ++i) {
      EXPECT_EQ(t->specimen.atoms[i].z, s->specimen.atoms[i].z);
      EXPECT_EQ(t->specimen.atoms[i].x_A, s->specimen.atoms[i].x_A);
    }
  }
}

// Each builder by the name that the config has; what it is built from is looked at later, once all
// keys are known to be good.
TEST(BuilderConfig, ReadsNoFileBeforeItIsAsked) {
  const std::vector<std::string> names = BuilderNames();
  for (const std::string& name : names) EXPECT_EQ(std::ranges::count(names, name), 1) << name;
  const Config config = *Config::Parse("{file: nowhere.cif, size_A: [30, 30]}", "job.yaml");
  ConfigReader reader(config);
  ErrorList nested;
  const SpecimenSource source = ReadBuilder("monolayer", config, &reader, &nested);
  EXPECT_TRUE(reader.Done().ok()) << reader.Done();
  const absl::Status status = source().status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("nowhere.cif"), std::string::npos) << status;
}

}  // namespace
}  // namespace ronchi::sim
