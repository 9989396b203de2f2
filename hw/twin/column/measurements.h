// What `measure` answers on the twin. An estimate is the truth plus noise of the covariance that it
// states, as a corrector's own software would report, and what MeasureFlaws add; no images are made
// for it.
//
// C10 and C12 of one image: the Cramér–Rao bound of a known object is 0.047 nm at 300 kV, 30 mrad
// and 47 electrons a pixel of 256² pixels, and falls with the root of the dose (published figures
// and our own, docs/twin.md). Another column has the same error of phase at the rim:
//   σ² = (over_bound · 0.047 nm · (λ/α²)/(λ₀/α₀²) · √(47 · 256²/N))² + floor².
// A tableau (Zemlin) measures C10 and C12 at 19 tilts τ of the beam, where they are second
// derivatives of W = χλ/2π: ½(W_xx + W_yy), ½(W_xx − W_yy), W_xy. All coefficients to third order
// are their least-squares fit, of covariance σ² (JᵀJ)⁻¹: C10 goes with C30, C12 with C32.
#pragma once

#include <array>
#include <vector>

#include "core/random.h"
#include "hw/instrument/description.h"
#include "hw/instrument/reply.h"
#include "hw/twin/column/twin_options.h"
#include "sim/physics/aberrations.h"

namespace ronchi::hw {

std::vector<MeasurementInfo> DescribeMeasurements(const MeasureOptions& options);

// Images that "defocus" and "aberrations" take.
size_t ImagesOf(const std::string& what);

// A component of an aberration that a measurement gives, in the order of the estimate.
struct MeasuredTerm {
  int term = 0;       // into sim::kAberrationTerms
  bool sine = false;  // b of (a, b)
};
// C10, C12.a, C12.b, and for a tableau on to C34.b.
std::vector<MeasuredTerm> MeasuredTerms(bool tableau);

// (0, 0), six at half the angle, twelve at the whole.
std::vector<std::array<double, 2>> TableauTilts(double angle_rad);
// How C10, C12.a and C12.b at the tilt (x, y) change with one unit of a term.
std::array<double, 3> LocalDefocus(const MeasuredTerm& term, double x_rad, double y_rad);

// Row-major, m².
std::vector<double> AberrationCovariance(const TwinOptions& options, bool tableau,
                                         double electrons_an_image);

// Draws it. `what`: "defocus" or "aberrations".
Estimate EstimateAberrations(const TwinOptions& options, const std::string& what,
                             const sim::Aberrations& truth, double electrons_an_image,
                             RandomStream* random);
// The difference of two positions (Å) over the time between them; each has noise of its own.
Estimate EstimateDrift(const MeasureOptions& options, const std::array<double, 2>& first_A,
                       const std::array<double, 2>& second_A, RandomStream* random);
Estimate EstimateCurrent(const MeasureOptions& options, double current_A, RandomStream* random);

// What no estimate says of itself: systematic errors, which stay what they are for an episode, and
// a covariance that is stated too small or too large.
struct MeasureFlaws {
  double bias_m = 0;  // of C10, C12.a, C12.b: each uniform within ±; of order n as much phase at
                      // the rim, (n + 1)/2 α^{1−n} times as large
  double drift_bias_m_per_s = 0;  // of each component
  double current_bias = 0;        // relative
  double covariance_ratio = 1;    // stated over true
};
// `draws`: the same stream for every estimate of an episode.
void SpoilEstimate(const MeasureFlaws& flaws, double semiangle_rad, RandomStream draws,
                   Estimate* estimate);

}  // namespace ronchi::hw
