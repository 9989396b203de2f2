// The amorphous layers above and below a crystal: damage of its preparation, or carbon.
//
// Above, its atoms are slices of the multislice, anywhere and independent of each other, others in
// every box: images are the mean over what such layers can be. Below, where all electrons have made
// the image, it adds what it scatters onto a detector:
//   t n σ,  σ = ∫ γ² f_e² dΩ over the ring (ring_cross_section.h),
// n atoms a volume. What a layer adds is even: its own texture is not in images.
#pragma once

#include "core/status.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

// The fraction of the electrons that thickness_A of it scatters between the two angles.
absl::StatusOr<double> LayerFraction(const AmorphousOptions& layer, double thickness_A,
                                     double energy_eV, double inner_rad, double outer_rad);

}  // namespace ronchi::hw
