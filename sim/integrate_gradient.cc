#include "sim/integrate_gradient.h"

#include <cmath>

#include "core/status.h"
#include "sim/fft.h"

namespace ronchi::sim {

void IntegrateGradient(const GradientRaster& r, std::span<const double> vectors,
                       std::span<double> phase) {
  const auto [nx, ny] = r.pixels;
  RONCHI_CHECK_EQ(vectors.size(), 2 * nx * ny);
  RONCHI_CHECK_EQ(phase.size(), nx * ny);
  const Fft forward =
      Fft::Plane(int(nx), int(ny), Fft::Direction::kForward, Fft::Effort::kEstimate);
  const Fft inverse =
      Fft::Plane(int(nx), int(ny), Fft::Direction::kInverse, Fft::Effort::kEstimate);
  ComplexBuffer x(nx * ny), y(nx * ny);
  for (size_t i = 0; i < nx * ny; ++i) {
    x[i] = Real(vectors[2 * i] * 1e-3);
    y[i] = Real(vectors[2 * i + 1] * 1e-3);
  }
  forward.Execute(x.data());
  forward.Execute(y.data());
  // Half a cycle a pixel has no sign: its derivative cannot be told, and is left out.
  const auto frequency = [](size_t i, size_t n, double step) {
    if (2 * i == n) return 0.0;
    return (2 * i < n ? double(i) : double(i) - double(n)) / (double(n) * step);
  };
  for (size_t i = 0; i < nx; ++i) {
    for (size_t j = 0; j < ny; ++j) {
      const double qx = frequency(i, nx, r.step_A[0]), qy = frequency(j, ny, r.step_A[1]);
      const double q2 = qx * qx + qy * qy;
      Complex& v = x[i * ny + j];
      if (q2 == 0) {
        v = 0;
        continue;
      }
      const double q0 = r.high_pass_per_A;
      const double pass = q0 > 0 ? 1 - std::exp(-q2 / (2 * q0 * q0)) : 1;
      const double scale = pass / (r.wavelength_A * q2 * double(nx * ny));
      v = Complex(0, -Real(scale)) * (Real(qx) * v + Real(qy) * y[i * ny + j]);
    }
  }
  inverse.Execute(x.data());
  for (size_t i = 0; i < nx * ny; ++i) phase[i] = x[i].real();
}

}  // namespace ronchi::sim
