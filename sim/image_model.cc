#include "sim/image_model.h"

#include <algorithm>
#include <cmath>

#include "core/angle.h"
#include "core/status.h"

namespace ronchi::sim {

namespace {

constexpr size_t kBlock = 64;  // positions at a time: their waves stay in the first cache

// Powers 0 … n − 1 of e^{2πi x} for a block of x, [n, kBlock] each.
struct Powers {
  std::vector<double> re, im;
  explicit Powers(size_t n) : re(n * kBlock), im(n * kBlock) {}
  void Fill(size_t n, const std::array<double, kBlock>& x) {
    for (size_t p = 0; p < kBlock; ++p) {
      const double angle = 2 * kPi * (x[p] - std::floor(x[p]));
      re[p] = 1;
      im[p] = 0;
      if (n == 1) continue;
      re[kBlock + p] = std::cos(angle);
      im[kBlock + p] = std::sin(angle);
    }
    const double *a = &re[n > 1 ? kBlock : 0], *b = &im[n > 1 ? kBlock : 0];
    for (size_t i = 2; i < n; ++i) {
      const double *re0 = &re[(i - 1) * kBlock], *im0 = &im[(i - 1) * kBlock];
      double *re1 = &re[i * kBlock], *im1 = &im[i * kBlock];
      for (size_t p = 0; p < kBlock; ++p) {
        re1[p] = re0[p] * a[p] - im0[p] * b[p];
        im1[p] = re0[p] * b[p] + im0[p] * a[p];
      }
    }
  }
};

// Positions that make no lines along x: the waves of both axes are powers, so that a position
// takes two sines and cosines instead of one an order.
void ComputeScattered(const ImageHarmonics& image, std::span<const std::array<double, 2>> at_A,
                      std::span<double> out) {
  const size_t rows = size_t(image.half_x) + 1, half = size_t(image.half_y);
  Powers along_x(rows), along_y(half + 1);
  std::array<double, kBlock> x{}, y{}, re, im, sum;
  for (size_t begin = 0; begin < at_A.size(); begin += kBlock) {
    const size_t n = std::min(kBlock, at_A.size() - begin);
    for (size_t p = 0; p < n; ++p) {
      x[p] = at_A[begin + p][0] / image.cell_A[0];
      y[p] = at_A[begin + p][1] / image.cell_A[1];
    }
    along_x.Fill(rows, x);
    along_y.Fill(half + 1, y);
    sum.fill(0);
    for (size_t h = 0; h < rows; ++h) {
      const std::complex<double>* c = &image.c[h * (2 * half + 1) + half];  // of k = 0
      re.fill(c[0].real());
      im.fill(c[0].imag());
      for (size_t k = 1; k <= half; ++k) {
        // c₊ w + c₋ w*, w = u + iv
        const std::complex<double> plus = c[std::ptrdiff_t(k)], minus = c[-std::ptrdiff_t(k)];
        const double even_re = plus.real() + minus.real(), odd_re = plus.real() - minus.real();
        const double even_im = plus.imag() + minus.imag(), odd_im = plus.imag() - minus.imag();
        const double *u = &along_y.re[k * kBlock], *v = &along_y.im[k * kBlock];
        for (size_t p = 0; p < kBlock; ++p) {
          re[p] += even_re * u[p] - odd_im * v[p];
          im[p] += even_im * u[p] + odd_re * v[p];
        }
      }
      const double *u = &along_x.re[h * kBlock], *v = &along_x.im[h * kBlock];
      for (size_t p = 0; p < kBlock; ++p) sum[p] += re[p] * u[p] - im[p] * v[p];
    }
    std::copy_n(sum.begin(), n, out.begin() + std::ptrdiff_t(begin));
  }
}

}  // namespace

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
  if (raster.pixels == 1) return ComputeScattered(*this, raster.starts_A, out);
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
