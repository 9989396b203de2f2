// The adjoint in use: from diffraction patterns back to what made them. In both precisions.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/sim/adjoint_scene.h"

namespace ronchi::sim::adjoint_test {
namespace {

using Point = std::vector<double>;

// BFGS (Nocedal & Wright, Numerical Optimization (2006), eq. 6.17) with halved steps.
Point Minimise(const std::function<double(const Point&, Point*)>& value, Point x, int steps) {
  const size_t n = x.size();
  std::vector<Point> h(n, Point(n));
  for (size_t i = 0; i < n; ++i) h[i][i] = 1;
  Point g(n);
  double f = value(x, &g);
  for (int step = 0; step < steps; ++step) {
    Point d(n), y(n), next_g(n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) d[i] -= h[i][j] * g[j];
    }
    double length = 1, downhill = 0;
    for (size_t i = 0; i < n; ++i) downhill += d[i] * g[i];
    Point next(n);
    double next_f = f;
    for (int halving = 0; halving < 30; ++halving, length /= 2) {
      for (size_t i = 0; i < n; ++i) next[i] = x[i] + length * d[i];
      next_f = value(next, &next_g);
      if (next_f <= f + 1e-4 * length * downhill) break;
    }
    if (!(next_f < f)) break;
    double sy = 0;
    Point hy(n);
    for (size_t i = 0; i < n; ++i) d[i] *= length, y[i] = next_g[i] - g[i], sy += d[i] * y[i];
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) hy[i] += h[i][j] * y[j];
    }
    double yhy = 0;
    for (size_t i = 0; i < n; ++i) yhy += y[i] * hy[i];
    for (size_t i = 0; sy > 0 && i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        h[i][j] += (1 + yhy / sy) * d[i] * d[j] / sy - (d[i] * hy[j] + hy[i] * d[j]) / sy;
      }
    }
    x = next;
    f = next_f;
    g = next_g;
  }
  return x;
}

// Σ (I − I₀)² over Σ I₀² of patterns measured with `truth`.
Loss Misfit(const Scene& truth) {
  std::vector<std::vector<double>> measured(truth.positions.size());
  (void)LossOf(truth, [&](size_t p, std::span<const Real> intensity, std::span<Real>) {
    measured[p].assign(intensity.begin(), intensity.end());
    return 0.0;
  });
  return [measured](size_t p, std::span<const Real> intensity, std::span<Real> slope) {
    double sum = 0, norm = 0;
    for (double v : measured[p]) norm += v * v;
    for (size_t i = 0; i < intensity.size(); ++i) {
      const double off = double(intensity[i]) - measured[p][i];
      sum += off * off / norm;
      slope[i] = Real(2 * off / norm);
    }
    return sum;
  };
}

// Defocus and specimen tilt from one pattern, begun 30 Å and 6 mrad off. The misfit is flat within
// √eps of its minimum, in units in which it is of order 1: 100 Å and 10 mrad.
TEST(Adjoint, FindsDefocusAndTiltFromAPattern) {
  Scene truth = Scattered({45, 50});
  truth.specimen.cell_A[2] = 40;  // the atoms in the first 10 Å and again in the last
  const size_t count = truth.specimen.atoms.size();
  for (size_t a = 0; a < count; ++a) {
    Atom deep = truth.specimen.atoms[a];
    deep.z_A += 30;
    truth.specimen.atoms.push_back(deep);
  }
  truth.positions = {{4.1, 4.6}};
  truth.tilt_rad = {0.004, -0.002};
  const Loss loss = Misfit(truth);
  const auto at = [&](const Point& x) {
    Scene s = truth;
    s.optics.aberrations.a_A[kC10] += 100 * (x[0] - 0.3);
    s.tilt_rad = {0.01 * x[1], 0.01 * x[2]};
    return s;
  };
  const auto value = [&](const Point& x, Point* slope) {
    const AllGradients g = GradientsOf(at(x), loss, Planes::kNone);
    *slope = {100 * g.optics.a_per_A[kC10], 0.01 * g.stack.tilt_per_rad[0],
              0.01 * g.stack.tilt_per_rad[1]};
    return g.stack.loss;
  };
  const Point found = Minimise(value, {0, 0, 0}, 40);
  EXPECT_NEAR(found[0], 0.3, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[1], 0.4, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[2], -0.2, kDouble ? 1e-6 : 1e-3);
}

// One atom's place from patterns around it, begun 0.15 Å off, nearly a pixel, over grid lines with
// their kinks. In units of 0.1 Å.
TEST(Adjoint, FindsAnAtomFromPatterns) {
  Scene truth = Scattered({45, 50});
  truth.optics.aberrations = {};
  const Atom& atom = truth.specimen.atoms[2];
  truth.positions = {{atom.x_A + 0.4, atom.y_A},
                     {atom.x_A - 0.3, atom.y_A + 0.4},
                     {atom.x_A - 0.2, atom.y_A - 0.5}};
  const Loss loss = Misfit(truth);
  const auto value = [&](const Point& x, Point* slope) {
    Scene s = truth;
    s.specimen.atoms[2].x_A += 0.1 * (x[0] - 1.2);
    s.specimen.atoms[2].y_A += 0.1 * (x[1] + 0.9);
    const AllGradients g = GradientsOf(s, loss);
    *slope = {0.1 * g.atoms[2].x_per_A, 0.1 * g.atoms[2].y_per_A};
    return g.stack.loss;
  };
  const Point found = Minimise(value, {0, 0}, 40);
  EXPECT_NEAR(found[0], 1.2, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[1], -0.9, kDouble ? 1e-6 : 1e-3);
}

}  // namespace
}  // namespace ronchi::sim::adjoint_test
