#include "agents/bayes/sobol.h"

#include <boost/random/sobol.hpp>
#include <vector>

namespace ronchi::agents {

Eigen::MatrixXd SobolPoints(size_t count, size_t dimension, const StreamKey& shift) {
  RandomStream stream(shift);
  std::vector<uint64_t> flips(dimension);
  for (uint64_t& flip : flips) {
    flip = uint64_t(stream()) << 32;
    flip |= stream();
  }
  boost::random::sobol sobol(dimension);
  Eigen::MatrixXd points(count, dimension);
  for (size_t i = 0; i < count; ++i) {
    for (size_t d = 0; d < dimension; ++d) {
      points(Eigen::Index(i), Eigen::Index(d)) = double((sobol() ^ flips[d]) >> 11) * 0x1.0p-53;
    }
  }
  return points;
}

}  // namespace ronchi::agents
