// Any instrument as a CEOS corrector: JSON-RPC 2.0 in netstrings (docs/drivers/ceos.md). getInfo,
// measureC1A1, acquireTableau, correctAberration.
#pragma once

#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi::hw {

inline constexpr size_t kMostCeosRequestBytes = 1 << 20;

// What has been measured and corrected is remembered for all connections together, as clients open
// one for each call. `hub` outlives whatever is served by it.
Protocol CeosProtocol(Hub* hub);

}  // namespace ronchi::hw
