// The image engines that a twin's options ask for; theory predicts by the same.
#pragma once

#include <memory>
#include <vector>

#include "hw/twin/twin_options.h"
#include "sim/image_model.h"

namespace ronchi::hw {

// Of the first detector. InvalidArgument: an element without scattering factor.
absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& options);

// Of every detector, in the options' order. The contracted engine is prepared once for the first
// detector alone, which is what theory asks for as well, and once for all others together.
class DetectorImages {
 public:
  static absl::StatusOr<DetectorImages> Create(const TwinOptions& options);
  const sim::ImageModel& first() const { return *models_[0]; }
  sim::ImageHarmonics MakeHarmonics(size_t detector, const sim::Aberrations& aberrations,
                                    double source_fwhm_A) const {
    return models_[detector]->MakeHarmonics(aberrations, source_fwhm_A);
  }

 private:
  DetectorImages() = default;
  std::vector<std::shared_ptr<const sim::ImageModel>> models_;
};

}  // namespace ronchi::hw
