#include "core/image_registration.h"

#include <algorithm>
#include <cmath>

#include "core/angle.h"
#include "core/status.h"

namespace ronchi {
namespace {

// Of row or column frequencies f of n: −n/2 … n/2.
double Signed(size_t f, size_t n) { return f <= n / 2 ? double(f) : double(f) - double(n); }
// How often a term of the half spectrum counts in a real sum. Frequencies n/2, which cannot tell a
// shift's sign, are left out.
double Weight(size_t row, size_t column, size_t n) {
  if (2 * row == n || 2 * column == n) return 0;
  return column == 0 ? 1 : 2;
}

}  // namespace

ImageRegistration::ImageRegistration(size_t n, double max_shift)
    : n_(n), max_shift_(max_shift), window_(n), window_power_(n / 2 + 1), twiddle_(n) {
  RONCHI_CHECK(n >= 4 && max_shift > 0);
  for (size_t i = 0; i < n; ++i) {
    window_[i] = 0.5 - 0.5 * std::cos(kTwoPi * (double(i) + 0.5) / double(n));
    twiddle_[i] = std::polar(1.0, -kTwoPi * double(i) / double(n));
  }
  for (size_t f = 0; f <= n / 2; ++f) {
    std::complex<double> sum = 0;
    for (size_t i = 0; i < n; ++i) sum += window_[i] * twiddle_[f * i % n];
    window_power_[f] = std::norm(sum);
  }
}

ImageRegistration::Spectrum ImageRegistration::Transform(std::span<const float> image) const {
  RONCHI_CHECK_EQ(image.size(), n_ * n_);
  const size_t half = n_ / 2 + 1;
  double mean = 0, weight = 0;
  for (size_t y = 0; y < n_; ++y) {
    for (size_t x = 0; x < n_; ++x) {
      const double w = window_[y] * window_[x];
      mean += w * double(image[y * n_ + x]);
      weight += w;
    }
  }
  mean /= weight;
  Spectrum lines(n_ * half), out(n_ * half);
  for (size_t y = 0; y < n_; ++y) {
    for (size_t f = 0; f < half; ++f) {
      std::complex<double> sum = 0;
      for (size_t x = 0; x < n_; ++x) {
        sum += (double(image[y * n_ + x]) - mean) * window_[x] * twiddle_[f * x % n_];
      }
      lines[y * half + f] = window_[y] * sum;
    }
  }
  for (size_t g = 0; g < n_; ++g) {
    for (size_t y = 0; y < n_; ++y) {
      const std::complex<double> t = twiddle_[g * y % n_];
      for (size_t f = 0; f < half; ++f) out[g * half + f] += lines[y * half + f] * t;
    }
  }
  return out;
}

void ImageRegistration::SetReference(std::span<const float> image) {
  reference_ = Transform(image);
  reference_power_ = 0;
  const size_t half = n_ / 2 + 1;
  for (size_t i = 0; i < reference_.size(); ++i) {
    reference_power_ += Weight(i / half, i % half, n_) * std::norm(reference_[i]);
  }
}

double ImageRegistration::WindowCorrelation(double shift) const {
  double sum = window_power_[0];
  for (size_t f = 1; 2 * f < n_; ++f) {
    sum += 2 * window_power_[f] * std::cos(kTwoPi * double(f) * shift / double(n_));
  }
  return sum;
}

double ImageRegistration::Correlation(const Spectrum& cross, double rows, double columns) const {
  const size_t half = n_ / 2 + 1;
  const std::complex<double> step_x = std::polar(1.0, kTwoPi * columns / double(n_));
  double total = 0;
  for (size_t g = 0; g < n_; ++g) {
    std::complex<double> along = 0, phase = 1;
    for (size_t f = 0; f < half; ++f, phase *= step_x) along += cross[g * half + f] * phase;
    along *= std::polar(1.0, kTwoPi * Signed(g, n_) * rows / double(n_));
    total += along.real();
  }
  const double windows = WindowCorrelation(rows) * WindowCorrelation(columns);
  return total * WindowCorrelation(0) * WindowCorrelation(0) / windows;
}

ImageShift ImageRegistration::Find(std::span<const float> image) const {
  RONCHI_CHECK_EQ(reference_.size(), n_ * (n_ / 2 + 1));
  Spectrum cross = Transform(image);
  const size_t half = n_ / 2 + 1;
  double power = 0;
  for (size_t i = 0; i < cross.size(); ++i) {
    const double weight = Weight(i / half, i % half, n_);
    power += weight * std::norm(cross[i]);
    cross[i] = weight * cross[i] * std::conj(reference_[i]);
  }
  // Every half pixel, then parabolas through 3 × 3 points ever closer.
  double best = -1, y = 0, x = 0;
  const int reach = int(max_shift_ / 0.5);
  for (int i = -reach; i <= reach; ++i) {
    for (int j = -reach; j <= reach; ++j) {
      const double value = Correlation(cross, 0.5 * i, 0.5 * j);
      if (i == -reach && j == -reach) best = value;
      if (value < best) continue;
      best = value;
      y = 0.5 * i;
      x = 0.5 * j;
    }
  }
  for (double h : {0.4, 0.1, 0.02}) {
    const double here = Correlation(cross, y, x);
    const auto vertex = [&](double before, double after) {
      const double bend = before - 2 * here + after;
      return bend < 0 ? std::clamp(0.5 * h * (before - after) / bend, -h, h) : 0;
    };
    const double dy = vertex(Correlation(cross, y - h, x), Correlation(cross, y + h, x));
    const double dx = vertex(Correlation(cross, y, x - h), Correlation(cross, y, x + h));
    y = std::clamp(y + dy, -max_shift_, max_shift_);
    x = std::clamp(x + dx, -max_shift_, max_shift_);
  }
  const double norm = std::sqrt(power * reference_power_);
  return {y, x, norm > 0 ? Correlation(cross, y, x) / norm : 0};
}

}  // namespace ronchi
