// Watches one stream of numbers, one a frame, for a lasting change of its mean. The statistic R_t
// of every detector here is an e-detector (Shin, Ramdas & Rinaldo, 2023): in control its mean is
// at most the number of frames watched, at every stopping time. So whoever stops at R_t >= A waits
// at least A frames on average for a false alarm: the promised average run length.
#pragma once

#include <cstdint>

namespace ronchi::theory {

// Not thread-safe. Owned by its user; copies are not needed.
class ChangeDetector {
 public:
  virtual ~ChangeDetector() = default;

  // Takes the next frame's value. One that is not finite counts as missing and changes nothing:
  // the promise then holds if whether a value is missing does not depend on the value.
  virtual void Update(double z) = 0;

  // log R_t; -infinity before the first frame that could show a change.
  virtual double LogStatistic() const = 0;

  // Values that could have shown a change, since the detector was armed.
  virtual int64_t Frames() const = 0;

  // How many of the last values the likeliest change explains; 0 before any.
  virtual int64_t FramesSinceChange() const = 0;

  // Forgets what was seen since it was made and starts again, from the same reference.
  virtual void Rearm() = 0;
};

}  // namespace ronchi::theory
