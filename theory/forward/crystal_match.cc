// The place of a scanned image on its lattice by correlation: the image's Fourier coefficients on
// the model's harmonics against those predicted, over all shifts of a fine raster.
#include <algorithm>
#include <cmath>
#include <complex>

#include "core/angle.h"
#include "theory/forward/scanned_crystal.h"

namespace ronchi::theory {
namespace {

using Spectrum = std::vector<std::complex<double>>;
constexpr int kShifts = 12;  // per lattice period: finer than the images' finest detail

// The observed image's coefficients on the model's harmonics, without the mean.
Spectrum ObservedSpectrum(const ScannedCrystalOptions& o, const Array<float>& image, int half_x,
                          int half_y) {
  const auto cell = o.images->cell_A();
  const ScannedField& f = o.field;
  const auto [width, height] = f.pixels;
  double mean = 0;
  for (float v : image) mean += v / double(image.size());
  Spectrum rows(height * size_t(half_x + 1)), out(size_t(half_x + 1) * (2 * half_y + 1));
  auto position = [&](size_t axis, size_t i) {
    return f.start_A[axis] + double(i) * f.step_A[axis];
  };
  for (int h = 0; h <= half_x; ++h) {
    std::vector<std::complex<double>> wave(width);
    for (size_t p = 0; p < width; ++p) {
      wave[p] = std::polar(1.0, -kTwoPi * h * position(0, p) / cell[0]);
    }
    for (size_t l = 0; l < height; ++l) {
      std::complex<double> sum = 0;
      for (size_t p = 0; p < width; ++p) sum += (image(l, p) - mean) * wave[p];
      rows[l * size_t(half_x + 1) + h] = sum;
    }
  }
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      std::complex<double> sum = 0;
      for (size_t l = 0; l < height; ++l) {
        sum += rows[l * size_t(half_x + 1) + h] *
               std::polar(1.0, -kTwoPi * k * position(1, l) / cell[1]);
      }
      out[size_t(h) * (2 * half_y + 1) + k + half_y] = sum / double(image.size());
    }
  }
  return out;
}

struct Place {
  double correlation = -1;
  std::array<double, 2> shift_A = {0, 0};
};

// The best lattice shift over all images together, of so many along each axis.
Place BestShift(const std::vector<Spectrum>& observed,
                const std::vector<sim::ImageHarmonics>& predicted,
                const std::array<double, 2>& cell_A, std::array<int, 2> shifts) {
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
  Place best;
  for (int sx = 0; sx < shifts[0]; ++sx) {
    for (int sy = 0; sy < shifts[1]; ++sy) {
      double sum = 0;
      for (int h = 0; h <= hx; ++h) {
        for (int k = -hy; k <= hy; ++k) {
          const auto& v = cross[size_t(h) * (2 * hy + 1) + k + hy];
          sum += (v * std::polar(1.0, kTwoPi * (h * sx + k * sy) / kShifts)).real();
        }
      }
      sum /= std::sqrt(power);
      if (sum > best.correlation) {
        best = {sum, {sx * cell_A[0] / kShifts, sy * cell_A[1] / kShifts}};
      }
    }
  }
  return best;
}

}  // namespace

ForwardModel::Match ScannedCrystal::MakeMatch(std::span<const Acquisition> acquisitions) const {
  const auto first = Harmonics(parameters_.ToValues(parameters_.PriorMean()), acquisitions[0]);
  std::vector<Spectrum> observed;
  for (const Acquisition& a : acquisitions) {
    observed.push_back(ObservedSpectrum(options_, a.data, first.half_x, first.half_y));
  }
  // Where the place is known there is one.
  const auto shifts = [&](Role role) {
    return std::ranges::find(roles_, role) == roles_.end() ? 1 : kShifts;
  };
  const std::array<int, 2> tried = {shifts(Role::kShiftX), shifts(Role::kShiftY)};
  return [this, acquisitions, tried, observed = std::move(observed)](State* values) {
    std::vector<sim::ImageHarmonics> predicted;
    for (const Acquisition& a : acquisitions) predicted.push_back(Harmonics(*values, a));
    const Place place = BestShift(observed, predicted, options_.images->cell_A(), tried);
    for (size_t i = 0; i < roles_.size(); ++i) {
      if (roles_[i] == Role::kShiftX) (*values)[Eigen::Index(i)] = place.shift_A[0];
      if (roles_[i] == Role::kShiftY) (*values)[Eigen::Index(i)] = place.shift_A[1];
    }
    return place.correlation;
  };
}

}  // namespace ronchi::theory
