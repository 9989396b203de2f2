// Atoms put onto a grid so that its Fourier transform, sharpened, is Σ weight · e^{−2πi k·r}: by
// the kernel of a non-uniform FFT (exact placement) or shared among four points (bilinear).
#pragma once

#include <vector>

#include "sim/fft.h"
#include "sim/grid.h"
#include "sim/potential.h"
#include "sim/potential/spread.h"

namespace ronchi::sim {

class Deposit {
 public:
  Deposit(const Grid& grid, Placement placement);

  void Add(const Atom& atom, Complex value, Complex* plane) const;
  // The adjoint of Add with exact placement: a plane's value at the atom's place.
  Complex Read(const Atom& atom, const Complex* plane) const;
  // What the transform at (i, j), in FFT order, is multiplied by.
  double Sharpening(size_t i, size_t j) const;

 private:
  Grid grid_;
  Placement placement_;
  SpreadKernel kernel_;
  std::vector<double> sharpen_x_, sharpen_y_;
};

// [nx, ny]: what multiplies the transform of a plane that holds atoms of one kind in its real part
// and of another in its imaginary part. The real part of the transform back, which FFTW does not
// scale, is then the sum of both potentials, as either shape(|k|), V Å³, is real and even.
template <class Shape, class OtherShape>
ComplexBuffer MakePairFilter(const Grid& g, const Deposit& deposit, const Shape& shape,
                             const OtherShape& other) {
  ComplexBuffer filter(g.size());
  const double scale = 1 / (g.lx_A * g.ly_A);
  for (size_t i = 0; i <= g.nx / 2; ++i) {
    for (size_t j = 0; j <= g.ny / 2; ++j) {
      const double k = std::hypot(g.kx_per_A(i), g.ky_per_A(j));
      const double sharpened = scale * deposit.Sharpening(i, j);
      const Complex value(Real(sharpened * shape(k)), Real(-sharpened * other(k)));
      const size_t mirror_i = (g.nx - i) % g.nx, mirror_j = (g.ny - j) % g.ny;
      filter[i * g.ny + j] = filter[mirror_i * g.ny + j] = value;
      filter[i * g.ny + mirror_j] = filter[mirror_i * g.ny + mirror_j] = value;
    }
  }
  return filter;
}

}  // namespace ronchi::sim
