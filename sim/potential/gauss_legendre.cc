#include "sim/potential/gauss_legendre.h"

#include <cmath>
#include <numbers>

namespace ronchi::sim {

std::vector<QuadratureNode> GaussLegendre(int n) {
  std::vector<QuadratureNode> nodes(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) {
    // Newton's method from Tricomi's estimate of the i-th zero of P_n.
    double x = std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int step = 0; step < 8; ++step) {
      double p = 1, before = 0;
      for (int m = 1; m <= n; ++m) {
        const double next = ((2 * m - 1) * x * p - (m - 1) * before) / m;
        before = p;
        p = next;
      }
      slope = n * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    nodes[static_cast<size_t>(i)] = {0.5 * (1 - x), 1 / ((1 - x * x) * slope * slope)};
  }
  return nodes;
}

}  // namespace ronchi::sim
