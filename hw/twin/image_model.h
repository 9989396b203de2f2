// The image engines that a twin's options ask for; theory predicts by the same.
#pragma once

#include <memory>
#include <vector>

#include "hw/twin/source_profile.h"
#include "hw/twin/twin_options.h"
#include "sim/image_model.h"

namespace ronchi::hw {

// How far the waves of images and patterns of a crystal reach at least. On SrTiO3 [001], 2 nm, the
// disc to 9.9 mrad at 200 kV is wrong by 8 % with waves to 18 mrad (0.7/Å), by 2 % to 35 mrad, 0.6
// % to 52 mrad and 0.2 % to 69 mrad (against 137 mrad): 63 mrad.
inline constexpr double kLeastReach_per_A = 2.5;

// Of the first detector. InvalidArgument: an element without scattering factor. Unimplemented: a
// film, which no engine scans.
absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& options);

// Of every detector, in the options' order; none of a film. The contracted engine is prepared once
// for the first detector alone, which is what theory asks for as well, and once for all others
// together.
class DetectorImages {
 public:
  static absl::StatusOr<DetectorImages> Create(const TwinOptions& options);
  bool any() const { return !models_.empty(); }
  sim::ImageHarmonics MakeHarmonics(size_t detector, const sim::Aberrations& aberrations,
                                    const SourceProfile& source) const;

 private:
  DetectorImages() = default;
  std::vector<std::shared_ptr<const sim::ImageModel>> models_;
};

}  // namespace ronchi::hw
