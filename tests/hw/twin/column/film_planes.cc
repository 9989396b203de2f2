#include "hw/twin/column/film_planes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

namespace ronchi::hw {
namespace {

constexpr double kAlpha_rad = 0.03, kWavelength_A = 0.025079;  // 200 kV

sim::Specimen AtomAt(double z_A) {
  sim::Specimen film;
  film.cell_A = {10, 10, 50};
  film.atoms.resize(1);
  film.atoms[0].occupancy = 1;
  film.atoms[0].z_A = z_A;
  return film;
}

// The mean square of Σ w e^{iκ z_w} − e^{iκz} over κ, which is a difference of two numbers that are
// spread evenly over the range which the source names.
double MissedBy(const sim::Specimen& shared, double z_A) {
  const double most = 0.81 * std::numbers::pi * kAlpha_rad * kAlpha_rad / kWavelength_A;
  constexpr int kSteps = 400;
  double sum = 0, weights = 0;
  for (int n = -kSteps; n <= kSteps; ++n) {
    const double kappa = most * n / kSteps, weight = 1 - std::fabs(double(n)) / kSteps;
    std::complex<double> miss = -std::polar(1.0, kappa * z_A);
    for (const sim::Atom& a : shared.atoms) miss += a.occupancy * std::polar(1.0, kappa * a.z_A);
    sum += weight * std::norm(miss);
    weights += weight;
  }
  return sum / weights;
}

TEST(FilmPlanes, AsManySlicesAsTheFilmIsThickForItsProbe) {
  FilmOptions film{.present = true, .thickness_A = 50};
  EXPECT_EQ(FilmSlices(film, kAlpha_rad, kWavelength_A), 3);
  EXPECT_GT(FilmSlices(film, 2 * kAlpha_rad, kWavelength_A), 3);
  film.thickness_A = 1;
  EXPECT_EQ(FilmSlices(film, kAlpha_rad, kWavelength_A), 2);
  film.slices = 7;
  EXPECT_EQ(FilmSlices(film, kAlpha_rad, kWavelength_A), 7);
}

TEST(FilmPlanes, AnAtomInTheMiddleOfASliceIsThatSlicesAlone) {
  const auto shared = SharedAmongSlices(AtomAt(25), 3, kAlpha_rad, kWavelength_A);
  ASSERT_EQ(shared.atoms.size(), 3u);
  // 1e-9 is added to what slices have in common; three of them are far from alike.
  EXPECT_NEAR(shared.atoms[0].occupancy, 0, 1e-6);
  EXPECT_NEAR(shared.atoms[1].occupancy, 1, 1e-6);
  EXPECT_NEAR(shared.atoms[2].occupancy, 0, 1e-6);
  EXPECT_EQ(shared.atoms[1].z_A, 25);
  const auto whole = SharedAmongSlices(AtomAt(12), 1, kAlpha_rad, kWavelength_A);
  ASSERT_EQ(whole.atoms.size(), 1u);
  EXPECT_EQ(whole.atoms[0].z_A, 12);
}

TEST(FilmPlanes, NoOtherWeightsAreNearerTheAtom) {
  for (double z_A : {1.0, 16.0, 33.3, 49.0}) {
    const auto shared = SharedAmongSlices(AtomAt(z_A), 3, kAlpha_rad, kWavelength_A);
    const double missed = MissedBy(shared, z_A);
    sim::Specimen nearest = shared;
    for (sim::Atom& a : nearest.atoms) {
      a.occupancy = std::fabs(a.z_A - z_A) <= 25.0 / 3 ? 1 : 0;
    }
    EXPECT_LT(missed, MissedBy(nearest, z_A)) << z_A;
    for (size_t i = 0; i < shared.atoms.size(); ++i) {
      for (double step : {-1e-3, 1e-3}) {
        sim::Specimen other = shared;
        other.atoms[i].occupancy += step;
        EXPECT_GT(MissedBy(other, z_A), missed) << z_A << ", slice " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ronchi::hw
