// The twin's optics: what is commanded, and what the beam goes through:
//   true = hidden + walk + (1 + cross-talk) · gain · commanded − what has not settled yet.
// A change of one knob that makes a phase φ at the aperture's rim makes one of at most
// cross_talk · φ of any other term: each pair of knobs has a number of its own between ±1.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/column/settling.h"
#include "hw/twin/column/twin_options.h"
#include "sim/physics/aberrations.h"

namespace ronchi::hw {

// Higher terms the twin's columns do not have: C34, into sim::kAberrationTerms.
inline constexpr int kLastCorrectedTerm = 6;

// A component of an aberration that can be commanded.
struct Knob {
  int term = 0;       // into sim::kAberrationTerms
  bool sine = false;  // b of (a, b)
  std::string name;   // "optics.C12.a"
  double limit_m = 0, resolution_m = 0;
};
// C10, C12.a, C12.b, then those of TwinOptions::corrector_limits_m, a before b.
std::vector<Knob> MakeKnobs(const TwinOptions& options);

class TwinOptics {
 public:
  TwinOptics(const TwinOptions& options, const HiddenNumbers* hidden);
  void Reset();  // to the start of the episode that `hidden` now is

  const std::vector<Knob>& knobs() const { return knobs_; }
  const Knob* Find(const std::string& property) const;
  double Commanded_m(const Knob& knob) const { return commanded_m_[Index(knob)]; }
  // Rounded to the knob's resolution; returns where it now stands.
  double Command(const Knob& knob, double target_m);
  // C10, C12a, C12b take these steps (Å) of their walks, and time goes by.
  void Advance(double seconds, const std::array<double, 3>& steps_A, RandomStream* further);
  // Å per Å, of the true change of knob `onto` by knob `from`.
  double CrossTalk(size_t from, size_t onto) const;
  // Now; a specimen that stands lower by that much sees C10 larger by it.
  sim::Aberrations True(double specimen_z_A) const;

  void Archive(StateArchive* a) {
    a->All(&commanded_m_, &settling_, &gain_draw_, &talk_, &walk_A_);
  }

 private:
  size_t Index(const Knob& knob) const { return size_t(&knob - knobs_.data()); }
  double Gain(size_t knob) const;
  double Own_A(int term, bool sine) const;

  const HiddenNumbers* hidden_;
  std::vector<Knob> knobs_;
  std::vector<double> rim_rad_per_A_;  // phase at the rim by knob
  std::vector<double> commanded_m_;
  std::vector<Settling> settling_;        // of what the knob truly does, Å
  std::vector<double> gain_draw_, talk_;  // between ±1; talk_ [from, onto]
  std::array<double, 2 * sim::kAberrationTerms.size()> walk_A_{};
};

}  // namespace ronchi::hw
