#include "hw/twin/sheet/atom_image.h"

#include <cmath>
#include <numbers>

#include "core/angle.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::hw {
namespace {

constexpr double kElectron_eV = 510998.95;  // m c², CODATA 2018

double CrossSection_A2(const sim::ScatteringFactors& factors, int z, double energy_eV,
                       double inner_rad, double outer_rad) {
  const double gamma = 1 + energy_eV / kElectron_eV, wavelength_A = sim::Wavelength_A(energy_eV);
  constexpr int kIntervals = 400;  // Simpson's rule; the integrand is smooth
  const double step = (outer_rad - inner_rad) / kIntervals;
  double sum = 0;
  for (int i = 0; i <= kIntervals; ++i) {
    const double angle = inner_rad + i * step, k = 2 * std::sin(angle / 2) / wavelength_A;
    const double f = gamma * factors.At(z, k * k);
    sum += (i == 0 || i == kIntervals ? 1 : i % 2 ? 4 : 2) * 2 * kPi * std::sin(angle) * f * f;
  }
  return sum * step / 3;
}

}  // namespace

absl::StatusOr<AtomImage> AtomImage::Create(double energy_eV, double inner_rad, double outer_rad) {
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  AtomImage image;
  image.carbon_A2_ = CrossSection_A2(*factors, 6, energy_eV, inner_rad, outer_rad);
  image.silicon_A2_ = CrossSection_A2(*factors, 14, energy_eV, inner_rad, outer_rad);
  return image;
}

double AtomImage::Fraction(const Graphene& sheet, const Site& silicon, const Vector2& place,
                           double sigma_A) const {
  const double factor = 1 / (2 * sigma_A * sigma_A), height_per_A2 = factor / kPi;
  // What is further than 4 σ adds 3e-4 of a peak at most.
  constexpr double kFar = 8;
  const auto profile = [&](double x, double y) {
    const double exponent = (x * x + y * y) * factor;
    return exponent > kFar ? 0 : height_per_A2 * std::exp(-exponent);
  };
  const Vector2 bright = sheet.Place_A(silicon);
  const double excess =
      (silicon_A2_ - carbon_A2_) * profile(bright[0] - place[0], bright[1] - place[1]);
  // Two atoms in a cell of 3√3/2 b². Beyond this width the lattice's own contrast is
  // exp(−2π²σ²/(3b/2)²) = 6e-5.
  constexpr double kEven_A = 1.5;
  // So far out (a centimetre) that its sites have no numbers, the sheet is even, too.
  constexpr double kFarOut_A = 1e8;
  if (sigma_A > kEven_A || !(std::hypot(place[0], place[1]) < kFarOut_A)) {
    return excess + carbon_A2_ * 4 / (3 * std::numbers::sqrt3 * kBond_A * kBond_A);
  }
  // Rows of cells are 3b/2 apart.
  const int reach = int(std::ceil(4 * sigma_A / (1.5 * kBond_A)));
  const Site here = sheet.Nearest(place);
  const Vector2 cell = sheet.Place_A({here.m, here.n, false});
  const Vector2 &a1 = sheet.a1_A(), &a2 = sheet.a2_A(), &bond = sheet.Bonds_A({})[0];
  double sum = 0;
  for (int m = -reach; m <= reach; ++m) {
    for (int n = -reach; n <= reach; ++n) {
      const double x = cell[0] - place[0] + m * a1[0] + n * a2[0];
      const double y = cell[1] - place[1] + m * a1[1] + n * a2[1];
      sum += profile(x, y) + profile(x + bond[0], y + bond[1]);
    }
  }
  return excess + carbon_A2_ * sum;
}

}  // namespace ronchi::hw
