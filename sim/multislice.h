// The multislice method (Cowley & Moodie, Acta Cryst. 10, 609 (1957); Kirkland 2020, ch. 6):
// slice by slice ψ → P ∗ (T ψ), T = exp(iσV) and P the Fresnel propagator, both cut at the grid's
// band limit.
//
// How it is fast: a step makes two passes over the wave instead of six. One walks rows: inverse row
// FFT, times T, forward row FFT, while a few rows sit in the first-level cache. The other walks
// blocks of eight columns (one cache line a row): gather, column FFT, times P, inverse column FFT,
// scatter; columns beyond the band limit are zero and are never transformed.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "sim/fft.h"
#include "sim/potential.h"
#include "sim/probe.h"

namespace ronchi::sim {

class Multislice {
 public:
  // tilt_rad: specimen tilt about y and x, as a shear of the propagator (small angles).
  // offset_per_A: every frequency k of the grid stands for k + offset, so that the waves are Bloch
  // waves: e^{2πi offset·r} times what is periodic in the box.
  Multislice(const PotentialSlices& potential, double energy_eV, std::array<double, 2> tilt_rad,
             const FftEfforts& efforts = {}, std::array<double, 2> offset_per_A = {0, 0});
  ~Multislice();
  Multislice(Multislice&&) noexcept;
  // The same specimen at another tilt: a new propagator alone.
  Multislice Tilted(std::array<double, 2> tilt_rad) const;

  // Scratch of one thread.
  class Workspace {
   public:
    // |ψ(k)|² [nx, ny] in FFT order after Run: fractions of the incident electrons.
    const RealBuffer& intensity() const { return intensity_; }

   private:
    friend class Multislice;
    friend class MultisliceAdjoint;
    ComplexBuffer wave_;    // [nx, stride]
    ComplexBuffer column_;  // [nx, 8]
    RealBuffer intensity_;
    ComplexBuffer shift_x_, shift_y_;  // e^{−2πi k x} along each axis
  };
  Workspace MakeWorkspace() const;

  // Sends the probe, centred at (x_A, y_A), through the specimen. `exits` are numbers of slices
  // passed, increasing, the last being the whole stack; after each, `at_exit(index)` is called with
  // the workspace's intensity() holding the diffraction pattern there.
  void Run(const ProbeSpectrum& probe, double x_A, double y_A, std::span<const size_t> exits,
           const std::function<void(size_t)>& at_exit, Workspace* workspace) const;

  // The same to the exit face; gives the wave itself, ψ(k) [nx, ny] in FFT order.
  void RunToWave(const ProbeSpectrum& probe, double x_A, double y_A, ComplexBuffer* exit_wave,
                 Workspace* workspace) const;
  // The same at each of `exits` (as Run has them): `at_exit(index)` finds that wave in *exit_wave.
  void RunToWaves(const ProbeSpectrum& probe, double x_A, double y_A, std::span<const size_t> exits,
                  const std::function<void(size_t)>& at_exit, ComplexBuffer* exit_wave,
                  Workspace* workspace) const;

  const Grid& grid() const;
  size_t slices() const;
  size_t memory_bytes() const;  // transmission functions and propagator

 private:
  friend class MultisliceAdjoint;  // runs the same passes backwards
  struct Impl;
  explicit Multislice(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace ronchi::sim
