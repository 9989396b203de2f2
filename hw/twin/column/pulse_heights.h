// Single electrons differ in the light they make: the pulse heights of a detector behind an annular
// scintillator are spread over much of their mean (Ishikawa, Lupini, Findlay & Pennycook, Microsc.
// Microanal. 20, 99 (2014); Sang & LeBeau, Ultramicroscopy 161, 3 (2016)). A pulse here is a gamma
// variate of mean 1 and standard deviation σ, so that n of them are one gamma variate of shape n/σ²
// and scale σ². With n from a Poisson distribution of mean λ the sum has mean λ and variance λ (1 +
// σ²): the excess-noise factor is 1 + σ².
#pragma once

#include <cstdint>

#include "core/random.h"

namespace ronchi::hw {

// A gamma variate of a shape above 0 and scale 1 (Marsaglia & Tsang, ACM Trans. Math. Softw. 26,
// 363 (2000)).
double Gamma(double shape, RandomStream* random);

// Of n ≥ 0 electrons, in units of a mean pulse. sigma 0: n, and nothing is drawn.
inline double PulseSum(int64_t n, double sigma, RandomStream* random) {
  if (sigma == 0 || n == 0) return double(n);
  const double variance = sigma * sigma;
  return variance * Gamma(double(n) / variance, random);
}

}  // namespace ronchi::hw
