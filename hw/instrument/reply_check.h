// Does what a driver answers fit what it was asked? For drivers that are not Ronchi's own
// (hw/drivers/remote.h, hw/drivers/library.h): whatever stands above relies on it.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

// The shapes of the frames that a command brings, in the reply's order; none of one that brings
// none. Along an axis 0 stands for "as many as the detector has, or fewer" (binning).
std::vector<std::vector<size_t>> FrameShapes(const Description& description,
                                             const Command& command);

// Of one instrument; `description` outlives it.
class ReplyCheck {
 public:
  explicit ReplyCheck(const Description& description) : description_(description) {}
  // InvalidArgument: other frames or readings than were asked for, a read-back beyond the
  // tolerance, pixels of a complete scan that are no number, electrons, dose or time that cannot
  // be, a clock that ran back.
  absl::Status Check(const Command& command, const Reply& reply);
  void Restart() { time_s_ = -std::numeric_limits<double>::max(); }  // the clock may begin anew

 private:
  const Description& description_;
  double time_s_ = -std::numeric_limits<double>::max();  // of the last reply
};

// The error of an answer that does not fit: hardware, and perhaps carried out.
absl::Status Misfit(const std::string& who, const Command& command, const absl::Status& why);

// The driver with each of its answers checked; what its description forbids does not reach it.
std::unique_ptr<Instrument> MakeChecked(std::unique_ptr<Instrument> driver);

}  // namespace ronchi::hw
