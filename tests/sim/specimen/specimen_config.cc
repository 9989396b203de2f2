// The `specimen:` section: every way to make a specimen, the dump that makes it again, and what
// each mistake is told.
#include "sim/specimen/specimen_config.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

absl::StatusOr<Config> Document(const std::string& section) {
  return Config::Parse("version: 1\nspecimen: " + section + "\n", "job.yaml");
}

absl::StatusOr<SpecimenSection> Of(const std::string& section) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Document(section));
  return ReadSpecimenSection(ConfigReader(config).Child("specimen"));
}

TEST(SpecimenConfig, AZoneIsRepeatedToASize) {
  const auto s = Of("{file: Si.cif, zone: [1, 1, 0], width_A: [20, 16], thickness_A: 50}");
  ASSERT_TRUE(s.ok()) << s.status();
  const double a = 5.431020511;
  EXPECT_NEAR(s->specimen.cell_A[0], 3 * a * std::sqrt(2), 1e-9);  // [1, -1, 0]: 7.68 Å
  EXPECT_NEAR(s->specimen.cell_A[1], 3 * a, 1e-9);
  EXPECT_NEAR(s->specimen.cell_A[2], 7 * a * std::sqrt(2), 1e-9);
  EXPECT_EQ(s->specimen.atoms.size(), 3u * 3 * 7 * 16);
  const auto one = Of("{file: Si.cif, zone: [1, 1, 0]}");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->specimen.atoms.size(), 16u);  // one period
  const auto times = Of("{file: Si.cif, zone: [1, 1, 0], repeat: [2, 1, 3]}");
  ASSERT_TRUE(times.ok()) << times.status();
  EXPECT_EQ(times->specimen.atoms.size(), 96u);
  // A box as it stands takes sizes as well; 4 cells are 4 cells despite round-off.
  const auto box = Of("{file: SrTiO3.cif, width_A: [11.715, 1], thickness_A: 15.62}");
  ASSERT_TRUE(box.ok()) << box.status();
  EXPECT_EQ(box->specimen.atoms.size(), 5u * 3 * 1 * 4);
}

struct Mistake {
  std::string section, says;
};

TEST(SpecimenConfig, MistakesAreToldInOneLine) {
  const std::string layer = "{build: monolayer, file: MoS2.cif, size_A: [20, 20], ";
  const std::string particle = "{build: nanoparticle, file: Au.cif, diameter_A: 20, ";
  const std::string film = "{build: amorphous, size_A: [20, 20], thickness_A: 10, ";
  for (const auto& [section, says] : std::vector<Mistake>{
           {"{file: MoS2.cif}", "specimen.file: the cell (3.16, 3.16, 12 Å; 90, 90, 120 degrees)"},
           {"{file: MoS2.cif}", "cut one with zone: [0, 0, 1]"},
           {"{file: Si.cif, zone: [0, 0, 0]}", "specimen.zone: [0, 0, 0] is no direction"},
           {"{file: Si.cif, zone: [1, 1, 0.5]}", "specimen.zone: expected three whole numbers"},
           {"{file: Si.cif, zone: [1, 1, 21]}", "specimen.zone: 21 is not allowed"},
           {"{file: Si.cif, zone: 110}", "specimen.zone: expected a list of 3 numbers"},
           {"{file: Si.cif, max_strain: 0.01}", "specimen.max_strain: unknown key"},
           {"{file: MoS2.cif, zone: [1, 0, 1]}", "specimen.zone: a strain of 0 makes no"},
           {"{file: Si.cif, repeat: [1, 1, 1], thickness_A: 9}", "specimen.repeat: give either"},
           {"{file: Si.cif, thickness_A: 0}", "specimen.thickness_A: 0 is not allowed"},
           {"{file: Si.cif, thickness_A: 1e5, width_A: [1e4, 1e4]}",
            "specimen.thickness_A: makes 5e+11 atoms"},
           {"{file: Si.cif, zone: [1, 1, 0], rotate_deg: 45}", "specimen.rotate_deg: 45 degrees"},
           {"{build: cube}", "specimen.build: 'cube' is not allowed; allowed: monolayer, nano"},
           {layer + "zone: [0, 0, 1]}", "specimen.zone: unknown key"},
           {layer + "vacancies: {S: 2}}", "specimen.vacancies.S: 2 is not allowed"},
           {layer + "vacancies: {Qq: 0.1}}", "specimen.vacancies.Qq: 'Qq' is not a chemical"},
           {layer + "vacancies: {C: 0.1}}", "specimen.build: the layer has no atoms"},
           {layer + "dopants: {Mo: 0.1}}", "specimen.dopants.Mo: expected a mapping"},
           {layer + "dopants: {Mo: {W: x}}}", "specimen.dopants.Mo.W: 'x' is not a number"},
           {layer + "rotate_deg: 10}", "specimen.rotate_deg: 10 degrees"},
           {"{build: monolayer, file: MoS2.cif}", "specimen.size_A: missing"},
           {particle + "shape: cube}", "specimen.shape: 'cube' is not allowed"},
           {particle + "gamma_100_over_111: 1.2}", "specimen.gamma_100_over_111: unknown key"},
           {particle + "shape: truncated_octahedron, gamma_100_over_111: 2}",
            "specimen.gamma_100_over_111: 2 is not allowed"},
           {particle + "orientation: sideways}", "specimen.orientation: 'sideways'"},
           {particle + "orientation: [1, 1]}", "specimen.orientation: expected a list of 3"},
           {"{build: nanoparticle, file: MoS2.cif, diameter_A: 20, shape: truncated_octahedron}",
            "specimen.build: a truncated octahedron needs a cubic cell"},
           {film + "element: Qq, density_g_cm3: 2}", "specimen.element: 'Qq' is not a chemical"},
           {film + "density_g_cm3: 2, min_distance_A: 2.5}", "out of reach"},
           {film + "density_g_cm3: 2, min_distance_A: 11}", "min_distance_A: 11 is not allowed"},
           {film + "density_g_cm3: 0.001}", "specimen.build: makes 0 atoms"},
           {"{build: particle_on_film, partcle: {}, film: {}}", "specimen.partcle: unknown key"},
           {"{build: particle_on_film, particle: {file: Au.cif}, film: {}}",
            "specimen.particle.diameter_A: missing"},
           {"{build: particle_on_film, particle: {file: Au.cif, diameter_A: 50}, film: "
            "{density_g_cm3: 2, size_A: [30, 30], thickness_A: 5}}",
            "specimen.build: the particle is up to 50 Å wide"}}) {
    const auto s = Of(section);
    ASSERT_FALSE(s.ok()) << section;
    EXPECT_TRUE(absl::IsInvalidArgument(s.status()));
    const std::string message(s.status().message());
    EXPECT_EQ(message.rfind("job.yaml:2: ", 0), 0u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_NE(message.find(says), std::string::npos) << message << "\nwanted: " << says;
  }
  EXPECT_TRUE(absl::IsNotFound(Of("{build: nanoparticle, file: no.cif, diameter_A: 9}").status()));
}

}  // namespace
}  // namespace ronchi::sim
