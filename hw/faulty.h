// Injects faults, seeded: what a link, a stage, a clock and a driver can do wrong. For tests of
// what stands above, and for training on instruments that fail.
#pragma once

#include <cstdint>
#include <memory>

#include "hw/instrument.h"

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
  int spared = 0;           // the first commands go well: whoever connects reads
  uint64_t seed = 0;
};

std::unique_ptr<Instrument> MakeFaulty(std::unique_ptr<Instrument> inner,
                                       const FaultOptions& options);

}  // namespace ronchi::hw
