// Direct Electron's cameras by DE-Server, and scans where the server drives the scan coils
// (docs/drivers/de.md). It has neither beam nor clock of a column: it is a part of a composite
// (hw/wrappers/composite.h).
//
// What is set is read back. A result that is not new, has fewer frames of the camera than were
// asked for or another size is an error. Nothing is waited for beyond the times below.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hw/drivers/de/server.h"
#include "hw/instrument/instrument.h"

namespace ronchi::hw::de {

struct DeDetector {
  std::string name;  // here: "haadf"
  double inner_rad = 0, outer_rad = 0;
  double dark_counts = 0, saturation_counts = kInf;
};

struct DeOptions {
  DeServerOptions server;
  std::string camera = "de";     // its name here
  double pixel_rad = 0;          // angle across a pixel; 0: not known
  double frames_per_second = 0;  // of the camera, at least; 0: as it stands when it is opened
  double time_tolerance = 1e-3;  // relative, of an exposure or dwell against what was asked for
  // The server counts its acquisitions and their frames. Where it does not, an old result cannot be
  // told from a new one.
  bool numbered_results = true;
  double late_s = 10;  // beyond its exposure until a result is there
  // Of scans: the side of the field that ±1 V scans, at any magnification or at magnification 1;
  // both 0: nothing is scanned.
  double field_m = 0, field_at_magnification_1_m = 0;
  // By the server's name: external1 … external4, virtual0 … virtual4.
  std::map<std::string, DeDetector> detectors;
  size_t most_bytes = size_t{4} << 30;  // of the frames of one exposure or scan
};

// Asks what there is. Errors are of hw/instrument/error.h.
absl::StatusOr<std::unique_ptr<Instrument>> MakeDe(const DeOptions& options);

}  // namespace ronchi::hw::de
