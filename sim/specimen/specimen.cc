#include "sim/specimen/specimen.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "sim/specimen/occupants.h"

namespace ronchi::sim {

Specimen Specimen::Repeated(int nx, int ny, int nz) const {
  RONCHI_CHECK(nx > 0 && ny > 0 && nz > 0);
  Specimen out;
  out.title = title;
  out.strain = strain;
  out.summary = summary;
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
  out.atoms.clear();
  out.atoms.reserve(atoms.size());
  RandomStream random({.seed = seed, .name = "sim.phonons", .step = configuration});
  const std::vector<size_t> site = FindSites(*this);
  struct Draw {
    std::array<double, 3> deviates;
    double occupancy;  // what is left of the site's draw: below 0 once an occupant is found
  };
  std::vector<Draw> draws;
  for (size_t i = 0; i < atoms.size(); ++i) {
    Atom a = atoms[i];
    if (site[i] == draws.size()) {
      const double x = random.Normal(), y = random.Normal(), z = random.Normal();
      draws.push_back(
          {{x, y, z}, a.occupancy < 1 ? OccupancyDraw(seed, site[i], configuration) : 0});
    }
    Draw& draw = draws[site[i]];
    const bool stands = draw.occupancy >= 0 && draw.occupancy < a.occupancy;
    draw.occupancy -= a.occupancy;
    if (!stands) continue;
    const auto element = rms_A.find(a.z);
    const double rms = element != rms_A.end() ? element->second : a.rms_A;
    a.x_A += rms * draw.deviates[0];
    a.y_A += rms * draw.deviates[1];
    a.z_A += rms * draw.deviates[2];
    a.occupancy = 1;
    out.atoms.push_back(a);
  }
  return out;
}

}  // namespace ronchi::sim
