// libtango takes signals for itself, Ctrl-C among them: they stay the program's.
#pragma once

#include <array>
#include <csignal>

namespace ronchi::hw::tango {

// What the program does with its signals; as it was when this was made.
class Signals {
 public:
  Signals() {
    for (int s = 1; s < kSignals; ++s) known_[s] = sigaction(s, nullptr, &actions_[s]) == 0;
  }
  void Restore() const {
    for (int s = 1; s < kSignals; ++s) {
      if (known_[s]) (void)sigaction(s, &actions_[s], nullptr);
    }
  }

 private:
  static constexpr int kSignals = 32;  // beyond are those of real time, of the C library's own
  std::array<struct sigaction, kSignals> actions_{};
  std::array<bool, kSignals> known_{};
};

}  // namespace ronchi::hw::tango
