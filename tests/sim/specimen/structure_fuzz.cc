// Structure files with random damage: whatever the bytes, the readers give a sound crystal or one
// printable line. 4,000 mutants here; RONCHI_FUZZ_MUTANTS and RONCHI_FUZZ_SEED set other numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi::sim {
namespace {

const std::vector<std::string>& Seeds() {
  static const std::vector<std::string> kSeeds = {
      "data_a\n_cell_length_a 4.03\n_cell_length_b 4.03\n_cell_length_c 4.145(2)\n"
      "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
      "_symmetry_space_group_name_H-M 'P 4 m m'\n_symmetry_Int_Tables_number 99\n"
      "_chemical_formula_sum 'O3 Pb Ti'\n_cell_formula_units_Z 1\n"
      "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
      "_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_B_iso_or_equiv\n"
      "Pb1 Pb 0.024 0.024 0 0.25 0.5\nTi1 Ti4+ 0.5 0.5 0.56 1 ?\nO1 O2- 0.5 0.5 0.09 1 .\n"
      "loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n"
      "_atom_site_aniso_U_33\n_atom_site_aniso_U_12\n_atom_site_aniso_U_13\n_atom_site_aniso_U_23\n"
      "O1 0.01 0.01 0.02 0 0 0\n",
      "data_b\n_cell_length_a 5.4\n_cell_length_b 5.4\n_cell_length_c 5.4\n_cell_angle_alpha 90\n"
      "_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_name_Hall '-F 4vw 2vw 3'\n"
      "_space_group_name_H-M_alt 'F d -3 m'\n_space_group_IT_coordinate_system_code 2\n"
      "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
      "_atom_site_symmetry_multiplicity\nSi1 1/8 0.125 0.125(3) 8\n",
      "data_c\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 12\n_cell_angle_alpha 90\n"
      "_cell_angle_beta 90\n_cell_angle_gamma 120\nloop_\n_space_group_symop_operation_xyz\n"
      "'x, y, z'\n'-y, x-y, z'\n'0.6667+x,1/3+y,z+1/3'\n-x,-y,-z\nloop_\n_atom_site_label\n"
      "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nFe1 0.3333 0.6667 0\n"
      "HO1 0.1 0.2 0.3\nOW 0.5 0.1 0\n",
      "title\n  10, 12 14\n79 1 2 3 1 0.08\n38, 4 5 6, 0.5\n 8 4 5 6 0.5\n-1\n",
      "3\nLattice=\"3.6 0 0 0.1 3.6 0 0 0 3.6\" Origin=\"-1 0 0\" pbc=[T, T, F] "
      "Properties=species:S:1:pos:R:3:spacegroup_kinds:I:1:B:R:1 "
      "occupancy=\"_JSON {\\\"0\\\": {\\\"Fe\\\": 0.64, \\\"Ni\\\": 0.36}}\"\n"
      "Fe 0 0 0 0 0.5\nFe 0 1.8 1.8 0 0.5\nAl 1.8 0 1.8 1 0.4\n",
      "2\nLattice=\"4 0 0 0 5 0 0 0 6\" Properties=species:S:1:pos:R:3:disp:R:3:uiso:R:1\n"
      "Sr 0 0 0 0.1 0 0 0.01\nO 1 2 7 0 0 0 0\n",
      "SrTiO3\n1.0\n3.905 0 0\n0 3.905 0\n0 0 3.905\nSr_sv Ti O\n1 1 3\nSelective "
      "dynamics\nDirect\n"
      "0 0 0 T T T\n0.5 0.5 0.5 T T F\n0.5 0.5 0 T T T\n0.5 0 0.5 T T T\n0 0.5 0.5 T T T\n",
      "2\nplain\nAu 1 2 3\nAu 4 5 6\n"};
  return kSeeds;
}

// Words that mean something somewhere, and numbers at the edge of what numbers are.
const std::vector<std::string>& Words() {
  static const std::vector<std::string> kWords = {"0",
                                                  "-1",
                                                  "1e308",
                                                  "-1e-308",
                                                  "nan",
                                                  "inf",
                                                  "999999999999999999999",
                                                  "0.1",
                                                  "1e6",
                                                  "1/0",
                                                  "?",
                                                  ".",
                                                  "'",
                                                  "\"",
                                                  ";",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  "(",
                                                  ")",
                                                  "loop_",
                                                  "data_",
                                                  "save_",
                                                  "_cell_length_a",
                                                  "_atom_site_fract_x",
                                                  "_symmetry_equiv_pos_as_xyz",
                                                  "x,y,z",
                                                  "-x,-y,-z",
                                                  "x+1/2,y,z",
                                                  "z,x,y",
                                                  "'F d -3 m'",
                                                  "'R -3 m'",
                                                  "'P 1'",
                                                  "'-P 4 2 3'",
                                                  "'P 3 2\"1'",
                                                  "'P 2 12 (x,y,z+1/8)'",
                                                  "227",
                                                  "Lattice=\"1 0 0 0 1 0 0 0 1\"",
                                                  "pbc=F",
                                                  "Properties=",
                                                  "species:S:1",
                                                  "pos:R:3",
                                                  "occupancy",
                                                  "Sr",
                                                  "NO3",
                                                  "H2O",
                                                  "Qq",
                                                  "HO1",
                                                  "-1\n",
                                                  "\n",
                                                  "\r\n",
                                                  "\t",
                                                  "\x1b[31m",
                                                  "\xff\xfe",
                                                  "\xEF\xBB\xBF",
                                                  "Direct",
                                                  "Cartesian",
                                                  "1000000",
                                                  "5000",
                                                  "90",
                                                  "179.999",
                                                  "0.0001",
                                                  "1.02",
                                                  "2"};
  return kWords;
}

std::string Mutant(RandomStream* random) {
  const auto pick = [&](const auto& list) { return list[random->Below(list.size())]; };
  std::string text = pick(Seeds());
  for (uint64_t n = 1 + random->Below(6); n > 0; --n) {
    const size_t at = random->Below(text.size() + 1);
    const size_t length = std::min<size_t>(text.size() - at, 1 + random->Below(12));
    switch (random->Below(8)) {
      case 0:  // a bit
        if (at < text.size()) text[at] = char(text[at] ^ (1 << random->Below(8)));
        break;
      case 1:
        text.insert(at, pick(Words()));
        break;
      case 2:  // a word for a word
        text.replace(at, length, absl::StrCat(" ", pick(Words()), " "));
        break;
      case 3:
        text.erase(at, length);
        break;
      case 4: {  // a line again, or none
        const size_t begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at);
        const size_t end = std::min(text.find('\n', at), text.size());
        if (end <= begin) break;
        const std::string line = text.substr(begin, end - begin);
        if (random->Below(2)) {
          text.insert(end, line);
        } else {
          text.erase(begin, end - begin);
        }
        break;
      }
      case 5:
        text.resize(at);
        break;
      case 6: {  // the end of another
        const std::string other = pick(Seeds());
        text = text.substr(0, at) + other.substr(random->Below(other.size()));
        break;
      }
      default:  // a digit
        for (size_t k = at; k < text.size(); ++k) {
          if (text[k] < '0' || text[k] > '9') continue;
          text[k] = char('0' + random->Below(10));
          break;
        }
    }
    if (text.empty()) text.push_back('\n');
  }
  return text;
}

