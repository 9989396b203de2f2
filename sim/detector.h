// What a detector reads from a diffraction pattern |ψ(k)|². Angles in rad; a pixel belongs to a
// ring when inner ≤ α < outer, α = λ|k|.
//
// A reading is what is summed over configurations, one block of size() numbers a probe. Most are
// the values themselves; Combine() makes values of the others (centre of mass, DPC) once counting
// noise is in.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/detector_response.h"
#include "sim/grid.h"
#include "sim/real.h"

namespace ronchi::sim {

struct DetectorOptions {
  enum class Type { kAnnular, kSegmented, kPixelated, kCenterOfMass, kDpc, kIntegratedDpc };
  std::string name;
  Type type = Type::kAnnular;
  double inner_rad = 0, outer_rad = 0;  // annular, segmented, DPC (outer 0: centre of mass)
  int azimuthal = 4, radial = 1;        // segmented, DPC: sectors and rings
  double rotation_rad = 0;              // where sector 0 begins, from +x to +y
  double max_rad = 0;                   // pixelated: half width of the square; 0: the band limit
  int binning = 1;                      // pixelated: pixels of the pattern along a detector pixel
  double high_pass_per_A = 0;           // integrated DPC: see integrate_gradient.h
  DetectorResponse response = {};
};

class Detector {
 public:
  // OutOfRange: it reaches beyond the grid's band limit; the message gives the largest angle.
  // InvalidArgument: a DPC ring that does not hold the aperture's rim (semiangle_rad), on which the
  // method lives.
  static absl::StatusOr<Detector> Create(const DetectorOptions& options, const Grid& grid,
                                         double energy_eV, double semiangle_rad = 0);

  const DetectorOptions& options() const { return options_; }
  size_t size() const;  // numbers of a reading
  // Shape of its values: {} annular, {segments}, {qx, qy} pixelated, {2} (x, y; mrad) centre of
  // mass and DPC, {} integrated DPC.
  const std::vector<size_t>& shape() const { return shape_; }
  // Readings that are sums of electrons, hence Poisson at a finite dose. The centre of mass is not.
  bool counts_electrons() const { return !moments_; }
  // True for all that are directions (mrad) and phases (rad), which no normalisation scales.
  bool is_angle() const { return moments_ || !directions_.empty(); }
  bool integrates() const { return options_.type == DetectorOptions::Type::kIntegratedDpc; }
  // Offsets (FFT order) of the pattern's pixels of each number of a reading, for detectors that sum
  // electrons without binning a pattern: annular, segmented, DPC.
  std::vector<std::vector<size_t>> PixelsByValue() const;
  // Of a pixelated detector: angle of its first pixel and step along each axis, rad.
  struct AngleAxis {
    double offset_rad = 0, step_rad = 0;
  };
  AngleAxis x_axis() const { return x_axis_; }
  AngleAxis y_axis() const { return y_axis_; }

  // `intensity`: [nx, ny] in FFT order. Adds `weight` times the reading onto `out` (size()).
  void Accumulate(std::span<const Real> intensity, double weight, std::span<double> out) const;
  // A centre-of-mass or DPC reading (size()) to its vector in mrad.
  std::array<double, 2> Combine(std::span<const double> reading) const;

  // The adjoints of both, for derivatives of a loss. Adds to the pattern's pixels, [nx, ny], what
  // `slope`, the derivatives by a reading's numbers, makes of them.
  void Spread(std::span<const double> slope, std::span<Real> pixels) const;
  // From the derivatives by the vector to those by the reading's numbers.
  std::vector<double> CombineSlope(std::span<const double> reading,
                                   std::array<double, 2> slope) const;

  // A centre-of-mass reading: Σ I, Σ Iα_x, Σ Iα_y, then Σ Iα_x², Σ Iα_xα_y, Σ Iα_y² for its
  // noise.
  static constexpr size_t kMoments = 6;

 private:
  // A run of neighbouring pixels of one bin: sums go along contiguous memory.
  struct Run {
    size_t offset, count, bin;
  };
  Detector() = default;
  void AddRuns(const Grid& grid, double wavelength);
  void AddPixels(const Grid& grid, double wavelength);
  void AddDirections(double semiangle_rad);
  void AccumulateMoments(std::span<const Real> intensity, double weight,
                         std::span<double> out) const;
  DetectorOptions options_;
  std::vector<size_t> shape_;
  std::vector<Run> runs_;
  bool moments_ = false;
  std::vector<Real> angle_x_mrad_, angle_y_mrad_;  // centre of mass
  std::vector<std::array<double, 2>> directions_;  // DPC: mrad a segment's share of electrons
  AngleAxis x_axis_, y_axis_;
};

}  // namespace ronchi::sim
