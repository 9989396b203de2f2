// A scintillator's slow light: a share of each electron's light comes late, exponentially, and
// lands in the pixels that follow, so that what is bright has streaks along the scan where the
// decay is longer than a dwell (Mullarkey, Geever, Peters, Griffiths, Nellist & Jones, "How fast is
// your detector?", Microsc. Microanal. 29 (2023), who find decays that differ widely between
// detectors). Electrons come evenly during a pixel's dwell T, so that of the late light
//   1 − (τ/T)(1 − e^{−T/τ})                 is seen in the pixel itself,
//   (τ/T)(1 − e^{−T/τ})² e^{−(m−1)T/τ}      in the m-th one after it:
// together all of it. What comes while the beam flies back is lost.
#pragma once

#include <cmath>

namespace ronchi::hw {

class Afterglow {
 public:
  Afterglow(double share, double decay_s, double dwell_s)
      : share_(share),
        decay_s_(decay_s),
        left_(std::exp(-dwell_s / decay_s)),
        carried_(decay_s / dwell_s * -std::expm1(-dwell_s / decay_s)) {}

  // What is seen while a pixel's electrons bring so much light.
  double Pixel(double light) {
    if (share_ == 0) return light;
    const double late = share_ * light;
    const double seen = light - late + stored_ * (1 - left_) + late * (1 - carried_);
    stored_ = stored_ * left_ + late * carried_;
    return seen;
  }
  void Wait(double seconds) {
    if (stored_ > 0) stored_ *= std::exp(-seconds / decay_s_);
  }
  double stored() const { return stored_; }

 private:
  double share_, decay_s_, left_, carried_;
  double stored_ = 0;
};

}  // namespace ronchi::hw
