#include "sim/physics/aberrations.h"

#include <cmath>
#include <complex>
#include <numbers>

namespace ronchi::sim {

void Aberrations::SetPolar(int term, double amplitude_A, double phi_rad) {
  const int m = kAberrationTerms[term].m;
  a_A[term] = amplitude_A * std::cos(m * phi_rad);
  b_A[term] = amplitude_A * std::sin(m * phi_rad);
}

double Aberrations::Chi(double x, double y, double wavelength_A) const {
  // α^{n+1} cos mφ = Re(w^m) (α²)^{(n+1−m)/2} with w = x + iy; n + 1 − m is always even.
  const std::complex<double> w(x, y);
  const double alpha2 = x * x + y * y;
  std::complex<double> w_power[7];
  double alpha2_power[4] = {1, alpha2, alpha2 * alpha2, alpha2 * alpha2 * alpha2};
  w_power[0] = 1;
  for (int m = 1; m <= 6; ++m) w_power[m] = w_power[m - 1] * w;
  double sum = 0;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    if (a_A[t] == 0 && b_A[t] == 0) continue;
    const auto [n, m, name] = kAberrationTerms[t];
    sum += alpha2_power[(n + 1 - m) / 2] / (n + 1) *
           (a_A[t] * w_power[m].real() + b_A[t] * w_power[m].imag());
  }
  return 2 * std::numbers::pi / wavelength_A * sum;
}

}  // namespace ronchi::sim
