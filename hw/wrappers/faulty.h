// Injects faults, seeded: what a link, a stage, a clock, a driver and a corrector's software can do
// wrong. For tests of what stands above, and for training on instruments that fail.
#pragma once

#include <cstdint>
#include <memory>

#include "core/config.h"
#include "hw/instrument/instrument.h"

namespace ronchi::hw {

// Probabilities, each command; together at most 1.
struct FaultOptions {
  double lost_before = 0;   // the link fails before the command arrives: kCommunication, kPerhaps
  double lost_after = 0;    // … after it was carried out: the same error
  double busy = 0;          // kBusy, nothing done
  double throws = 0;        // the driver throws, nothing done
  double not_a_number = 0;  // a reading or the dose is NaN
  double stuck = 0;         // a set is acknowledged, but nothing has moved: kOutOfTolerance
  double blank_fails = 0;   // of blank and safe: acknowledged, but not blanked
  // Of measure: it is done, time and electrons are spent, and no result is found: kTimeout, kDone.
  // Another try may succeed.
  double measure_fails = 0;
  // Of measure: its software stops, and no measurement is done from here on until the state is
  // drawn anew: kHardware, kNone.
  double measure_stops = 0;
  // What is only accepted ("posted") and fails later. A measurement is done and brings no result
  // within its time (kTimeout, kDone); a set answers with the value asked for though nothing has
  // moved. The next command other than blank, safe and abort is not carried out and says so, once:
  // kTimeout, kNone, of a measurement (what was asked may be asked again); kOutOfTolerance,
  // kPerhaps, of a set (the instrument stands elsewhere than it said, so that a guard blanks).
  double measure_fails_later = 0, set_fails_later = 0;
  int spared = 0;  // the first commands go well: whoever connects reads
  uint64_t seed = 0;

  bool any() const;
};

// The probabilities and `spared`, by these names; the seed is the instrument's.
absl::StatusOr<FaultOptions> ReadFaultOptions(const Config& node,
                                              const FaultOptions& defaults = {});

// Which command fails is a function of the seed and the command's number. Of a simulation the
// ground truth is the inner one's: Randomise draws the faults anew as well, and Save and Restore
// hold them.
std::unique_ptr<Instrument> MakeFaulty(std::unique_ptr<Instrument> inner,
                                       const FaultOptions& options);

// The same where there are any, else the instrument itself.
std::unique_ptr<Instrument> WithFaults(std::unique_ptr<Instrument> inner, FaultOptions options,
                                       uint64_t seed);

}  // namespace ronchi::hw
