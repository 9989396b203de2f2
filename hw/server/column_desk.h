// What the services of a column have in common, whatever their words: its knobs, one and two at a
// time, and its images. Of temscript_desk.cc and tango_desk.cc.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hw/server/hub.h"

namespace ronchi::hw {

// Threads: any. Errors: those of the instrument; kCannot for what it does not have; kBadCommand for
// a value of the wrong kind.
class ColumnDesk {
 public:
  explicit ColumnDesk(Hub* hub) : hub_(hub) {}
  Hub* hub() const { return hub_; }
  const Description& description() const { return hub_->description(); }

  bool Has(const std::string& property) const;
  const DetectorInfo* FindDetector(const std::string& name, DetectorKind kind) const;
  absl::StatusOr<bool> Blanked();
  absl::StatusOr<double> Property(const std::string& property);  // SI
  absl::StatusOr<std::array<double, 2>> Pair(const std::string& x, const std::string& y);
  absl::Status SetProperty(const std::string& property, double si);
  // Only what changes is driven: a knob that stands has no effect to wait for.
  absl::Status SetPair(const std::string& x, const std::string& y, const std::array<double, 2>& to);
  // All are checked before the first is driven.
  absl::Status SetAll(const std::vector<std::pair<std::string, double>>& moves);
  // Frames of a scan or an exposure; what was ended early is an error.
  absl::StatusOr<std::vector<Frame>> Take(const Command& command);

 private:
  Hub* const hub_;
};

}  // namespace ronchi::hw
