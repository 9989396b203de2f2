// Built specimens: what is in them, and how near to each other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "sim/specimen/read_structure.h"

namespace ronchi::sim {

// Of data/structures.
inline Crystal ReadStored(const std::string& file) {
  auto c = ReadCrystal(std::string(RONCHI_SOURCE_DIR "/data/structures/") + file);
  EXPECT_TRUE(c.ok()) << c.status();
  return *c;
}

inline std::map<int, int> CountOf(const Specimen& s) {
  std::map<int, int> n;
  for (const Atom& a : s.atoms) ++n[a.z];
  return n;
}

inline std::vector<std::array<double, 4>> PlacesOf(const Specimen& s) {
  std::vector<std::array<double, 4>> out;
  for (const Atom& a : s.atoms) out.push_back({double(a.z), a.x_A, a.y_A, a.z_A});
  return out;
}

// By comparing all pairs; x and y go round the box.
inline double LeastDistance(const std::vector<Atom>& atoms, const std::array<double, 3>& box,
                            const std::vector<Atom>& others) {
  double least = 1e9;
  for (const Atom& a : atoms) {
    for (const Atom& b : others) {
      double x = a.x_A - b.x_A, y = a.y_A - b.y_A;
      x -= box[0] * std::round(x / box[0]);
      y -= box[1] * std::round(y / box[1]);
      const double d = std::hypot(x, y, a.z_A - b.z_A);
      if (d > 0) least = std::min(least, d);
    }
  }
  return least;
}

}  // namespace ronchi::sim
