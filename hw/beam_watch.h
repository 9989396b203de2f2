// The beam, as the guard knows it: how strong it is at worst, and whether it is still there. A beam
// that is gone (emission, a valve, vacuum, high tension) may come back in the middle of anything.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>

#include "hw/cost.h"
#include "hw/guard_options.h"
#include "hw/instrument.h"

namespace ronchi::hw {

class BeamWatch {
 public:
  explicit BeamWatch(const GuardOptions& options)
      : least_(options.beam_lost_fraction), needs_(options.beam_needs) {}

  using Reader = std::function<absl::StatusOr<Reply>(const Read&)>;
  // Before an exposure: are the properties that the beam needs within their bounds? Not OK
  // (kHardware): no, or they cannot be read.
  absl::Status Ready(const Reader& read) const;
  // After any command. Not OK (kHardware): beam.current reads, or the electrons that reached the
  // specimen are, less than the least fraction of what the beam should give. A current that is read
  // while the beam is blanked says nothing, as screens stand behind the blanker.
  absl::Status Judge(const Command& command, const Cost& forecast, const Reply& reply);
  // The highest beam.current ever read, plus three standard errors.
  double worst_A() const { return worst_A_; }

 private:
  const double least_;
  const std::map<std::string, std::array<double, 2>> needs_;
  double worst_A_ = 0;
};

}  // namespace ronchi::hw
