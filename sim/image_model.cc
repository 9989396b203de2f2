#include "sim/image_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/status.h"

namespace ronchi::sim {

constexpr double kPi = std::numbers::pi;

double ImageHarmonics::Contrast() const {
  double mean = 0, variance = 0;
  for (int h = 0; h <= half_x; ++h) {
    for (int k = -half_y; k <= half_y; ++k) {
      const std::complex<double>& v = c[size_t(h) * (2 * half_y + 1) + k + half_y];
      if (h == 0 && k == 0)
        mean = v.real();
      else
        variance += std::norm(v) * (h ? 0.5 : 1.0);
    }
  }
  return variance / (mean * mean);
}

void ImageHarmonics::ComputeImage(const LinearRaster& raster, std::span<double> out) const {
  RONCHI_CHECK_EQ(out.size(), raster.starts_A.size() * raster.pixels);
  const size_t columns = size_t(2 * half_y + 1), rows = size_t(half_x + 1);
  std::vector<double> wave_re(rows * raster.pixels), wave_im(rows * raster.pixels);
  for (size_t h = 0; h < rows; ++h) {
    for (size_t p = 0; p < raster.pixels; ++p) {
      const double angle = 2 * kPi * double(h) * double(p) * raster.step_A / cell_A[0];
      wave_re[h * raster.pixels + p] = std::cos(angle);
      wave_im[h * raster.pixels + p] = std::sin(angle);
    }
  }
  std::vector<std::complex<double>> along_y(columns);
  for (size_t l = 0; l < raster.starts_A.size(); ++l) {
    const auto [x0, y0] = raster.starts_A[l];
    for (size_t k = 0; k < columns; ++k) {
      along_y[k] = std::polar(1.0, 2 * kPi * (double(k) - half_y) * y0 / cell_A[1]);
    }
    double* line = out.data() + l * raster.pixels;
    std::fill_n(line, raster.pixels, 0.0);
    for (size_t h = 0; h < rows; ++h) {
      std::complex<double> sum = 0;
      for (size_t k = 0; k < columns; ++k) sum += c[h * columns + k] * along_y[k];
      sum *= std::polar(1.0, 2 * kPi * double(h) * x0 / cell_A[0]);
      const double *re = &wave_re[h * raster.pixels], *im = &wave_im[h * raster.pixels];
      for (size_t p = 0; p < raster.pixels; ++p) line[p] += sum.real() * re[p] - sum.imag() * im[p];
    }
  }
}

}  // namespace ronchi::sim
