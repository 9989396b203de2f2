// Does what an instrument says of itself make sense? Nothing else looks at a description from
// elsewhere (a wire, a library) before its limits are relied upon.
#pragma once

#include "core/status.h"
#include "hw/instrument/description.h"

namespace ronchi::hw {

// InvalidArgument: no id, two of a name, limits, times or units that contradict each other, a
// capability that there is none of.
absl::Status CheckDescription(const Description& description);

}  // namespace ronchi::hw
