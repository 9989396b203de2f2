// Any instrument as asyncroscopy's devices (docs/drivers/tango.md): TANGO on one port, by libtango,
// which is loaded for it, and images by key over HTTP on another.
#pragma once

#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi::hw {

struct TangoProtocols {
  Protocol devices, images;
};

// `hub` outlives both. NotFound: libtango is missing.
absl::StatusOr<TangoProtocols> MakeTangoProtocols(Hub* hub);

}  // namespace ronchi::hw
