// One camera of any instrument, served as Quantum Detectors' Merlin: settings and commands on a
// control port, frames on a data port (docs/drivers/merlin.md).
//
// STARTACQUISITION exposes through the hub, frames after frames, and sends each to all connections
// of the data port as it comes. Counts become the integers of a counter: rounded, and clipped at
// its depth. Nothing is exposed while nobody listens on the data port, or while the instrument says
// that it is blanked: code 1. Memory is bounded by the server's outboxes and one chunk of frames.
#pragma once

#include <string>

#include "hw/server/hub.h"
#include "hw/server/session.h"

namespace ronchi::hw {

struct MerlinServerOptions {
  std::string camera;      // empty: the only one that there is
  int counter_depth = 12;  // at the beginning: 1, 6, 12, 24
  double push_s = 10;      // a data connection that takes no frame for so long gets no more
  double listen_s = 0.5;  // STARTACQUISITION waits so long for a data connection that is on its way
};

struct MerlinProtocols {
  Protocol control, data;
};

// `hub` outlives both. NotFound: no such camera, none, or several and none is named.
absl::StatusOr<MerlinProtocols> MakeMerlinProtocols(Hub* hub,
                                                    const MerlinServerOptions& options = {});

}  // namespace ronchi::hw
