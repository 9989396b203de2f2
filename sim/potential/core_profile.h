// What a grid cannot hold of an atom's projected potential, and what it can. Near its centre the
// potential V goes as ln r, and exp(iσV) has no highest frequency: sampled on any grid, its values
// depend on where the atom stands among the points. So V is split at a radius of some pixels,
//   V(r) = S(r) + C(r),   S(r) = V(r̃),   r̃² = r² + a r_c² (1 − r²/r_c²)⁵ inside r_c, r² outside,
// into a smooth part S, which a grid holds (its transform ends there), and a core C, which vanishes
// outside r_c and is integrated in place (sim/transmission.h).
#pragma once

#include <functional>
#include <vector>

namespace ronchi::sim {

class CoreProfile {
 public:
  struct Options {
    double radius_A = 0.2;       // r_c
    double reach_A = 1;          // Smooth() and Whole() are wanted as far as this, at least r_c
    double frequency_per_A = 8;  // Transform() as far as this
  };
  // `potential`: V at r_A > 0, V Å. `transform`: its transform at k² (1/Å²), V Å · Å².
  CoreProfile(const Options& options, const std::function<double(double)>& potential,
              const std::function<double(double)>& transform);

  // V and S in V Å, by the squared distance in Å²; between 0 and reach², to about 1e-7
  // of their values.
  double Whole(double r2) const;
  double Smooth(double r2) const;
  // V's and S's derivatives by r², V Å/Å².
  double WholeSlope(double r2) const;
  double SmoothSlope(double r2) const;
  // S's transform at |k| in 1/Å, V Å³.
  double Transform(double k_per_A) const;

  // r̃² of r².
  static double Softened(double r2, double radius_A);

 private:
  // Equidistant values with cubic interpolation between them.
  struct Table {
    double first = 0, step = 1;
    std::vector<double> values;
    double At(double x) const;
    double Slope(double x) const;
  };
  Table whole_;      // V by ln r
  Table smooth_;     // S by r²
  Table transform_;  // by k
};

}  // namespace ronchi::sim