void ExpectSound(const absl::StatusOr<Crystal>& crystal, const std::string& text) {
  if (!crystal.ok()) {
    const std::string message(crystal.status().message());
    EXPECT_TRUE(absl::IsInvalidArgument(crystal.status())) << crystal.status() << "\n" << text;
    EXPECT_EQ(message.rfind("fuzz.txt:", 0), 0u) << message << "\n" << text;
    for (char c : message) ASSERT_FALSE((c >= 0 && c < 32) || c == 127) << message << "\n" << text;
    return;
  }
  ASSERT_FALSE(crystal->atoms.empty()) << text;
  ASSERT_TRUE(crystal->summary != nullptr) << text;
  EXPECT_TRUE(CheckLattice(crystal->lattice_A).ok()) << text;
  double sum = 0;
  for (const Atom& a : crystal->atoms) {
    ASSERT_TRUE(a.z >= 1 && a.z <= 103) << text;
    ASSERT_TRUE(a.occupancy > 0 && a.occupancy <= 1) << a.occupancy << "\n" << text;
    ASSERT_TRUE(a.rms_A >= 0 && a.rms_A <= 2) << text;
    ASSERT_TRUE(std::isfinite(a.x_A + a.y_A + a.z_A)) << text;
    sum += a.occupancy;
  }
  double told = 0;
  for (const auto& [z, amount] : crystal->summary->elements) told += amount;
  EXPECT_NEAR(told, sum, 1e-9 * sum) << text;
  EXPECT_EQ(crystal->summary->atoms, crystal->atoms.size()) << text;
}

uint64_t Setting(const char* name, uint64_t standard) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : standard;
}

TEST(StructureFuzz, ASoundCrystalOrOneLine) {
  const uint64_t mutants = Setting("RONCHI_FUZZ_MUTANTS", 4000);
  const uint64_t seed = Setting("RONCHI_FUZZ_SEED", 1);
  size_t read = 0;
  for (uint64_t n = 0; n < mutants; ++n) {
    RandomStream random({.seed = seed, .name = "test.structure_fuzz", .step = n});
    const std::string text = Mutant(&random);
    const bool with_cell = random.Below(8) == 0;
    const auto crystal = with_cell ? ParseCrystal("fuzz.txt", text, Vector3{9, 9, 9})
                                   : ParseCrystal("fuzz.txt", text);
    ExpectSound(crystal, text);
    if (HasFailure()) FAIL() << "mutant " << n;
    read += crystal.ok();
  }
  // Damage that is too heavy tests nothing but the first lines.
  EXPECT_GT(read, mutants / 20);
  EXPECT_LT(read, mutants * 19 / 20);
}

TEST(StructureFuzz, TheSeedsThemselvesAreRead) {
  for (size_t i = 0; i + 1 < Seeds().size(); ++i) {
    const auto crystal = ParseCrystal("fuzz.txt", Seeds()[i]);
    EXPECT_TRUE(crystal.ok()) << i << ": " << crystal.status();
  }
}

}  // namespace
}  // namespace ronchi::sim
