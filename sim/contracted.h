// The contracted engine: exact multislice images of integrating detectors, for any aberrations, in
// milliseconds. With S the scattering matrix (exit beams × beams of the aperture) and D a detector,
//   I(R) = Σ_{k,k'} a_k a*_{k'} e^{−2πi(k−k')·R} M_{k'k},   M = S†DS,   a = A e^{−iχ},
// so that the specimen and the detector enter through M alone. M is made once, summed over
// frozen-phonon configurations; images then cost one pass over it.
//
// M is kept by difference vectors q = k − k': all pairs of one q lie side by side, so a pass
// streams through memory and reduces straight to the image's Fourier coefficients
//   G(q) = Σ_k a_k a*_{k−q} M_{k−q,k},
// half of them, as G(−q) = G*(q). Differences that a crystal's translations forbid are dropped.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "sim/aperture_rows.h"
#include "sim/detector.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/probe.h"
#include "sim/scan.h"

namespace ronchi::sim {

class Contracted {
 public:
  // What the optics may be: any aberrations, aperture and tilt within the beams held.
  struct Optics {
    BeamOptics beam;
    double focal_spread_A = 0;  // standard deviation of the defocus, normal
    double source_fwhm_A = 0;   // normal
  };

  // The image's Fourier coefficients, one set a detector value (ring or segment).
  struct Coefficients {
    std::vector<std::vector<std::complex<double>>> g;  // [value][difference]
  };
  // InvalidArgument: beams beyond those held.
  absl::StatusOr<Coefficients> ComputeCoefficients(const Optics& optics) const;
  // Fractions of the incident electrons at `positions` (Å), [value][position].
  std::vector<std::vector<double>> ComputeImage(
      const Coefficients& coefficients, std::span<const std::array<double, 2>> positions) const;
  // The same on a raster, by sums along one axis after the other.
  std::vector<std::vector<double>> ComputeRaster(const Coefficients& coefficients,
                                                 const ScanOptions& raster) const;

  // The derivative of an image along a direction in the space of aberrations (Å a unit step), as
  // coefficients: a Jacobian-vector product.
  absl::StatusOr<Coefficients> ComputeDerivative(const Optics& optics,
                                                 const Aberrations& direction) const;

  // The weights w of L = Σ w I over detector values and positions ([value][position]), carried over
  // to the coefficients: L = Re Σ W G. Adjoints of ComputeImage and ComputeRaster.
  Coefficients ComputeWeights(std::span<const std::array<double, 2>> positions,
                              const std::vector<std::vector<double>>& weights) const;
  Coefficients ComputeRasterWeights(const ScanOptions& raster,
                                    const std::vector<std::vector<double>>& weights) const;
  // Derivatives of L: a vector-Jacobian product, at the cost of one more pass over M however many
  // parameters there are.
  struct Gradient {
    Aberrations aberrations;              // ∂L/∂a, ∂L/∂b of every coefficient, 1/Å
    std::array<double, 2> shift_per_A{};  // all positions moved together
    double focal_spread_per_A = 0, source_fwhm_per_A = 0;
    Coefficients image;  // as ComputeCoefficients
  };
  // InvalidArgument: beams beyond those held.
  absl::StatusOr<Gradient> ComputeGradient(const Optics& optics, const Coefficients& weights) const;

  size_t beams() const { return rows_.beams; }
  size_t values() const { return matrix_.size(); }
  size_t differences() const { return differences_.size(); }
  size_t memory_bytes() const;

 private:
  friend class ContractedBuilder;
  // Pairs of one difference vector, [first, first + pairs) of the matrices.
  struct Difference {
    int dh, dk;
    size_t first, pairs;
  };
  // a_k, real and imaginary parts apart.
  struct Amplitudes {
    std::vector<float> re, im;
  };
  absl::StatusOr<Amplitudes> MakeAmplitudes(const BeamOptics& optics) const;
  std::vector<float> SquaredFrequencies() const;
  // Calls use(beam, angles relative to the tilted axis, rad).
  template <class Use>
  void ForEachAngle(const BeamOptics& optics, const Use& use) const {
    const double wavelength = Wavelength_A(energy_eV_);
    for (const ApertureRows::Row& row : rows_.rows) {
      for (int i = 0; i < row.count; ++i) {
        use(row.start + size_t(i), (row.first_h + i) / grid_.lx_A * wavelength - optics.tilt_rad[0],
            row.k / grid_.ly_A * wavelength - optics.tilt_rad[1]);
      }
    }
  }
  template <class Weight>
  Coefficients Pass(const Amplitudes& a, double source_fwhm_A, const Weight& weight) const;
  // Of a normal focal spread, on exp(−c (k² − k'²)²); of a source, on a coefficient.
  double FocalDamping(double focal_spread_A) const;
  double SourceDamping(const Difference& d, double source_fwhm_A) const;

  Grid grid_;
  double energy_eV_ = 0, semiangle_rad_ = 0;
  ApertureRows rows_;
  std::vector<Difference> differences_;
  struct Matrix {
    FloatBuffer re, im;
  };
  std::vector<Matrix> matrix_;  // one a detector value
};

// Makes a Contracted engine from one Multislice a configuration.
class ContractedBuilder {
 public:
  // `detectors`: annular, segmented or DPC, on `grid`. ResourceExhausted: more than memory_bytes.
  static absl::StatusOr<ContractedBuilder> Create(const Grid& grid, double energy_eV,
                                                  double semiangle_rad,
                                                  const std::vector<Detector>& detectors,
                                                  size_t memory_bytes);
  ContractedBuilder(ContractedBuilder&&) noexcept;
  ~ContractedBuilder();

  // Bytes that making it takes at its largest.
  static double EstimateBytes(const ApertureRows& rows, const std::vector<Detector>& detectors);

  // Sends all beams through the specimen (threads: all). False when interrupted: nothing was added.
  bool Add(const Multislice& engine);
  Contracted Finish();  // the mean of the configurations; the builder is used up

 private:
  ContractedBuilder() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ronchi::sim
