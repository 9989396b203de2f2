#include "theory/belief/start_search.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace ronchi::theory {
namespace {

using Spectrum = std::vector<std::complex<double>>;
constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr int kShifts = 12;         // per lattice period: finer than the images' finest detail
constexpr double kGridStep_A = 30;  // below the half width of the contrast peak at 18 mrad

// The observed image's coefficients on the model's harmonics, without the mean.
Spectrum ObservedSpectrum(const ColumnModel& model, const Array<float>& image, int half_x,
                          int half_y) {
  const auto cell = model.options().images->cell_A();
  const size_t n = model.options().pixels;
  const double step = model.options().fov_A / double(n);
  double mean = 0;
  for (float v : image) mean += v / double(image.size());
  Spectrum rows(n * size_t(half_x + 1)), out(size_t(half_x + 1) * (2 * half_y + 1));
  auto position = [&](size_t i) { return -model.options().fov_A / 2 + double(i) * step; };
  for (int h = 0; h <= half_x; ++h) {
    std::vector<std::complex<double>> wave(n);
    for (size_t p = 0; p < n; ++p) wave[p] = std::polar(1.0, -kTwoPi * h * position(p) / cell[0]);
    for (size_t l = 0; l < n; ++l) {
      std::complex<double> sum = 0;
      for (size_t p = 0; p < n; ++p) sum += (image(l, p) - mean) * wave[p];
      rows[l * size_t(half_x + 1) + h] = sum;
    }
  }
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      std::complex<double> sum = 0;
      for (size_t l = 0; l < n; ++l) {
        sum +=
            rows[l * size_t(half_x + 1) + h] * std::polar(1.0, -kTwoPi * k * position(l) / cell[1]);
      }
      out[size_t(h) * (2 * half_y + 1) + k + half_y] = sum / double(image.size());
    }
  }
  return out;
}

struct Candidate {
  double correlation;
  State state;
};

// The best lattice shift for one set of aberrations, over all images together.
void BestShift(const std::vector<Spectrum>& observed,
               const std::vector<sim::ImageHarmonics>& predicted, const std::array<double, 2>& cell,
               Candidate* c) {
  const int hx = predicted[0].half_x, hy = predicted[0].half_y;
  Spectrum cross(predicted[0].c.size(), 0);
  double power = 0;
  for (size_t i = 0; i < observed.size(); ++i) {
    for (size_t g = 0; g < cross.size(); ++g) {
      if (g == size_t(hy)) continue;  // the mean
      cross[g] += std::conj(observed[i][g]) * predicted[i].c[g];
      power += std::norm(predicted[i].c[g]);
    }
  }
  c->correlation = -1;
  for (int sx = 0; sx < kShifts; ++sx) {
    for (int sy = 0; sy < kShifts; ++sy) {
      double sum = 0;
      for (int h = 0; h <= hx; ++h) {
        for (int k = -hy; k <= hy; ++k) {
          const auto& v = cross[size_t(h) * (2 * hy + 1) + k + hy];
          sum += (v * std::polar(1.0, kTwoPi * (h * sx + k * sy) / kShifts)).real();
        }
      }
      sum /= std::sqrt(power);
      if (sum > c->correlation) {
        c->correlation = sum;
        c->state[kShiftX] = sx * cell[0] / kShifts;
        c->state[kShiftY] = sy * cell[1] / kShifts;
      }
    }
  }
}

}  // namespace

std::vector<State> SearchStarts(const ColumnModel& model, std::span<const Acquisition> images,
                                const State& center, const std::array<double, 3>& range_A,
                                size_t count) {
  const auto first = model.Harmonics(center, images[0].settings_A);
  std::vector<Spectrum> observed;
  for (const Acquisition& a : images) {
    observed.push_back(ObservedSpectrum(model, a.image, first.half_x, first.half_y));
  }
  std::vector<Candidate> all;
  std::array<int, 3> half;
  for (size_t i = 0; i < 3; ++i) half[i] = int(std::ceil(range_A[i] / kGridStep_A));
  for (int a = -half[0]; a <= half[0]; ++a) {
    for (int b = -half[1]; b <= half[1]; ++b) {
      for (int d = -half[2]; d <= half[2]; ++d) {
        Candidate c{0, center};
        c.state[kC10] += a * range_A[0] / std::max(1, half[0]);
        c.state[kC12a] += b * range_A[1] / std::max(1, half[1]);
        c.state[kC12b] += d * range_A[2] / std::max(1, half[2]);
        std::vector<sim::ImageHarmonics> predicted;
        for (const Acquisition& image : images) {
          predicted.push_back(model.Harmonics(c.state, image.settings_A));
        }
        BestShift(observed, predicted, model.options().images->cell_A(), &c);
        all.push_back(c);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return a.correlation > b.correlation;
  });
  std::vector<State> starts;
  for (size_t i = 0; i < std::min(count, all.size()); ++i) starts.push_back(all[i].state);
  return starts;
}

}  // namespace ronchi::theory
