#include "sim/slice_faces.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ronchi::sim {

double OffFaces_A(const Specimen& s, double slice_A) {
  std::vector<double> z;
  for (const Atom& a : s.atoms) z.push_back(a.z_A - slice_A * std::floor(a.z_A / slice_A));
  std::sort(z.begin(), z.end());
  if (z.empty()) return 0;
  double widest = z.front() + slice_A - z.back(), face = (z.front() + z.back() - slice_A) / 2;
  for (size_t i = 1; i < z.size(); ++i) {
    if (z[i] - z[i - 1] > widest + 1e-6) widest = z[i] - z[i - 1], face = (z[i] + z[i - 1]) / 2;
  }
  // The shorter way; of two alike the one into the stack.
  return -face - slice_A * std::ceil(-face / slice_A - 0.5 - 1e-9);
}

double EarlyBy_A(const Specimen& s, double slice_A, double off_A) {
  double early_A = 0;
  for (const Atom& a : s.atoms) {
    const double z_A = a.z_A + off_A;
    early_A += (z_A - slice_A * std::floor(z_A / slice_A) - off_A) / double(s.atoms.size());
  }
  return early_A;
}

}  // namespace ronchi::sim
