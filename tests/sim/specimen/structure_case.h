// One structure file after the other: what it is read as, told, or refused for.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "sim/specimen/elements.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi::sim {

class StructureCases : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(Path()); }
  std::string Path() const {
    return testing::TempDir() + "/case_" +
           testing::UnitTest::GetInstance()->current_test_info()->name() + ".txt";
  }
  absl::StatusOr<Crystal> Read(const std::string& text,
                               const std::optional<Vector3>& cell_A = std::nullopt) {
    std::ofstream(Path(), std::ios::binary) << text;
    return ReadCrystal(Path(), cell_A);
  }
  // "Pb Ti O3", or why it is refused.
  std::string Formula(const std::string& text) {
    const auto crystal = Read(text);
    return crystal.ok() ? FormulaText(crystal->summary->elements)
                        : std::string(crystal.status().message());
  }
  std::string Warnings(const std::string& text) {
    const auto crystal = Read(text);
    if (!crystal.ok()) return std::string(crystal.status().message());
    std::string all;
    for (const std::string& w : crystal->summary->warnings) all += w + "\n";
    return all;
  }
  void ExpectRefused(const std::string& text, const std::vector<std::string>& words) {
    const auto crystal = Read(text);
    ASSERT_FALSE(crystal.ok()) << FormulaText(crystal->summary->elements);
    EXPECT_TRUE(absl::IsInvalidArgument(crystal.status()));
    const std::string message(crystal.status().message());
    EXPECT_EQ(message.find('\n'), std::string::npos);
    for (const std::string& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }
};

inline bool Has(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

inline std::string Cif(const std::string& tags, const std::string& columns, const std::string& rows,
                       double a = 4, double c = 4) {
  std::string text = "data_case\n_cell_length_a " + std::to_string(a) + "\n_cell_length_b " +
                     std::to_string(a) + "\n_cell_length_c " + std::to_string(c) +
                     "\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n" + tags +
                     "loop_\n_atom_site_label\n";
  for (size_t at = 0; at < columns.size();) {
    const size_t end = std::min(columns.find(' ', at), columns.size());
    text += "_atom_site_" + columns.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text + rows;
}
inline const std::string kXyz = "type_symbol fract_x fract_y fract_z";
inline const std::string kP1 = "_symmetry_space_group_name_H-M 'P 1'\n";

}  // namespace ronchi::sim
