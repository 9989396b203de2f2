// The image engines that a twin's options ask for; theory predicts by the same.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "hw/twin/column/source_profile.h"
#include "hw/twin/column/twin_options.h"
#include "sim/crystal_images.h"
#include "sim/image_model.h"

namespace ronchi::hw {

// How far the waves of images of a crystal reach at least. On SrTiO3 [001], 2 nm, the
// disc to 9.9 mrad at 200 kV is wrong by 8 % with waves to 18 mrad (0.7/Å), by 2 % to 35 mrad, 0.6
// % to 52 mrad and 0.2 % to 69 mrad (against 137 mrad): 63 mrad.
inline constexpr double kLeastReach_per_A = 2.5;

// Everything that a scanned image depends on but the probe's places.
struct ImageMoment {
  sim::Aberrations aberrations;
  SourceProfile source;
  double focal_spread_A = 0;                // standard deviation
  double thickness_A = 0;                   // 0: the options' specimen, the whole of it
  std::array<double, 2> tilt_rad = {0, 0};  // stage's: about x (alpha), about y (beta)
};

// The thicknesses, in unit cells, at which images are prepared: those of the prior, evenly thinned
// out to 25.
std::vector<int> PreparedLayers(const TwinOptions& options);
// The largest tilt that images know, rad: the prior's farthest corner, at most kMostTilt_rad;
// images of a specimen tilted further are those at that tilt.
inline constexpr double kMostTilt_rad = 0.008;
double LargestTilt_rad(const TwinOptions& options);

// What theory knows of the column is its data sheet: the first detector, the middle of the prior's
// ranges of thickness, energy spread and C_c, no tilt. InvalidArgument: an element without
// scattering factor. Unimplemented: a film, which no engine scans.
absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& options);

// A soft rim of the aperture (sim/probe.h), a share c of every beam's amplitude, has the right area
// in products with beams inside, Σ c, and too little in its own, Σ c², by which probes are
// normalised: all but an image's mean comes out too large by Σc/Σc², 2 % at 18 mrad in a box of 23
// Å, falling as one over the box. This is Σc²/Σc, which takes it back: SrTiO3, 2 nm,
// contrast 3.985, 3.98, 3.99 and 4.00 in boxes of 15, 23, 31 and 50 Å instead of 4.23, 4.15, 4.11
// and 4.07.
double RimFactor(double box_x_A, double box_y_A, double semiangle_rad, double energy_eV);

// What the same rim does to the mean of a ring that has the direct beam: normalised by Σ c², the
// beams inside the rim are too bright, by 2 % above. This is by how much a ring's share of the
// aperture is larger in Σ c than in Σ c²: 1 where it has the whole of it, or nothing.
double DirectBeamFactor(std::array<double, 2> box_A, double semiangle_rad, double energy_eV,
                        double inner_rad, double outer_rad);

// Of every detector, in the options' order; none of a film. The engine is prepared once for the
// first detector alone, which is what theory asks for as well, and once for all others together.
// For one thread at a time; copies are apart.
class DetectorImages {
 public:
  static absl::StatusOr<DetectorImages> Create(const TwinOptions& options);
  bool any() const { return !detectors_.empty(); }
  sim::ImageHarmonics MakeHarmonics(size_t detector, const ImageMoment& moment) const;
  // The same and its derivatives, of a source without tails.
  sim::ImageHarmonics MakeDerivatives(size_t detector, const ImageMoment& moment,
                                      std::span<const sim::OpticsVariation> directions,
                                      std::vector<sim::ImageHarmonics>* derivatives) const;
  // The thickness that images are of when a moment asks for this one.
  double Thickness_A(double asked_A) const;

 private:
  struct OneDetector {
    std::shared_ptr<const sim::CrystalImages> images;
    size_t ring = 0;
    double sharpness = 1;   // on all harmonics but the mean: RimFactor
    double brightness = 1;  // on the mean: DirectBeamFactor
    double background = 0;  // fraction of the electrons from the amorphous layers
    // The model of the last thickness and tilt.
    mutable std::shared_ptr<const sim::ImageModel> model;
    mutable size_t exit = 0;
    mutable std::array<double, 2> tilt_rad = {0, 0};
  };
  DetectorImages() = default;
  const sim::ImageModel& ModelOf(const OneDetector& detector, const ImageMoment& moment) const;
  void Collect(const OneDetector& detector, const ImageMoment& moment,
               sim::ImageHarmonics* harmonics) const;
  size_t Exit(double thickness_A) const;
  std::vector<OneDetector> detectors_;
  std::vector<int> layers_;
  double layer_A_ = 0;
};

}  // namespace ronchi::hw
