// How far an image has moved against a reference: the maximum of their cross-correlation, to a
// small part of a pixel.
//
// Both are taken less their mean under a Hann window; the correlation is a trigonometric
// polynomial, found between pixels as well as on them (as Guizar-Sicairos, Thurman & Fienup, Opt.
// Lett. 33, 156 (2008), do by a matrix product), and divided by that of the windows, which would
// pull its maximum towards zero. Periodic images agree with themselves a period further on:
// `max_shift` is to be less than half of one.
#pragma once

#include <array>
#include <complex>
#include <span>
#include <vector>

namespace ronchi {

struct ImageShift {
  double rows = 0, columns = 0;  // pixels; image(x) ≈ reference(x − shift)
  double correlation = 0;        // of the two there, 1: alike
};

class ImageRegistration {
 public:
  // Square images of n × n pixels (n ≥ 4); shifts up to so many pixels along each axis.
  ImageRegistration(size_t n, double max_shift);
  void SetReference(std::span<const float> image);
  ImageShift Find(std::span<const float> image) const;

 private:
  using Spectrum = std::vector<std::complex<double>>;  // [n, n/2 + 1], rows from frequency 0
  Spectrum Transform(std::span<const float> image) const;
  // Of the pair, over that of the windows; the phases of a shift along the columns are shared.
  double Correlation(const Spectrum& cross, double rows, double columns) const;
  double WindowCorrelation(double shift) const;

  const size_t n_;
  const double max_shift_;
  std::vector<double> window_;                 // [n]
  std::vector<double> window_power_;           // |FT|², [n/2 + 1]
  std::vector<std::complex<double>> twiddle_;  // e^{−2πi j/n}, [n]
  Spectrum reference_;
  double reference_power_ = 0;
};

}  // namespace ronchi
