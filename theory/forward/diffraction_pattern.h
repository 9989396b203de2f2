// Camera patterns of one probe, Ronchigrams and convergent-beam patterns alike, by multislice.
// Multislice is linear in the wave that enters, so that a derivative by what shapes the probe is
// one more run: with dψ = −i dχ ψ (an aberration) or −2πi k·dR ψ (a place) at the entrance and both
// waves at the exit, dI = 2 Re(ψ* dψ). Exact, where the adjoint (sim/gradient) gives exact sums
// over the pattern.
//
// Parameters by name: any aberration coefficient ("C10_nm", "C34b_nm" …), what is under the scan's
// origin ("shift_x_A", "shift_y_A"), "source_fwhm_A", "focal_spread_A", "current_ratio" (true over
// nominal counts), "dark_counts" (beyond the calibrated ones), and any rate. Settings: "optics.C10"
// … (m), which add to the column's, and the probe's place in the scan frame, "probe.x", "probe.y"
// (m).
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/camera_pixels.h"
#include "sim/contracted/aberration_basis.h"
#include "sim/multislice.h"
#include "theory/forward/forward_model.h"
#include "theory/forward/optics_names.h"

namespace ronchi::theory {

struct DiffractionPatternOptions {
  // The specimen, one stack a configuration of its thermal motion, all on one grid: patterns are
  // means over them.
  std::vector<sim::PotentialSlices> stacks;
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;
  std::array<double, 2> tilt_rad = {0, 0};  // of the specimen, as sim/multislice.h has it
  // A slice acts in its entrance plane, its atoms lie deeper: added to C10, for defocus to count
  // from the specimen's entrance face.
  double early_A = 0;
  size_t pixels = 0;  // per side of the camera
  double pixel_rad = 0;
  double electrons = 0;  // nominal, of one frame, in the whole beam
  CountingOptions counting;
};

class DiffractionPattern final : public ForwardModel {
 public:
  // InvalidArgument: a parameter that it does not know, no stack, a camera without pixels, a beam
  // without electrons, an aperture beyond the grid's band limit.
  static absl::StatusOr<std::shared_ptr<const DiffractionPattern>> Create(
      DiffractionPatternOptions options, ParameterSet parameters);

  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override;  // data: [pixels, pixels], y slow
  Prediction Predict(const State& values, const Acquisition& at) const override;
  Prediction Linearise(const State& values, const Acquisition& at,
                       Eigen::MatrixXd* jacobian) const override;

  // A probe of the settings and values as sim/gradient takes it, of a source without size and a
  // single focus; and where it stands.
  sim::ProbeSpectrum Probe(const State& values, const Acquisition& at) const;
  std::array<double, 2> Place_A(const State& values, const Acquisition& at) const;

 private:
  enum class Role { kCoefficient, kShiftX, kShiftY, kSource, kFocalSpread, kDose, kDark, kRate };
  struct Moment {
    sim::Aberrations aberrations;
    std::array<double, 2> place_A = {0, 0};
    double source_fwhm_A = 0, focal_spread_A = 0, dose = 1, dark = 0;
  };
  // A point of the source and of the focal spread, in their standard deviations.
  struct Pass {
    double x = 0, y = 0, focus = 0;
  };
  // A change of the probe whose derivative a run gives.
  struct Tangent {
    enum class Kind { kCoefficient, kX, kY } kind = Kind::kCoefficient;
    size_t term = 0;
    bool sine = false;
    bool operator==(const Tangent&) const = default;
  };
  DiffractionPattern() = default;
  absl::Status Bind();
  absl::Status Prepare();
  size_t Needs(const Tangent& tangent);  // its number among the tangents
  Moment MomentAt(const State& values, const Acquisition& at) const;
  std::vector<Pass> Passes() const;
  sim::ProbeSpectrum ProbeOf(const sim::Aberrations& aberrations) const;
  sim::ProbeSpectrum Turned(const sim::ProbeSpectrum& probe, const Tangent& tangent) const;
  // Fractions on the camera, and with `slopes` their derivatives along the parameters that shape
  // the probe, [pixels², parameters].
  Eigen::VectorXd Fractions(const Moment& moment, Eigen::MatrixXd* slopes) const;
  void AddChange(const Tangent& tangent, const Pass& pass, const Eigen::VectorXd& change,
                 Eigen::MatrixXd* slopes) const;
  Prediction Expose(const Eigen::VectorXd& fractions, const Moment& moment, int frames) const;

  DiffractionPatternOptions options_;
  ParameterSet parameters_;
  std::vector<Role> roles_;                // by parameter
  std::vector<Coefficient> coefficients_;  // by parameter; of coefficients
  std::vector<Tangent> tangents_;
  std::vector<sim::Multislice> engines_;
  std::unique_ptr<const sim::CameraPixels> camera_;
  sim::ProbeSpectrum aperture_;  // amplitudes at zero aberrations
  sim::AberrationBasis basis_;   // of its beams
};

}  // namespace ronchi::theory
