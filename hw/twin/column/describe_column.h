// What a twin says of itself.
#pragma once

#include "hw/instrument/description.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

Description DescribeTwin(const TwinOptions& options);

}  // namespace ronchi::hw
