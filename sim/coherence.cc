#include "sim/coherence.h"

#include <cmath>
#include <cstdint>
#include <numbers>

namespace ronchi::sim {
namespace {

constexpr int kHalfPoints = 5;
constexpr double kStepSigmas = 0.75;
// A source is cut where its density has fallen to 4e-6 of the middle's.
constexpr double kReachSigmas = 5;

std::vector<double> NormalWeights(double sigma, double step, size_t n) {
  std::vector<double> weights;
  const double reach = kReachSigmas * sigma;
  for (size_t i = 0; i < n && double(i) * std::fabs(step) <= reach; ++i) {
    const double u = double(i) * step / sigma;
    weights.push_back(std::exp(-u * u / 2));
  }
  return weights;  // weights[|distance|], not normalised
}

// Along one axis of `count` values, `stride` apart.
void BlurLine(const std::vector<double>& weights, bool periodic, size_t count, size_t stride,
              double* line, std::vector<double>* scratch) {
  scratch->assign(count, 0);
  for (size_t i = 0; i < count; ++i) {
    double sum = 0, total = 0;
    for (size_t d = 0; d < weights.size(); ++d) {
      for (const int sign : {-1, 1}) {
        if (d == 0 && sign == 1) continue;
        int64_t j = int64_t(i) + sign * int64_t(d);
        if (periodic) j = ((j % int64_t(count)) + int64_t(count)) % int64_t(count);
        if (j < 0 || j >= int64_t(count)) continue;
        sum += weights[d] * line[size_t(j) * stride];
        total += weights[d];
      }
    }
    (*scratch)[i] = sum / total;
  }
  for (size_t i = 0; i < count; ++i) line[i * stride] = (*scratch)[i];
}

}  // namespace

std::vector<WeightedOptics> SpreadFocus(const BeamOptics& optics, double focal_spread_A) {
  std::vector<WeightedOptics> spread;
  const int half = focal_spread_A > 0 ? kHalfPoints : 0;
  double total = 0;
  for (int i = -half; i <= half; ++i) {
    const double weight = std::exp(-std::pow(i * kStepSigmas, 2) / 2);
    spread.push_back({optics, weight});
    spread.back().optics.aberrations.a_A[kC10] += i * kStepSigmas * focal_spread_A;
    total += weight;
  }
  for (WeightedOptics& w : spread) w.weight /= total;
  return spread;
}

void BlurBySource(double fwhm_A, double step_x_A, double step_y_A, std::array<bool, 2> periodic,
                  size_t outer, size_t nx, size_t ny, size_t inner, std::vector<double>* values) {
  if (fwhm_A <= 0) return;
  const double sigma = fwhm_A / (2 * std::sqrt(2 * std::numbers::ln2));
  // Round a periodic raster a source may reach more than once.
  const auto most = [&](size_t axis, size_t count) { return periodic[axis] ? SIZE_MAX : count; };
  const std::vector<double> along_x = NormalWeights(sigma, step_x_A, most(0, nx));
  const std::vector<double> along_y = NormalWeights(sigma, step_y_A, most(1, ny));
  std::vector<double> scratch;
  for (size_t o = 0; o < outer; ++o) {
    double* block = values->data() + o * nx * ny * inner;
    for (size_t k = 0; k < inner; ++k) {
      for (size_t i = 0; i < nx; ++i)
        BlurLine(along_y, periodic[1], ny, inner, block + i * ny * inner + k, &scratch);
      for (size_t j = 0; j < ny; ++j)
        BlurLine(along_x, periodic[0], nx, ny * inner, block + j * inner + k, &scratch);
    }
  }
}

}  // namespace ronchi::sim
