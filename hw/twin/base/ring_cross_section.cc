#include "hw/twin/base/ring_cross_section.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hw/twin/base/beam.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::hw {

absl::StatusOr<double> RingCrossSection_nm2(const std::string& symbol, double energy_eV,
                                            double inner_rad, double outer_rad) {
  RONCHI_ASSIGN_OR_RETURN(const auto table, sim::ScatteringFactors::Load("kirkland"));
  const int z = table->AtomicNumber(symbol);
  if (z == 0 || !table->Has(z)) {
    return absl::InvalidArgumentError("no scattering factors of '" + symbol + "'");
  }
  const double wavelength_A = sim::Wavelength_A(energy_eV);
  const double speed = SpeedOverLight(energy_eV), gamma2 = 1 / (1 - speed * speed);
  // In u = ln(sin²(θ/2)): sin θ dθ = 2 s du, s = sin²(θ/2), where the integrand is smooth.
  // Simpson's rule; 256 steps are good to 1e-6 over any ring.
  constexpr int kSteps = 256;
  const auto u = [](double theta) { return 2 * std::log(std::sin(theta / 2)); };
  const double from = u(std::max(inner_rad, 1e-5)), to = u(std::min(outer_rad, std::numbers::pi));
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double s = std::exp(from + (to - from) * i / kSteps);
    const double f_A = table->At(z, 4 * s / (wavelength_A * wavelength_A));
    sum += (i == 0 || i == kSteps ? 1 : i % 2 ? 4 : 2) * f_A * f_A * 2 * s;
  }
  constexpr double kNm2PerA2 = 0.01;
  return 2 * std::numbers::pi * gamma2 * sum * (to - from) / (3 * kSteps) * kNm2PerA2;
}

}  // namespace ronchi::hw
