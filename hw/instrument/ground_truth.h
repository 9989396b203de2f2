// What only a simulated instrument can tell. Nothing that is to be deployed may need it: a task
// that does says so and is refused on a real instrument.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
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
  // A figure of merit by the name that a task gives it (env::Spec::figure): "contrast", var/mean²
  // of a noise-free image under the present optics, and "best_contrast", the largest that the
  // writable optics can reach now, everything hidden (uncorrectable aberrations, source size) as it
  // is. NotFound: this simulation has no such figure.
  virtual absl::StatusOr<double> Figure(const std::string& name) const {
    return absl::NotFoundError("this simulation has no figure of merit '" + name + "'");
  }
  // What a detector would read on average if the probe stood for so long at each of these places of
  // the scan frame (metres) now, [places, channels], without noise of any kind: dark level, true
  // gain and current are in it. Unimplemented: this simulation cannot say. NotFound: no such
  // detector. InvalidArgument: a buffer of another size.
  virtual absl::Status NoiseFree(const std::string& detector,
                                 std::span<const std::array<double, 2>> at_m, double dwell_s,
                                 std::span<double> counts) const {
    (void)detector, (void)at_m, (void)dwell_s, (void)counts;
    return absl::UnimplementedError("this simulation has no noise-free readings");
  }
  // The whole state in the middle of an episode, as bytes; with Restore, into this simulation or
  // another made from the same options, every later reply is the same to the bit. Only between
  // commands. Unimplemented: this simulation cannot. InvalidArgument: damaged bytes, or the state
  // of a simulation of other options; then nothing has changed.
  virtual absl::StatusOr<std::string> Save() const {
    return absl::UnimplementedError("this simulation does not save its state");
  }
  virtual absl::Status Restore(const std::string& state) {
    (void)state;
    return absl::UnimplementedError("this simulation does not save its state");
  }
};

}  // namespace ronchi::hw
