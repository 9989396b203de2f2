// temscript's web service in front of any instrument (docs/drivers/temscript.md): temscript's own
// RemoteMicroscope, and whatever else speaks version 1 of its interface, drives it unchanged.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi::hw {

struct TemscriptServerOptions {
  // temscript tells the magnification of scans and no field: this is the side at magnification 1.
  double field_at_magnification_1_m = 0.1;
  size_t frame_pixels = 2048;  // along a side of a full frame at binning 1
  std::string token;           // "Authorization: Bearer <token>"; empty: none is asked for
};

// `hub` outlives the protocol.
Protocol TemscriptProtocol(Hub* hub, const TemscriptServerOptions& options = {});

}  // namespace ronchi::hw
