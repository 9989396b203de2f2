// The microscope's own properties: read, driven and read back. Of hw/drivers/tango/tango.cc.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hw/drivers/tango/describe.h"
#include "hw/drivers/tango/part.h"

namespace ronchi::hw {

class TangoKnobs {
 public:
  TangoKnobs(const TangoOptions& options, TangoPart* microscope)
      : options_(options), microscope_(microscope) {}
  // Before anything else.
  void Describe(const Description& description, const std::array<double, 5>& stage_si) {
    description_ = description;
    stage_si_ = stage_si;
  }

  absl::StatusOr<double> Current();  // of the beam, A
  absl::StatusOr<std::vector<Reading>> ReadAll(const std::vector<std::string>& names);
  // Where it then stands. kOutOfTolerance, kTimeout: it does not get there.
  absl::StatusOr<Reading> Drive(const Set& set, double timeout_s);

 private:
  absl::Status SetStage(size_t axis, double to, double tolerance, double timeout_s);
  absl::Status SetHalf(const TangoPair& pair, size_t half, double to);

  const TangoOptions& options_;
  TangoPart* const microscope_;
  Description description_;
  std::array<double, 5> stage_si_{};
};

}  // namespace ronchi::hw
