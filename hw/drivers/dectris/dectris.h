// A DECTRIS detector as an instrument: a camera that exposes, over SIMPLON's REST interface and one
// of its streams (docs/drivers/dectris.md). It has neither beam nor clock of a column: it is a part
// of a composite (hw/wrappers/composite.h).
//
// What is set is read back. Images come in order and none is missing, or the exposure ends with an
// error, `abort` and a new connection. Nothing is waited for beyond the times below.
#pragma once

#include <memory>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::dectris {

struct DectrisOptions {
  wire::Address address, stream;
  std::string api = "1.8.0";
  bool cbor = false;  // the second version of the stream
  std::string channel = {};
  std::string camera = "dectris";
  double pixel_rad = 0;  // angle across a pixel; 0: not known
  // "ints", "inte", "exts", "exte"; empty: as it stands.
  std::string trigger = "ints";
  std::string compression = {};  // "lz4", "bslz4", "none"; empty: as it stands
  double answer_s = 5;           // of SIMPLON
  double arm_s = 60;
  double frame_s = 10;  // beyond its exposure until an image is there
  // Of the images of one exposure, as numbers of 32 bits.
  size_t most_bytes = size_t{4} << 30;
};

// Asks for its size, depth and the limits of its times. Errors are of hw/instrument/error.h;
// kImpossibleNow: it has not been initialised.
absl::StatusOr<std::unique_ptr<Instrument>> MakeDectris(const DectrisOptions& options);

}  // namespace ronchi::hw::dectris
