// Compiled for processors with narrower registers than a pack has, every warning an error; never
// run.
#include "sim/contracted/pair_stretch.h"
#include "sim/gradient/lanes.h"

namespace ronchi::sim {

double SumOf(const Real* numbers) { return Sum(ExpMinus(Load(numbers))); }

double SumOfPairs(const PairStretch& pairs, size_t n) {
  double re = 0, im = 0;
  pairs.Sum(
      n, [](size_t) { return Pack{} + 1; }, &re, &im);
  return re + im;
}

Real First(const std::complex<Real>* numbers) { return SwapReIm(AsLanes(numbers)[0])[0]; }

}  // namespace ronchi::sim
