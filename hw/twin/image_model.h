// The image engine that a twin's options ask for; theory predicts by the same.
#pragma once

#include <memory>

#include "hw/twin/twin_options.h"
#include "sim/image_model.h"

namespace ronchi::hw {

// Of the HAADF detector. InvalidArgument: an element without scattering factor.
absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& options);

}  // namespace ronchi::hw
