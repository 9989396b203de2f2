// The adjoint of multislice: of a loss L over diffraction intensities, the derivatives by all that
// determines them, for the price of about one more run (docs/adjoint.md has the derivation).
//
// Forward() is Multislice::Run to the exit face, keeping the waves; Backward() sends dL/dI back
// through the same two passes a slice with conjugate planes, and meets the kept waves on the way:
//   potential scale, potential:  in the row pass, where both waves stand in real space;
//   propagation, tilt:           in the column pass, where both stand in reciprocal space.
// Gradient() does both for many probes on all threads; the same bytes for any number of them.
//
// Kept, a workspace (one a thread): 8 bytes · slices · grid points for the waves in real space and
// a third as much in reciprocal space, where only the band is kept. No checkpoints.
#pragma once

#include <array>
#include <complex>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "sim/multislice.h"
#include "sim/potential.h"
#include "sim/probe.h"
#include "sim/transmission.h"

namespace ronchi::sim {

// The derivatives of L, per unit of what each is by.
struct MultisliceGradient {
  double loss = 0;
  std::vector<std::array<double, 2>> position_per_A;  // by probe
  // ∂L/∂ψ* of every beam of the probe before its shift to the position: dL = 2 Re Σ conj(·) dψ.
  // ToOpticsGradient makes aberrations and beam tilt of it.
  std::vector<std::complex<double>> amplitude;
  // By factors (at 1) on all distances between slices, and on all projected potentials.
  double propagation = 0, potential_scale = 0;
  // By the stack's thickness, stretched uniformly: distances and projected potentials grow alike.
  double thickness_per_A = 0;
  std::array<double, 2> tilt_per_rad = {0, 0};  // specimen tilt
  // See PotentialPlanes: by the values of the slices' smooth grid, [smooth nx, smooth ny] per V Å,
  // and, with exact placement, by what the terms of the slices' cores add to them.
  std::vector<RealBuffer> potential;
  std::vector<std::vector<Transmission::Gradient::Term>> terms;
};

class MultisliceAdjoint {
 public:
  // Where derivatives by the potential's values are wanted: not at all; one plane a distinct slice,
  // for all slices that show it changing together; or one plane a slice.
  enum class PotentialPlanes { kNone, kDistinct, kSlices };
  struct Options {
    bool stack = true;  // propagation, thickness, tilt, potential scale; else they stay 0
    PotentialPlanes potential = PotentialPlanes::kNone;
    // Gradient() sums probe p into lane p % lanes, then the lanes in order: at most so many threads
    // work, and each lane has planes of its own if the potential's are wanted.
    size_t lanes = 8;
    FftEfforts efforts = {};
  };

  MultisliceAdjoint(const PotentialSlices& potential, double energy_eV,
                    std::array<double, 2> tilt_rad, const Options& options);
  MultisliceAdjoint(const PotentialSlices& potential, double energy_eV,
                    std::array<double, 2> tilt_rad)
      : MultisliceAdjoint(potential, energy_eV, tilt_rad, Options()) {}
  ~MultisliceAdjoint();
  MultisliceAdjoint(MultisliceAdjoint&&) noexcept;

  // Scratch of one thread.
  class Workspace {
   public:
    // |ψ(k)|² [nx, ny] in FFT order at the exit face, after Forward.
    const RealBuffer& intensity() const { return run_.intensity(); }

   private:
    friend class MultisliceAdjoint;
    Multislice::Workspace run_;
    ComplexBuffer kept_rows_;     // ψ(x, y) before each slice's T, [slices, nx, stride]
    ComplexBuffer kept_columns_;  // ψ(k) before each slice but the first, of the band
    ComplexBuffer exit_;          // ψ(k) [nx, ny] behind the last
  };
  Workspace MakeWorkspace() const;

  // What Backward adds to.
  class Sums {
    friend class MultisliceAdjoint;
    double loss_ = 0;
    std::vector<std::complex<double>> amplitude_;
    double k2_ = 0, kx_ = 0, ky_ = 0;  // Σ Im(λ ψ*) times k², k_x, k_y over all distances
    double potential_scale_ = 0;
    std::vector<ComplexBuffer> planes_;  // Σ ψ* λ before T, [nx, stride]
  };
  Sums MakeSums(const ProbeSpectrum& probe) const;

  void Forward(const ProbeSpectrum& probe, double x_A, double y_A, Workspace* workspace) const;
  // `slope`: dL/dI, [nx, ny] in FFT order, for the probe that Forward ran last in the workspace.
  // Gives dL/d(x, y) of the probe's position; adds all else. May be called again, with another.
  std::array<double, 2> Backward(const ProbeSpectrum& probe, std::span<const Real> slope,
                                 Workspace* workspace, Sums* sums) const;

  // All but the positions, from the sums over probes.
  MultisliceGradient Finish(const Sums& sums) const;

  // The loss's part of one probe; fills `slope` (zero on entry) with dL/dI. Called by several
  // threads at once, each for another probe.
  using Loss =
      std::function<double(size_t probe, std::span<const Real> intensity, std::span<Real> slope)>;
  MultisliceGradient Gradient(const ProbeSpectrum& probe,
                              std::span<const std::array<double, 2>> positions_A,
                              const Loss& loss) const;

  const Multislice& forward() const { return engine_; }
  const PotentialSlices& potential() const { return potential_; }
  size_t workspace_bytes() const;

 private:
  // Workspaces of Gradient() stay for the next call: to make one touches all that it keeps.
  struct Idle;
  void BackwardRows(size_t slice, Workspace* w, Sums* sums) const;
  void BackwardColumns(size_t slice, Workspace* w, Sums* sums) const;
  void Add(const Sums& from, Sums* to) const;
  Transmission::Gradient ToPotentialGradient(const ComplexBuffer& plane, size_t distinct) const;

  Options options_;
  PotentialSlices potential_;
  std::array<double, 2> tilt_rad_;
  double wavelength_A_, sigma_;
  Multislice engine_;
  Transmission transmission_;
  std::vector<size_t> reach_;  // by block: rows [0, reach) and [nx − reach, nx) in the band
  size_t kept_a_slice_ = 0;    // Σ 2 · reach · 8
  std::vector<ComplexBuffer> slopes_;  // dT/d(potential scale) by distinct slice, [nx, stride]
  std::unique_ptr<Idle> idle_;
};

}  // namespace ronchi::sim
