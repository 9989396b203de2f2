// Images of a periodic specimen by a scanned probe, as twins and theory ask for them: under any
// aberrations, in well under a millisecond. Two engines make them: sim/linear.h and
// sim/contracted/contracted_model.h.
#pragma once

#include <array>
#include <complex>
#include <memory>
#include <span>
#include <vector>

#include "sim/physics/aberrations.h"

namespace ronchi::sim {

// A scanned image: line l starts at starts[l] and holds `pixels` points, step_A apart along +x.
struct LinearRaster {
  std::vector<std::array<double, 2>> starts_A;
  double step_A = 0;
  size_t pixels = 0;
};

// The image's Fourier coefficients under one setting of the optics: all that an image needs.
// I(R) = Re Σ c(h, k) e^{2πi (h X/Lx + k Y/Ly)}, h ≥ 0; c already holds the factor 2 for h > 0.
struct ImageHarmonics {
  std::vector<std::complex<double>> c;  // [half_x + 1, 2 half_y + 1], k from −half_y
  std::array<double, 2> cell_A = {0, 0};
  int half_x = 0, half_y = 0;

  std::complex<double>& at(int h, int k) {
    return c[size_t(h) * size_t(2 * half_y + 1) + size_t(k + half_y)];
  }
  double Mean() const { return c[size_t(half_y)].real(); }  // over the cell
  // Contrast var(I)/mean(I)² over the whole cell, exactly.
  double Contrast() const;
  // Fractions of the incident electrons, [lines, pixels].
  void ComputeImage(const LinearRaster& raster, std::span<double> out) const;
  // Those of the image's derivative by X (axis 0) or Y (axis 1), 1/Å.
  ImageHarmonics Slope(int axis) const;
};

// Images of several sets of harmonics of one size and cell on one raster, [set][line][pixel]: they
// share all waves, so that a further set costs a small part of the first.
void ComputeImages(std::span<const ImageHarmonics> sets, const LinearRaster& raster,
                   std::span<double> out);

// Along what images are differentiated: a change of the optics.
struct OpticsVariation {
  Aberrations aberrations;
  double source_fwhm_A = 0, focal_spread_A = 0;
};

class ImageModel {
 public:
  virtual ~ImageModel() = default;
  // Of a normal source, and a normal spread of the defocus with standard deviation focal_spread_A.
  virtual ImageHarmonics MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A,
                                       double focal_spread_A = 0) const = 0;
  // The same, and the harmonics' exact derivatives along each of `directions`, per unit of these.
  virtual ImageHarmonics MakeDerivatives(const Aberrations& aberrations, double source_fwhm_A,
                                         double focal_spread_A,
                                         std::span<const OpticsVariation> directions,
                                         std::vector<ImageHarmonics>* derivatives) const = 0;
  virtual std::array<double, 2> cell_A() const = 0;  // the image repeats so
};

}  // namespace ronchi::sim
