// How often the beam makes a silicon atom in graphene change places with each of its three carbon
// neighbours, as a function of where the beam stands. Four laws:
//
//   simple    1/(1 + (4 d/b)²) s⁻¹, d from the beam to the neighbour, b the bond length
//   prior     ln 2/3 s⁻¹ · exp(−|r/b − 0.85 u|²/(2 · 0.1)), r from the atom to the beam, u towards
//             the neighbour: half a chance in three seconds at the best place
//   mixture   a sum of Gaussians along each bond, drawn at random: Poisson(2) + 1 of them, weights
//             U(0, 10), centres U(−2, 3) bond lengths from the atom, variances along and across
//             U(0.1, 5) Å², scaled to a peak of U(0.01, 1) s⁻¹
//   knock_on  cross section for displacing that carbon (theory/laws/knock_on.h) times the beam's
//   current
//             density there; the beam's profile is a Gaussian
//
// simple, prior and mixture: Schwarzer et al., arXiv:2311.17894 (2023). knock_on: a step is caused
// by an electron's impact on a carbon beside the silicon (Susi et al., PRL 113, 115501 (2014)).
#pragma once

#include <array>
#include <vector>

#include "core/random.h"
#include "hw/twin/sheet/graphene.h"

namespace ronchi::hw {

enum class RateLaw { kSimple, kPrior, kMixture, kKnockOn };

class HopRates {
 public:
  using Three = std::array<double, 3>;  // by bond, 1/s

  static HopRates Simple() { return HopRates(RateLaw::kSimple); }
  static HopRates Prior() { return HopRates(RateLaw::kPrior); }
  static HopRates Mixture(RandomStream* random);
  // Hops a second under one beam in 1/Å² (of all its electrons): cross section times electrons a
  // second, Å²/s.
  static HopRates KnockOn(const Three& hops_A2_per_s);

  RateLaw law() const { return law_; }
  // `beam_A` from the silicon, `bonds_A` from the silicon to its neighbours. `sigma_A` of the beam
  // matters to knock_on alone: the other laws are of one beam.
  Three Compute(const Vector2& beam_A, const std::array<Vector2, 3>& bonds_A, double sigma_A) const;
  // The rates while the beam is swept evenly over a square of that side with the silicon well
  // inside: their mean over the square.
  Three ComputeMean(double fov_A) const;
  // Everything is so much faster.
  void Scale(double factor) { scale_ *= factor; }

 private:
  explicit HopRates(RateLaw law) : law_(law) {}
  struct Gaussian {
    double height_per_s = 0, centre = 0;  // centre in bond lengths
    double along_A2 = 1, across_A2 = 1;   // variances
  };
  RateLaw law_;
  double scale_ = 1;
  std::vector<Gaussian> mixture_;
  Three hops_A2_per_s_{};
};

}  // namespace ronchi::hw
