// Convergent-beam patterns of a crystal: of one probe (CBED), or the mean over all places of it in
// the cell (PACBED: LeBeau et al., Ultramicroscopy 110, 118 (2010)), as functions of thickness,
// tilt, optics and the camera's calibration. By plane waves through one cell
// (theory/forward/crystal_waves.h): exact multislice of the box's beams. Between the planes behind
// which waves are known a pattern is a cubic in the thickness.
//
// Parameters by name: "thickness_A", "tilt_x_mrad", "tilt_y_mrad" (of the specimen, as
// docs/conventions.md has it), "scale" (true over nominal electrons), "background" (counts a
// pixel), "center_x_mrad", "center_y_mrad" (where the beam's axis lies on the camera),
// "rotation_deg" (of the camera: a pixel at angle φ of the camera is at φ − rotation of the
// specimen's axes); of one probe besides "shift_x_A", "shift_y_A" (its place), and any aberration
// coefficient ("C10_A", "C12a_nm", …).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "sim/contracted/aberration_basis.h"
#include "theory/forward/crystal_waves.h"
#include "theory/forward/forward_model.h"
#include "theory/forward/optics_names.h"

namespace ronchi::theory {

// A camera: pixel (i, j), i along x and slow, sees the angle offset + (i, j) · step.
struct PatternCamera {
  std::array<size_t, 2> pixels = {0, 0};
  std::array<double, 2> offset_rad = {0, 0}, step_rad = {0, 0};
};

// What a pattern depends on; the parameters' names in rad and Å.
struct PatternState {
  double thickness_A = 0;
  std::array<double, 2> tilt_rad = {0, 0};
  sim::Aberrations aberrations;
  std::array<double, 2> place_A = {0, 0}, center_rad = {0, 0};
  double rotation_rad = 0, scale = 1, background = 0;
};

struct CrystalPatternOptions {
  CrystalWavesOptions waves;           // its orders are set here
  std::array<int, 2> copies = {1, 1};  // of the cell in the box whose beams make the probe
  double semiangle_rad = 0.01;
  bool averaged = true;  // over the places of the probe: PACBED
  PatternCamera camera;
  double electrons = 0;    // nominal, in the whole beam
  double model_error = 0;  // of the prediction, relative, one standard deviation
  PatternState fixed;      // where no parameter says otherwise
};

class CrystalPattern final : public ForwardModel {
 public:
  // InvalidArgument: a parameter that it does not know or, averaged, does not depend on; a camera
  // without pixels; an aperture beyond the grid's band limit.
  static absl::StatusOr<std::shared_ptr<const CrystalPattern>> Create(CrystalPatternOptions options,
                                                                      ParameterSet parameters);

  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override;  // data: [x, y], camera's pixels
  Prediction Predict(const State& values, const Acquisition& at) const override;
  Prediction Linearise(const State& values, const Acquisition& at,
                       Eigen::MatrixXd* jacobian) const override;
  // Of counts, beside the shot noise: model_error · mean, and a floor.
  Eigen::VectorXd VarianceOf(const Eigen::VectorXd& mean, int frames) const;

  PatternState StateOf(const State& values) const;
  const CrystalPatternOptions& options() const { return options_; }
  const CrystalWaves& waves() const { return *waves_; }

  // A beam of the aperture on the box's reciprocal lattice, (i/Lx, j/Ly).
  struct Beam {
    int i = 0, j = 0;
    double amplitude = 0;
  };
  const std::vector<Beam>& beams() const { return beams_; }
  std::array<double, 2> box_A() const { return box_A_; }
  double wavelength_A() const { return wavelength_A_; }
  // Points of the pattern on that lattice are −reach … reach, [2 reach_x + 1, 2 reach_y + 1].
  const std::array<int, 2>& reach() const { return reach_; }
  // Phases that aberrations and the place give to the beams.
  std::vector<std::complex<float>> Amplitudes(const PatternState& state) const;
  // Points of the lattice, fractions of the electrons, onto the camera; and a camera's density back
  // onto the lattice's points.
  std::vector<double> OntoCamera(std::span<const double> lattice, const PatternState& state) const;
  std::vector<double> OntoLattice(std::span<const double> camera, const PatternState& state) const;

 private:
  enum class Role {
    kThickness,
    kTiltX,
    kTiltY,
    kScale,
    kBackground,
    kCenterX,
    kCenterY,
    kRotation,
    kShiftX,
    kShiftY,
    kCoefficient
  };
  // Waves of all beams behind four planes, at one tilt: [beams, 4, orders].
  struct Waves {
    std::array<double, 2> tilt_rad = {0, 0};
    size_t first = 0;
    std::vector<CrystalWaves::Amplitude> amplitudes;
  };
  CrystalPattern() = default;
  absl::Status Bind();
  absl::Status Prepare();
  size_t FirstPlane(double thickness_A) const;
  std::shared_ptr<const Waves> WavesAt(std::array<double, 2> tilt_rad, size_t first) const;
  // The lattice's points, and along the thickness (per Å).
  std::vector<double> Lattice(const PatternState& state, std::vector<double>* by_thickness) const;
  std::vector<double> Plane(const Waves& waves, size_t plane,
                            std::span<const std::complex<float>> amplitudes) const;
  Prediction Expose(const std::vector<double>& camera, const PatternState& state, int frames) const;
  // Of the difference that stands for a derivative, in the parameter's unit.
  double StepOf(size_t parameter) const;

  CrystalPatternOptions options_;
  ParameterSet parameters_;
  std::vector<Role> roles_;                // by parameter
  std::vector<Coefficient> coefficients_;  // by parameter; of coefficients
  std::unique_ptr<const CrystalWaves> waves_;
  std::vector<Beam> beams_;
  sim::AberrationBasis basis_;
  std::array<double, 2> box_A_ = {0, 0};
  std::array<int, 2> reach_ = {0, 0};
  double wavelength_A_ = 0;
  // The last few, so that a step's differences and its next point do not run them anew. They hold
  // what a run would give: nothing depends on them but time.
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const Waves>> kept_;
};

}  // namespace ronchi::theory
