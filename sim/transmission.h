// Transmission functions exp(iσV) on the grid of the waves, cut at its band limit: what is above it
// is gone before the grid samples it. With exact placement of atoms,
//   T(k) = FFT of exp(iσS) on the smooth grid + Σ_q weight_q (e^{iσV_q} − e^{iσS_q}) e^{−2πi k·r_q}
// over the points of the cores (sim/potential/core_nodes.h), by a non-uniform FFT; with bilinear
// placement the FFT of exp(iσV) on the grid itself, whose products beyond the grid's frequencies
// fold back.
#pragma once

#include <span>
#include <vector>

#include "sim/fft.h"
#include "sim/potential.h"
#include "sim/potential/core_nodes.h"
#include "sim/potential/spread.h"

namespace ronchi::sim {

class Transmission {
 public:
  // `interaction`: σ in rad/(V Å).
  Transmission(const PotentialSlices& slices, double interaction, Fft::Effort effort);

  // exp(iσV), or its derivative by a factor on V, iσV exp(iσV).
  enum class Of { kPotential, kScale };
  // [nx, ny], of one distinct slice. May be called by several threads at once.
  ComplexBuffer Make(size_t distinct, Of of = Of::kPotential) const;

  // The adjoint: dL = 2 Re Σ by_value* dT over the grid becomes
  struct Gradient {
    RealBuffer smooth;  // dL by the values of slices.distinct[distinct], per V Å
    struct Term {       // what `smooth` leaves out, by the place and the weight of a term
      double x_per_A = 0, y_per_A = 0, weight = 0;
    };
    std::vector<Term> terms;  // of slices.cores[distinct], with exact placement
  };
  Gradient Backward(size_t distinct, const ComplexBuffer& by_value) const;

 private:
  Complex Value(Of of, double potential_VA) const;
  // Adds what the points of one core do; `by_spread`: dL by the plane that they are spread on.
  void BackwardCore(const CoreNodes& cores, size_t core, std::span<const CoreNodes::Node> nodes,
                    const ComplexBuffer& by_spread, Gradient* out) const;

  PotentialSlices slices_;
  double interaction_;
  Grid grid_, smooth_grid_;
  bool exact_;
  SpreadKernel kernel_;
  std::vector<double> sharpen_x_, sharpen_y_;
  RealBuffer aperture_;  // [nx, ny], of the band limit
  Fft forward_, inverse_, smooth_forward_, smooth_inverse_;
};

}  // namespace ronchi::sim
