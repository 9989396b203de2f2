// One frame of a scan while a twin takes it.
#pragma once

#include <vector>

#include "core/array.h"
#include "hw/instrument/command.h"

namespace ronchi::hw {

struct FrameRequest {
  const Scan* scan = nullptr;
  double line_s = 0;         // from line to line
  double dose_e_per_m2 = 0;  // that the whole frame will bring; the base books what it did
};

class TwinFrame {
 public:
  virtual ~TwinFrame() = default;
  // Called for each line in order, unless the scan ends before it, right before the line is handed
  // out. Frames that are computed as a whole, at their beginning, have nothing to do here.
  virtual void TakeLine(size_t line) { (void)line; }

  // By detector, in the order asked: [lines, samples] and a camera's or spectrometer's axes.
  std::vector<Array<float>> counts;
};

}  // namespace ronchi::hw
