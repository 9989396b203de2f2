// The beam, as the guard knows it: how strong it is at worst, and whether it is still there. A beam
// that is gone (emission, a valve, vacuum, high tension) may come back in the middle of anything.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>

#include "hw/instrument/cost.h"
#include "hw/instrument/instrument.h"
#include "hw/safety/guard_options.h"

namespace ronchi::hw {

class BeamCheck {
 public:
  explicit BeamCheck(const GuardOptions& options)
      : least_(options.beam_lost_fraction), needs_(options.beam_needs) {}

  using Reader = std::function<absl::StatusOr<Reply>(const Read&)>;
  // Before an exposure: are the properties that the beam needs within their bounds? Not OK
  // (kHardware): no, or they cannot be read.
  absl::Status Ready(const Reader& read) const;
  // After any command. Not OK (kHardware): beam.current reads, or the electrons that reached the
  // specimen are, less than the least fraction of what the beam should give. A current that is read
  // while the beam is blanked says nothing, as screens stand behind the blanker.
  absl::Status Judge(const Command& command, const Cost& forecast, const Reply& reply);
  // The highest beam.current read in this session, plus three standard errors.
  double worst_A() const { return worst_A_; }
  // The same of what was read with the beam blanked, or not. 0: never read so.
  double highest_A(bool blanked) const { return highest_A_[blanked ? 1 : 0]; }

  // What the current was before this session: readings are judged by that, too.
  void SetNormal(double current_A) { normal_A_ = current_A; }
  // Whether so low a reading, three standard errors added, means that the beam is lost.
  bool TooLow(double current_A, double normal_A) const { return current_A < least_ * normal_A; }

 private:
  const double least_;
  const std::map<std::string, std::array<double, 2>> needs_;
  double worst_A_ = 0, normal_A_ = 0;
  std::array<double, 2> highest_A_ = {0, 0};  // not blanked, blanked
};

}  // namespace ronchi::hw
