// Images from Fourier coefficients on difference vectors, and the adjoint of that:
//   I(R) = Re Σ_i G_i e^{−2πi q_i·R},   W_i = Σ_R w(R) e^{−2πi q_i·R},
// at the probes of scan lines. Where lines run along an axis the sum goes over one component of q
// after the other; else pixel by pixel.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sim/scan.h"

namespace ronchi::sim {

// q = (dh/lx, dk/ly), sorted by dk, then dh.
struct DifferenceVector {
  int dh, dk;
};

class LineSums {
 public:
  LineSums(std::span<const DifferenceVector> differences, double lx_A, double ly_A);

  // Numbers of one thread that no call need allocate anew.
  struct Scratch {
    std::vector<double> x, y, step, step_y, sums, lane;
  };
  // G of one image, and where it goes; or W, and the weights it comes from.
  struct Image {
    double *re, *im;  // [differences]
    double* pixels;   // [lines, pixels]
  };
  // Writes images[·].pixels.
  void Compute(const ScanLines& lines, const ScanTransform& transform,
               std::span<const Image> images, Scratch* scratch) const;
  // Writes images[·].re and im from pixels.
  void ComputeAdjoint(const ScanLines& lines, const ScanTransform& transform,
                      std::span<const Image> images, Scratch* scratch) const;

 private:
  struct Chunk;
  template <class Work>
  void ForEachChunk(const ScanLines& lines, const ScanTransform& transform, Scratch* s,
                    const Work& work) const;

  double lx_A_, ly_A_;
  int reach_h_ = 0, reach_k_ = 0;
  std::vector<int> h_, k_;            // by difference, counted from −reach
  std::vector<int> used_h_, used_k_;  // which of these there are, sorted
};

}  // namespace ronchi::sim
