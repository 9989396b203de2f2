// Nodes and weights of Gauss and Legendre's quadrature on [0, 1]: exact for polynomials of degree
// 2n − 1.
#pragma once

#include <vector>

namespace ronchi::sim {

struct QuadratureNode {
  double at, weight;
};
std::vector<QuadratureNode> GaussLegendre(int n);

}  // namespace ronchi::sim
