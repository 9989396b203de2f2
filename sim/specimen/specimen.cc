#include "sim/specimen/specimen.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace ronchi::sim {

Specimen Specimen::Repeated(int nx, int ny, int nz) const {
  RONCHI_CHECK(nx > 0 && ny > 0 && nz > 0);
  Specimen out;
  out.title = title;
  out.strain = strain;
  out.cell_A = {cell_A[0] * nx, cell_A[1] * ny, cell_A[2] * nz};
  out.atoms.reserve(atoms.size() * size_t(nx) * ny * nz);
  for (int k = 0; k < nz; ++k) {
    for (int i = 0; i < nx; ++i) {
      for (int j = 0; j < ny; ++j) {
        for (Atom a : atoms) {
          a.x_A += i * cell_A[0];
          a.y_A += j * cell_A[1];
          a.z_A += k * cell_A[2];
          out.atoms.push_back(a);
        }
      }
    }
  }
  return out;
}

absl::StatusOr<Specimen> Specimen::RotatedAboutBeam(double degrees) const {
  const double quarters = degrees / 90;
  const int turns = int(std::lround(quarters));
  if (std::fabs(quarters - turns) > 1e-9) {
    return absl::InvalidArgumentError(absl::StrCat(
        degrees, " degrees would break the box's periodicity; allowed: multiples of 90"));
  }
  Specimen out = *this;
  for (int t = 0; t < ((turns % 4) + 4) % 4; ++t) {  // (x, y) → (Ly − y, x)
    for (Atom& a : out.atoms) {
      const double x = a.x_A;
      a.x_A = out.cell_A[1] - a.y_A;
      a.y_A = x;
    }
    std::swap(out.cell_A[0], out.cell_A[1]);
  }
  return out;
}

Specimen Specimen::Displaced(const std::map<int, double>& rms_A, uint64_t seed,
                             uint64_t configuration) const {
  Specimen out = *this;
  RandomStream random({.seed = seed, .name = "sim.phonons", .step = configuration});
  for (Atom& a : out.atoms) {
    const auto element = rms_A.find(a.z);
    const double rms = element != rms_A.end() ? element->second : a.rms_A;
    const double dx = random.Normal(), dy = random.Normal(), dz = random.Normal();
    a.x_A += rms * dx;
    a.y_A += rms * dy;
    a.z_A += rms * dz;
  }
  return out;
}

}  // namespace ronchi::sim
