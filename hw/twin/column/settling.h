// What is still missing of a change: a share of it that decays exponentially, as lenses, correctors
// and stages creep to where they were sent. Changes add up (a linear first-order lag):
//   missing(t) = Σ_i share · change_i · e^{−(t − t_i)/τ}.
#pragma once

#include <cmath>

#include "hw/instrument/state_archive.h"

namespace ronchi::hw {

class Settling {
 public:
  void Change(double by, double share) { missing_ += share * by; }
  void Advance(double seconds, double time_constant_s) {
    missing_ *= std::exp(-seconds / time_constant_s);
  }
  // `ahead_s` from now.
  double Missing(double ahead_s, double time_constant_s) const {
    return missing_ == 0 ? 0 : missing_ * std::exp(-ahead_s / time_constant_s);
  }

  void Archive(StateArchive* a) { a->All(&missing_); }

 private:
  double missing_ = 0;
};

}  // namespace ronchi::hw
