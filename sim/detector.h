// What a detector reads from a diffraction pattern |ψ(k)|². Angles in rad; a pixel belongs to a
// ring when inner ≤ α < outer, α = λ|k|.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/grid.h"

namespace ronchi::sim {

struct DetectorOptions {
  enum class Type { kAnnular, kSegmented, kPixelated, kCenterOfMass };
  std::string name;
  Type type = Type::kAnnular;
  double inner_rad = 0, outer_rad = 0;  // annular, segmented
  int azimuthal = 4, radial = 1;        // segmented: sectors and rings
  double rotation_rad = 0;              // segmented: where sector 0 begins, from +x to +y
  double max_rad = 0;                   // pixelated: half width of the square; 0: the band limit
};

class Detector {
 public:
  // OutOfRange: it reaches beyond the grid's band limit; the message gives the largest angle.
  static absl::StatusOr<Detector> Create(const DetectorOptions& options, const Grid& grid,
                                         double energy_eV);

  const DetectorOptions& options() const { return options_; }
  // Shape of one reading: {} annular, {segments}, {qx, qy} pixelated, {2} center of mass (mrad).
  const std::vector<size_t>& shape() const { return shape_; }
  size_t size() const;
  // Of a pixelated detector: angle of its first pixel and step along each axis, rad.
  struct AngleAxis {
    double offset_rad = 0, step_rad = 0;
  };
  AngleAxis x_axis() const { return x_axis_; }
  AngleAxis y_axis() const { return y_axis_; }

  // `intensity`: [nx, ny] in FFT order. Adds `weight` times the reading onto `out` (size()).
  void Accumulate(std::span<const float> intensity, double weight, std::span<double> out) const;

 private:
  // A run of neighbouring pixels of one bin: sums go along contiguous memory.
  struct Run {
    size_t offset, count, bin;
  };
  Detector() = default;
  void AddRuns(const Grid& grid, double wavelength);
  void AddPixels(const Grid& grid, double wavelength);
  DetectorOptions options_;
  std::vector<size_t> shape_;
  std::vector<Run> runs_;
  std::vector<float> angle_x_mrad_, angle_y_mrad_;  // center of mass
  AngleAxis x_axis_, y_axis_;
};

}  // namespace ronchi::sim
