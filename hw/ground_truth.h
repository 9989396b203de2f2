// What only a simulated instrument can tell. Nothing that is to be deployed may need it: a task
// that does says so and is refused on a real instrument.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/status.h"

namespace ronchi::hw {

class GroundTruth {
 public:
  virtual ~GroundTruth() = default;
  // Draws the hidden state anew from the prior: a function of (seed, environment, episode) only.
  // The clock returns to zero and the writable properties to their start.
  virtual void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) = 0;
  // Lets time pass on the simulated clock with nothing done, as waiting does on a real one.
  virtual void Pass(double seconds) { (void)seconds; }
  // Every hidden number by name, SI units.
  virtual std::map<std::string, double> Hidden() const = 0;
  // Contrast var(I)/mean(I)² of a noise-free image under the present optics.
  virtual double NoiseFreeContrast() const = 0;
  // The largest noise-free contrast that the writable optics can reach now, everything hidden
  // (uncorrectable aberrations, source size) as it is.
  virtual double BestContrast() const = 0;
  // Everything that the replies to come depend on, as bytes, and back into a simulation of the same
  // options: what goes on from there is the same to the bit.
  virtual absl::StatusOr<std::string> Save() const {
    return absl::UnimplementedError("this simulation cannot be saved");
  }
  virtual absl::Status Restore(const std::string& saved) {
    (void)saved;
    return absl::UnimplementedError("this simulation cannot be restored");
  }
};

}  // namespace ronchi::hw
