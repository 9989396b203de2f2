// 1/f noise: the sum of Ornstein–Uhlenbeck processes of equal variance whose correlation times lie
// an octave apart (van der Ziel, Physica 16, 359 (1950); how flicker noise comes about). Its
// spectrum is
//   S(f) = (σ²/n) Σ 4 τ/(1 + (2π f τ)²),
// which is proportional to 1/f within 3 % from 3/(2π longest) to 1/(2π · 3 shortest) and flat
// below. Steps are exact for any length of time.
#pragma once

#include <array>
#include <cmath>

#include "core/random.h"
#include "hw/instrument/state_archive.h"

namespace ronchi::hw {

class PinkNoise {
 public:
  static constexpr size_t kProcesses = 15;
  // From a fast line to minutes, where walks and drifts take over.
  static constexpr double kShortest_s = 1e-3;
  static double Time_s(size_t process) { return kShortest_s * double(1u << process); }
  static double Longest_s() { return Time_s(kProcesses - 1); }  // 16 s

  // As it is at any time: each process normal, of its own variance.
  void Start(RandomStream* random) {
    for (double& part : parts_) part = random->Normal();
  }
  void Advance(double seconds, RandomStream* random) {
    if (!(seconds > 0)) return;
    for (size_t i = 0; i < kProcesses; ++i) {
      const double kept = std::exp(-seconds / Time_s(i));
      parts_[i] = kept * parts_[i] + std::sqrt(1 - kept * kept) * random->Normal();
    }
  }
  // Of variance 1.
  double value() const {
    double sum = 0;
    for (double part : parts_) sum += part;
    return sum / std::sqrt(double(kProcesses));
  }

  void Archive(StateArchive* a) { a->All(&parts_); }

 private:
  std::array<double, kProcesses> parts_{};
};

}  // namespace ronchi::hw
