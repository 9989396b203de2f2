// PRISM (Ophus, Adv. Struct. Chem. Imaging 3, 13 (2017)): plane waves of the aperture, every f-th
// along each axis, are sent through the specimen once; a probe is then their sum over a window of
// 1/f of the box. f = 1 is multislice itself.
//
// The exit waves are kept on a coarser grid, as far as the band limit needs. Probes are summed tile
// by tile as one matrix product: waves of the tile's surroundings times the probes' coefficients.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "sim/multislice.h"
#include "sim/probe.h"

namespace ronchi::sim {

class Prism {
 public:
  // Sends the plane waves within semiangle_rad through `engine` (threads: all).
  // InvalidArgument: the interpolation does not divide the grid, or leaves the window fewer than
  // eight points or the aperture no beam. ResourceExhausted: more memory than `memory_bytes`
  // allows.
  static absl::StatusOr<Prism> Create(const Multislice& engine, double energy_eV,
                                      double semiangle_rad, int interpolation, size_t memory_bytes);

  // Plane waves that Create would send: what it costs, in probes.
  static size_t CountBeams(const Grid& grid, double energy_eV, double semiangle_rad,
                           int interpolation);

  // The window's grid: pixel size and band limit of the whole, box and frequencies f times coarser.
  // Intensities and detectors live on it.
  const Grid& window() const { return window_; }
  size_t beams() const { return beams_.size(); }

  // Diffraction patterns [window nx, ny] in FFT order of probes at `positions` (Å), given one by
  // one as at_probe(index, intensity). `optics` may have any aberrations and a semiangle up to the
  // one prepared. Positions should lie close together: they share one patch of exit waves.
  void Run(const BeamOptics& optics, std::span<const std::array<double, 2>> positions,
           const std::function<void(size_t, std::span<const Real>)>& at_probe) const;

 private:
  struct Beam {
    int h, k;  // in units of 1/box, multiples of f
  };
  Prism() = default;
  static std::vector<Beam> BeamsWithin(const Grid& grid, double energy_eV, double semiangle_rad,
                                       int interpolation);
  void CopyPatch(std::array<int64_t, 2> low, size_t px, size_t py, size_t beam, Complex* out) const;
  std::vector<Complex> Coefficients(const BeamOptics& optics,
                                    std::span<const std::array<double, 2>> positions) const;
  void ToPattern(ComplexBuffer* wave, RealBuffer* intensity) const;

  double energy_eV_ = 0, semiangle_rad_ = 0;
  Grid grid_, window_;
  int f_ = 1;
  size_t rx_ = 0, ry_ = 0;       // the kept waves' grid over the whole box; multiples of f
  int half_x_ = 0, half_y_ = 0;  // frequencies kept, in units of 1/box
  std::vector<Beam> beams_;
  std::vector<ComplexBuffer> waves_;  // per beam [rx, ry], real space
  Fft window_forward_;
};

}  // namespace ronchi::sim
