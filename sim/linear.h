// Incoherent imaging: image = object ⊗ |probe|² (Kirkland 2020, ch. 3; Nellist & Pennycook,
// Ultramicroscopy 78, 111 (1999)). Right for thin specimens and annular dark field; its error
// against multislice grows with thickness and is measured by `ronchi describe instrument twin`.
//
// The object is the specimen's cross-section for the detector, from the scattering factors:
//   O(g) = (1/area) Σ_j T_Zj(g) e^{−2πi g·r_j},
//   T_Z(g) = (σ h²/2πm₀e)² ∫ w(q) f_Z(|q − g/2|) f_Z(|q + g/2|) d²q      [Å²],
// w(q) the detector seen from the mean direction in the aperture (first Born approximation for
// every atom alone; atoms add incoherently). The probe's transfer is
// the autocorrelation of A e^{−iχ}. After Create an image costs two small FFTs and one separable
// sum over the specimen's harmonics.
#pragma once

#include <array>
#include <memory>

#include "core/status.h"
#include "sim/image_model.h"
#include "sim/physics/aberrations.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct LinearOptions {
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;
  double inner_rad = 0.06, outer_rad = 0.1;  // the annular detector; inner > semiangle
};

class LinearEngine final : public ImageModel {
 public:
  // InvalidArgument: a bright-field detector, an element without scattering factor.
  static absl::StatusOr<LinearEngine> Create(const Specimen& specimen, const LinearOptions& options,
                                             const ScatteringFactors& factors);

  // An upper bound of what Create and an image take, in bytes.
  static double EstimateBytes(const Specimen& specimen, const LinearOptions& options);

  ImageHarmonics MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A,
                               double focal_spread_A = 0) const override;
  ImageHarmonics MakeDerivatives(const Aberrations& aberrations, double source_fwhm_A,
                                 double focal_spread_A, std::span<const OpticsVariation> directions,
                                 std::vector<ImageHarmonics>* derivatives) const override;

  std::array<double, 2> cell_A() const override;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace ronchi::sim
