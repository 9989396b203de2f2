#include "sim/detector_response.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"

namespace ronchi::sim {
namespace {

// Weights of a normal point spread taken at the pixels, w_i ~ q^{i²}, sum 1, cut where they fall
// below round-off. Its transfer at half a cycle a pixel is Σ (−1)^i w_i = mtf; that of the
// continuous normal curve would not be (the sampled one is periodic: near 1 for narrow spreads,
// twice as high for wide ones).
std::vector<double> PointSpread(double mtf) {
  constexpr int kReach = 12;  // mtf = 0.01 needs q = 0.63: q^{144} is 1e-29
  const auto sum = [](double q, double sign) {
    double total = 1;
    for (int i = 1; i <= kReach; ++i) total += 2 * (i % 2 ? sign : 1) * std::pow(q, i * i);
    return total;
  };
  double low = 0, high = 0.9;  // the transfer falls with q
  for (int halving = 0; halving < 60; ++halving) {
    const double q = (low + high) / 2;
    (sum(q, -1) > mtf * sum(q, 1) ? low : high) = q;
  }
  std::vector<double> weights;
  int reach = 1;
  while (reach < kReach && std::pow(low, (reach + 1) * (reach + 1)) > 1e-12) ++reach;
  for (int i = -reach; i <= reach; ++i) weights.push_back(std::pow(low, i * i) / sum(low, 1));
  return weights;
}

// Along one axis; what spreads beyond the edge is lost there.
void Blur(const std::vector<double>& weights, size_t count, size_t stride, double* line,
          std::vector<double>* scratch) {
  const int64_t reach = int64_t(weights.size() / 2);
  scratch->assign(count, 0);
  for (int64_t i = 0; i < int64_t(count); ++i) {
    for (int64_t d = -reach; d <= reach; ++d) {
      if (i + d < 0 || i + d >= int64_t(count)) continue;
      (*scratch)[size_t(i)] += weights[size_t(d + reach)] * line[size_t(i + d) * stride];
    }
  }
  for (size_t i = 0; i < count; ++i) line[i * stride] = (*scratch)[i];
}

}  // namespace

void Expose(const DetectorResponse& response, const Exposure& e, std::array<size_t, 2> shape,
            std::span<double> values) {
  if (values.empty() || !std::isfinite(values[0])) return;  // a probe that never ran
  const double calibration = e.electrons * response.dqe;
  if (e.electrons > 0) {
    const std::string name = "sim.counts/" + e.detector;
    for (size_t i = 0; i < values.size(); ++i) {
      RandomStream random({.seed = e.seed, .name = name, .environment = e.index + i});
      values[i] = double(random.Poisson(values[i] * calibration));
    }
  }
  if (response.mtf_nyquist < 1) {
    const std::vector<double> weights = PointSpread(response.mtf_nyquist);
    std::vector<double> scratch;
    for (size_t i = 0; i < shape[0]; ++i) {
      Blur(weights, shape[1], 1, values.data() + i * shape[1], &scratch);
    }
    for (size_t j = 0; j < shape[1]; ++j) {
      Blur(weights, shape[0], shape[1], values.data() + j, &scratch);
    }
  }
  if (e.electrons <= 0) return;
  const std::string readout = "sim.readout/" + e.detector;
  for (size_t i = 0; i < values.size(); ++i) {
    if (response.readout_rms_e > 0) {
      RandomStream random({.seed = e.seed, .name = readout, .environment = e.index + i});
      values[i] += response.readout_rms_e * random.Normal();
    }
    if (response.saturation_e > 0) values[i] = std::min(values[i], response.saturation_e);
    values[i] /= calibration;
  }
}

void ExposeMoments(const DetectorResponse& response, const Exposure& e, std::span<double> m) {
  if (e.electrons <= 0 || !std::isfinite(m[0])) return;
  const double total = m[0], n = e.electrons * response.dqe * total;
  if (n <= 0) return;
  const double x = m[1] / total, y = m[2] / total;
  const double xx = m[3] / total - x * x, xy = m[4] / total - x * y, yy = m[5] / total - y * y;
  RandomStream random({.seed = e.seed, .name = "sim.counts/" + e.detector, .environment = e.index});
  // The Cholesky factor of the 2 × 2 covariance.
  const double a = std::sqrt(std::max(0.0, xx / n)), b = a > 0 ? xy / n / a : 0;
  const double c = std::sqrt(std::max(0.0, yy / n - b * b));
  const double u = random.Normal(), v = random.Normal();
  m[1] += total * a * u;
  m[2] += total * (b * u + c * v);
}

}  // namespace ronchi::sim
