// What a map twin says of itself.
#pragma once

#include "hw/instrument/description.h"
#include "hw/twin/particles/particles_options.h"

namespace ronchi::hw {

Description DescribeMapTwin(const MapTwinOptions& options);

}  // namespace ronchi::hw
