// Exact run lengths of Page's CUSUM on standard normal frames: what a monitor's delays are held
// against, as no test of the same run length has a shorter worst delay for a shift of known size
// (Moustakides, Ann. Statist. 14, 1379 (1986)), which for the CUSUM is that from its start.
//
// Two-sided: S⁺ = max(0, S⁺ + z − k), S⁻ = max(0, S⁻ − z − k), alarm when either reaches h.
#pragma once

namespace ronchi::theory {

struct Cusum {
  double k = 0.5, h = 5;  // both above 0; in standard deviations
};

// Frames from S⁺ = S⁻ = 0 to the alarm on average, frames N(shift, 1): by the integral equation of
// each side (Page, Biometrika 41, 100 (1954)), on Gauss–Legendre nodes, and 1/L = 1/L⁺ + 1/L⁻ (Van
// Dobben de Bruyn, Cumulative Sum Tests, 1968).
double CusumRunLength(const Cusum& cusum, double shift);

// The one that is best at this shift, k = |shift|/2, with that mean run length without it. `shift`
// is not 0; `run_length` is above 2.
Cusum BestCusum(double shift, double run_length);

}  // namespace ronchi::theory
