#include "hw/twin/column/film_planes.h"

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

namespace ronchi::hw {
namespace {

// The largest κ that counts, over that of the aperture's rim. Of 0.6 … 1.6 the best contrast: with
// more, scattering within the disc is known less well; with less, what leaves the disc is
// overstated.
constexpr double kOfRim = 0.81;

double RimPerDepth(double semiangle_rad, double wavelength_A) {
  return std::numbers::pi * semiangle_rad * semiangle_rad / wavelength_A;
}

// What e^{iκz} at two depths have in common over the κ that count. These are differences of two
// squares of angles, each spread evenly from 0: a triangle, whose transform this is.
double Likeness(double apart_A, double most_per_A) {
  const double x = most_per_A * apart_A / 2;
  return std::fabs(x) < 1e-6 ? 1 : std::pow(std::sin(x) / x, 2);
}

}  // namespace

int FilmSlices(const FilmOptions& film, double semiangle_rad, double wavelength_A) {
  constexpr double kRadEach = 2.9;
  if (film.slices > 0) return film.slices;
  const double all_rad = RimPerDepth(semiangle_rad, wavelength_A) * film.thickness_A;
  return 1 + int(std::ceil(all_rad / kRadEach));
}

sim::Specimen SharedAmongSlices(const sim::Specimen& film, int slices, double semiangle_rad,
                                double wavelength_A) {
  if (slices == 1) return film;
  const double slice_A = film.cell_A[2] / slices;
  const double most_per_A = kOfRim * RimPerDepth(semiangle_rad, wavelength_A);
  const auto middle_A = [&](int i) { return (i + 0.5) * slice_A; };
  // Many thin slices have nearly everything in common: what rounding leaves of them must not blow
  // up.
  Eigen::MatrixXd among = 1e-9 * Eigen::MatrixXd::Identity(slices, slices);
  for (int i = 0; i < slices; ++i) {
    for (int j = 0; j < slices; ++j) among(i, j) += Likeness(middle_A(i) - middle_A(j), most_per_A);
  }
  const Eigen::LDLT<Eigen::MatrixXd> factors(among);
  sim::Specimen out = film;
  out.atoms.clear();
  out.atoms.reserve(film.atoms.size() * size_t(slices));
  Eigen::VectorXd like(slices);
  for (const sim::Atom& atom : film.atoms) {
    for (int i = 0; i < slices; ++i) like(i) = Likeness(middle_A(i) - atom.z_A, most_per_A);
    const Eigen::VectorXd weights = factors.solve(like);
    for (int i = 0; i < slices; ++i) {
      sim::Atom share = atom;
      share.z_A = middle_A(i);
      share.occupancy *= weights(i);
      out.atoms.push_back(share);
    }
  }
  return out;
}

}  // namespace ronchi::hw
