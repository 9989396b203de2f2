// Convergent-beam patterns and Ronchigrams of the twin's specimen: multislice of one probe, the
// optics and the specimen's tilt as they are at the moment.
//
// A pattern is the mean over a few passes. Each has frozen displacements of the atoms (those of the
// contracted engine), stands on another unit cell of the box, and has the probe at a point of the
// source: (±s, ±s) about its place, s = FWHM/2.3548 a normal source's standard deviation. These
// four points with equal weights give the mean of any polynomial up to the third order under the
// normal distribution (Gauss–Hermite of two points an axis); one point is a source without size.
// Half of the passes see the focus a standard deviation of its spread above, half below, the sign
// being that of the source point's x y: Gauss–Hermite of two points again. A single pass sees the
// middle.
// A source with tails adds four points for their share: at the distances within which a quarter of
// the tail lies, along x, and three quarters, along y.
//
// The waves live on the reciprocal lattice of the box. A pixel of the camera gets what overlaps it
// of the lattice's cells, each evenly filled: no electron is lost or made. Of a periodic specimen
// the lattice's values are exact, whatever the probe's width; what lies between them is not seen,
// and a probe wider than the box sees the film's copies.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hw/twin/column/source_profile.h"
#include "hw/twin/column/twin_options.h"
#include "sim/camera_pixels.h"
#include "sim/contracted/aberration_basis.h"
#include "sim/multislice.h"

namespace ronchi::hw {

// Everything that a pattern depends on but the probe's place.
struct PatternMoment {
  sim::Aberrations aberrations;
  std::array<double, 2> tilt_rad = {0, 0};  // stage's: about x (alpha), about y (beta)
  double source_fwhm_A = 0;
  double source_tail_share = 0, source_tail_fwhm_A = 0;
  double focal_spread_A = 0;  // standard deviation
  double thickness_A = 0;     // 0: the whole specimen
};

class CameraPatterns {
 public:
  // InvalidArgument: an element without scattering factor.
  static absl::StatusOr<std::shared_ptr<CameraPatterns>> Create(const TwinOptions& options);

  // What all probes of a moment share; any number of threads may use it.
  class Prepared {
    friend class CameraPatterns;
    std::array<sim::ProbeSpectrum, 2> probes;  // by the focus' sign; with one pass, the first alone
    size_t exit_slice = 0;
    std::shared_ptr<const std::vector<sim::Multislice>> stacks;
    SourceProfile source;
  };
  // Keeps the stacks of the last tilt, so that only a moving stage costs more.
  Prepared Prepare(const PatternMoment& moment);

  // Fractions of the incident electrons, [y, x] of the camera's pixels, of a probe at (x, y) on the
  // specimen.
  void Compute(const Prepared& prepared, double x_A, double y_A, std::span<double> fractions) const;

  size_t pixels() const { return pixels_; }
  const sim::Grid& grid() const { return grid_; }

 private:
  CameraPatterns() = default;

  size_t pixels_ = 0;
  int passes_ = 1, source_points_ = 1;
  std::array<double, 2> cell_A_{};
  sim::Grid grid_;
  std::optional<sim::CameraPixels> camera_;
  sim::ProbeSpectrum aperture_;  // amplitudes at zero aberrations
  sim::AberrationBasis basis_;   // of its beams
  double slice_A_ = 0;           // of a crystal
  double period_A_ = 0;          // of a crystal along the beam, whole slices
  double early_A_ = 0;           // by which slices act before their atoms' depths, on the mean
  std::array<int64_t, 2> tilt_key_{};
  std::shared_ptr<const std::vector<sim::Multislice>> stacks_;  // by configuration
};

}  // namespace ronchi::hw
