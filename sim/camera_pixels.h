// What the pixels of a square camera take of a diffraction pattern: a pixel gets what overlaps it
// of the reciprocal lattice's cells, each evenly filled, so that no electron is lost or made.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/grid.h"
#include "sim/probe.h"
#include "sim/real.h"

namespace ronchi::sim {

// Of a probe without aberrations: a beam on the aperture's soft rim, a share c of it inside, holds
// that share of a whole one's electrons: amplitude √c, where MakeProbe has c, which would leave 2 %
// too many electrons on the pixels inside the rim (18 mrad, 23 Å).
void MakeRimEven(ProbeSpectrum* aperture);

class CameraPixels {
 public:
  // pixels × pixels, pixel_rad apart; pixel pixels/2 lies about the axis.
  CameraPixels(const Grid& grid, double energy_eV, size_t pixels, double pixel_rad);

  size_t pixels() const { return pixels_; }
  // `pattern` [nx, ny] in FFT order: an intensity, or a change of one. Adds `weight` times what
  // falls on each pixel to `out`, [y, x].
  void Accumulate(std::span<const Real> pattern, double weight, std::span<double> out) const;

 private:
  // Of one line of the lattice, by index of the grid.
  struct Share {
    size_t pixel = 0;
    double weight = 0;
  };
  using Shares = std::vector<std::vector<Share>>;
  static Shares MakeShares(size_t points, double step_rad, size_t pixels, double pixel_rad);

  size_t pixels_ = 0;
  Shares x_, y_;
};

}  // namespace ronchi::sim
