// Structure files of every format, and tables of scattering factors.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "sim/physics/scattering_factors.h"
#include "sim/specimen/read_structure.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"

namespace ronchi::sim {
namespace {

using testing_support::FilesBelow;
using testing_support::Fuzz;
using testing_support::Scratch;

TEST(FuzzStructures, Crystals) {
  const Scratch scratch;
  std::vector<std::string> corpus = FilesBelow("data/structures", ".cif", 8000);
  for (const std::string& text : FilesBelow("data/structures", ".xyz", 8000))
    corpus.push_back(text);
  corpus.push_back(
      "2\nLattice=\"4 0 0 0 4 0 0 0 4\" Properties=species:S:1:pos:R:3:occupancy:R:1:biso:R:1 "
      "pbc=\"T T T\"\nSr 0 0 0 1 0.5\nTi 2 2 2 0.5 0.4\n");
  corpus.push_back(
      "data_m\n_cell.length_a 4\n_cell.length_b 5\n_cell.length_c 6\n_cell.angle_alpha 90\n"
      "_cell.angle_beta 80\n_cell.angle_gamma 90\n_symmetry.Int_Tables_number 4\n"
      "_atom_sites.fract_transf_matrix[1][1] 0.25\n_atom_sites.fract_transf_matrix[1][2] 0\n"
      "_atom_sites.fract_transf_matrix[1][3] -0.0440817\n"
      "_atom_sites.fract_transf_matrix[2][1] 0\n_atom_sites.fract_transf_matrix[2][2] 0.2\n"
      "_atom_sites.fract_transf_matrix[2][3] 0\n_atom_sites.fract_transf_matrix[3][1] 0\n"
      "_atom_sites.fract_transf_matrix[3][2] 0\n_atom_sites.fract_transf_matrix[3][3] 0.169238\n"
      "_atom_sites.fract_transf_vector[1] 0.1\nloop_\n_atom_site.type_symbol\n"
      "_atom_site.label_atom_id\n_atom_site.label_alt_id\n_atom_site.label_asym_id\n"
      "_atom_site.label_seq_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
      "_atom_site.pdbx_PDB_model_num\nC CA . A 1 0.5 1 2 1\nN N A A 2 2 3 1 1\n"
      "N N B A 2 2 3 1.8 1\nC CA . A 1 0.5 1 2 2\n");
  Fuzz({.kind = "structure",
        .corpus = corpus,
        .read = [&](const std::string& bytes) -> absl::Status {
          return ReadCrystal(scratch.Write("s", bytes)).status();
        }});
}

// Whatever table is taken, no image made with it can hold what is no number.
TEST(FuzzStructures, ScatteringFactors) {
  const Scratch data;
  std::filesystem::create_directories(data / "scattering");
  for (const char* name : {"kirkland", "lobato", "peng"}) {
    std::string whole;
    for (const std::string& table : FilesBelow("data/scattering", ".csv", 1 << 20)) {
      const char first = name[0];
      const bool this_one = first == 'k'   ? table.find("Kirkland") < 200
                            : first == 'l' ? table.find("Lobato") < 200
                                           : table.find("Peng") < 200;
      if (this_one) whole = table;
    }
    const std::string start = whole.substr(0, 3000);
    setenv("RONCHI_DATA", data.path().c_str(), 1);
    Fuzz({.kind = name,
          .corpus = {start.substr(0, start.rfind('\n') + 1)},
          .read = [&](const std::string& bytes) -> absl::Status {
            data.Write(std::string("scattering/") + name + ".csv", bytes);
            RONCHI_ASSIGN_OR_RETURN(const auto table, ScatteringFactors::Load(name));
            for (int z = 1; z < 104; ++z) {
              if (!table->Has(z)) continue;
              for (double k2 = 0; k2 < 400; k2 = 1.5 * k2 + 0.01) {
                for (double depth_A : {0.0, 0.3, 5.0}) {
                  const double all = table->At(z, k2), beyond = table->Beyond(z, k2, depth_A);
                  if (!std::isfinite(all + beyond)) throw std::runtime_error("no number");
                }
              }
            }
            return absl::OkStatus();
          },
          .quick = 500});
    unsetenv("RONCHI_DATA");
  }
}

}  // namespace
}  // namespace ronchi::sim
