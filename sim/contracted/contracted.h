// The contracted engine: exact multislice images of integrating detectors, for any aberrations, in
// milliseconds. With S the scattering matrix (exit beams × beams of the aperture) and D a detector,
//   I(R) = Σ_{k,k'} a_k a*_{k'} e^{−2πi(k−k')·R} M_{k'k},   M = S†DS,   a = A e^{−iχ},
// so that the specimen and the detector enter through M alone. M is made once (builder.h), summed
// over frozen-phonon configurations; images then cost one pass over it.
//
// M is kept by difference vectors q = k − k': all pairs of one q lie side by side, so a pass
// streams through memory and reduces straight to the image's Fourier coefficients
//   G(q) = Σ_k a_k a*_{k−q} M_{k−q,k},
// half of them, as G(−q) = G*(q). Differences that a crystal's translations forbid are dropped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/contracted/aberration_basis.h"
#include "sim/contracted/aperture_rows.h"
#include "sim/contracted/line_sums.h"
#include "sim/fft.h"
#include "sim/probe.h"
#include "sim/real.h"
#include "sim/scan.h"

namespace ronchi::sim {

class Contracted {
 public:
  // What may change from image to image: any aberrations, aperture and beam tilt within the beams
  // held, the scan, and the electrons that a probe position gets.
  struct Setting {
    BeamOptics beam;            // of the energy that M was made for
    double focal_spread_A = 0;  // standard deviation of the defocus, normal
    double source_fwhm_A = 0;   // normal
    ScanTransform scan;
    double dose = 1;  // values are this times the fraction of electrons
  };
  // A change of the setting, or a loss's derivative by it.
  struct Variation {
    Aberrations aberrations;                   // Å; 1/Å
    std::array<double, 2> shift{};             // of scan.shift_A
    std::array<double, 4> matrix{};            // of scan.matrix
    double focal_spread = 0, source_fwhm = 0;  // Å; 1/Å
    double dose = 0;
  };

  // What one thread works in. Calls with the same workspace and scan size allocate nothing after
  // the first.
  class Workspace {
    friend class Contracted;
    // Of the engine, aperture and tilt that were asked for last.
    uint64_t engine_ = 0;
    double semiangle_rad_ = -1;
    std::array<double, 2> tilt_rad_ = {0, 0};
    AberrationBasis basis_;
    std::vector<double> aperture_;  // A, Σ A² = 1
    std::vector<double> chi_;
    std::vector<Real> k2_;                         // |k|² from the aperture's axis, 1/Å²
    std::vector<Real> re_, im_, slope_;            // a; dχ along a direction
    std::vector<Real> k_re_, k_im_, o_re_, o_im_;  // adjoints of the beams as k and as k'
    std::vector<double> g_, w_, moment_, image_;
    std::vector<LineSums::Image> images_;
    LineSums::Scratch lines_;
  };

  // All images: [value][probe], a value being a ring or a segment; spans hold values() times the
  // scan's probes. InvalidArgument: beams beyond those held, another energy.
  absl::Status ComputeImage(const Setting& setting, const ScanLines& scan, Workspace* workspace,
                            std::span<double> image) const;
  // Jacobian-vector product: how the image changes along `direction`.
  absl::Status ComputeDerivative(const Setting& setting, const Variation& direction,
                                 const ScanLines& scan, Workspace* workspace,
                                 std::span<double> derivative) const;
  // Image and vector-Jacobian product: of L = Σ weights · image, at the cost of one more pass over
  // M however many parameters there are.
  absl::Status ComputeGradient(const Setting& setting, const ScanLines& scan,
                               std::span<const double> weights, Workspace* workspace,
                               std::span<double> image, Variation* gradient) const;
  // Images of many settings over threads, [setting][value][probe]; the same bytes for any number of
  // threads.
  absl::Status ComputeImages(std::span<const Setting> settings, const ScanLines& scan,
                             std::span<double> images) const;
  // The image's Fourier coefficients, fractions at dose 1, for those who go on with them:
  // I(R) = Re Σ_i G_i e^{−2πi q_i·R}; G holds the factor 2 of −q. [value][difference], re then im.
  absl::Status ComputeCoefficients(const Setting& setting, Workspace* workspace,
                                   std::span<double> re, std::span<double> im) const;
  // The same coefficients and their derivatives along each of `directions` (aberrations, focal
  // spread, source; what else a variation has acts on the scan alone), [direction][value]
  // [difference]: all aberrations together cost about one pass over M more.
  absl::Status ComputeCoefficientDerivatives(const Setting& setting,
                                             std::span<const Variation> directions,
                                             Workspace* workspace, std::span<double> re,
                                             std::span<double> im, std::span<double> by_re,
                                             std::span<double> by_im) const;

