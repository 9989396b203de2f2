// Quantum Detectors' Merlin as an instrument: a camera that exposes, over its control and its data
// port (docs/drivers/merlin.md). It has neither beam nor clock of a column: it is a part of a
// composite (hw/wrappers/composite.h).
//
// What is set is read back. Frames come in order and none is missing, or the exposure ends with an
// error, STOPACQUISITION and a new data link. Nothing is waited for beyond the times below.
#pragma once

#include <memory>
#include <string>

#include "hw/drivers/merlin/frame_reader.h"
#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"

namespace ronchi::hw {

enum class MerlinTrigger { kAsItIs, kInternal, kSoft };

struct MerlinOptions {
  wire::Address control, data;
  std::string camera = "merlin";
  double pixel_rad = 0;   // angle across a pixel; 0: not known
  int counter_depth = 0;  // 1, 6, 12, 24; 0: as it stands when it is opened
  MerlinTrigger trigger = MerlinTrigger::kAsItIs;
  // Of an exposure; the server does not tell its limits.
  double min_time_s = 0, max_time_s = kInf;
  double connect_s = 5;
  double answer_s = 5;  // of the control port
  double frame_s = 10;  // beyond its exposure until a frame is there
  // Of the frames of one exposure, as numbers of 32 bits.
  size_t most_bytes = size_t{4} << 30;
  FrameReaderOptions reader;
};

// Asks for the size of its frames and the depth of its counter. Errors are of
// hw/instrument/error.h.
absl::StatusOr<std::unique_ptr<Instrument>> MakeMerlin(const MerlinOptions& options);

}  // namespace ronchi::hw