  const Grid& grid() const { return grid_; }
  double energy_eV() const { return energy_eV_; }
  double semiangle_rad() const { return semiangle_rad_; }
  size_t beams() const { return rows_.beams; }
  size_t values() const { return values_; }
  std::span<const DifferenceVector> differences() const { return differences_; }
  size_t memory_bytes() const;

  // An engine of one value, Σ weight · value, which holds an aperture of `semiangle_rad` alone
  // whose axis stands `axis` beams (h, k) from this one's middle; there its own middle is. All
  // beams of it must be held. A tilted specimen is one whose aperture and detectors are moved
  // (sim/contracted/contracted_crystal.h).
  struct Part {
    size_t value = 0;
    double weight = 1;
  };
  Contracted Select(std::span<const Part> parts, std::array<int, 2> axis,
                    double semiangle_rad) const;

  // As bytes, and from bytes that `owner` keeps (on a boundary of 64). The matrices stay where they
  // are. InvalidArgument: not what Append wrote, or of another version or precision.
  absl::Status Append(const std::function<absl::Status(std::span<const std::byte>)>& sink) const;
  static absl::StatusOr<Contracted> FromBytes(std::span<const std::byte> bytes,
                                              std::shared_ptr<const void> owner);
  static constexpr int kFormatVersion = 1;

 private:
  friend class ContractedBuilder;
  Contracted() = default;
  // From grid_, energy_eV_, semiangle_rad_ and differences_: all else that is not M.
  void Index();
  absl::Status Prepare(const Setting& setting, Workspace* w) const;
  // One pass over M, pairs weighted by weight(k, k'), to [value][difference] without dampings.
  template <class Weight>
  void Pass(const Workspace& w, const Weight& weight, double* re, double* im) const;
  // The same times the difference of a slope between k and k', for N slopes [slope][beam] at once;
  // results of the slopes stand `apart`.
  template <size_t N, class Weight>
  void SlopePass(const Workspace& w, const Real* slopes, const Weight& weight, size_t apart,
                 double* re, double* im) const;
  // Parts of ComputeGradient. AdjointPass: the coefficients to g_, the amplitudes' adjoints to k_*
  // and o_*; returns the loss's derivative by the exponent of the focal spread.
  void TransformWeights(const Setting& setting, const ScanLines& scan,
                        std::span<const double> weights, Workspace* w) const;
  template <class Envelope>
  double AdjointPass(const Setting& setting, const Envelope& envelope, Workspace* w) const;
  void GatherByCoefficient(const Setting& setting, const Workspace& w, Variation* gradient) const;
  // Parts of ComputeDerivative. What damps and shifts coefficients, by which G and −i dG change;
  // and what turns the scan, by which every probe moves by its own matrix · (r − center).
  void DampAlong(const Setting& setting, const Variation& direction, double by_spread,
                 Workspace* w) const;
  void AddTurn(const Setting& setting, const Variation& direction, const ScanLines& scan,
               Workspace* w, std::span<double> derivative) const;
  // Calls use(weight) with weight(k, k') of the focal spread.
  template <class Use>
  void WithEnvelope(const Workspace& w, double focal_spread_A, const Use& use) const;
  // Of a normal focal spread, on exp(−c (k² − k'²)²); of a source, on a coefficient.
  double FocalDamping(double focal_spread_A) const;
  double SourceDamping(size_t difference, double source_fwhm_A) const;
  void Damp(double source_fwhm_A, double* re, double* im) const;
  std::array<double, 2> Frequency(size_t difference) const;
  // [value][probe] from [value][difference].
  void Sum(const ScanLines& scan, const Setting& setting, Workspace* w, double* re, double* im,
           double* image) const;

  uint64_t id_ = 0;  // from 1, another for every engine made; copies are the same engine
  Grid grid_;
  double energy_eV_ = 0, semiangle_rad_ = 0;
  ApertureRows rows_;
  std::vector<DifferenceVector> differences_;
  std::vector<size_t>
      first_;  // pair of every difference, stretches padded; last, the number of pairs
  std::shared_ptr<const LineSums> line_sums_;
  size_t values_ = 0;
  // M of each value: real parts of all pairs, then imaginary ones, every block on a cache line.
  const Real* matrix_ = nullptr;
  size_t stride_ = 0;  // from block to block
  std::shared_ptr<const void> owner_;
};

}  // namespace ronchi::sim
