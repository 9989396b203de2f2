// Scanned images of a periodic specimen, by an image engine with exact derivatives (the contracted
// engine: exact multislice), seen through an integrating detector.
//
// Parameters by name: any aberration coefficient ("C10_nm", "C34b_nm", "C30_um" …), what is under
// the scan's origin ("shift_x_A", "shift_y_A"), "current_ratio" (true over nominal counts),
// "source_fwhm_A", "focal_spread_A", "dark_counts" (beyond the calibrated ones), and any rate.
// Settings: the instrument's aberration coefficients ("optics.C10" …, m), which add to the
// column's.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/image_model.h"
#include "theory/forward/forward_model.h"
#include "theory/forward/optics_names.h"
#include "theory/parameters/prior.h"

namespace ronchi::theory {

// Where the pixels stand, of the scan's origin; along x and y.
struct ScannedField {
  std::array<double, 2> start_A = {0, 0}, step_A = {0, 0};
  std::array<size_t, 2> pixels = {0, 0};

  // A square centred on the origin.
  static ScannedField Square(double side_A, size_t pixels) {
    const double step = side_A / double(pixels);
    return {{-side_A / 2, -side_A / 2}, {step, step}, {pixels, pixels}};
  }
  size_t size() const { return pixels[0] * pixels[1]; }
};

struct ScannedCrystalOptions {
  std::shared_ptr<const sim::ImageModel> images;
  ScannedField field;
  double electrons_per_pixel = 0;  // nominal, in one frame
  CountingOptions counting;        // calibrated
  sim::OpticsVariation fixed;      // that parameters and settings add to
};

class ScannedCrystal final : public ForwardModel {
 public:
  // InvalidArgument: a parameter that it does not know; no images, field, pixels or electrons.
  static absl::StatusOr<std::shared_ptr<const ScannedCrystal>> Create(ScannedCrystalOptions options,
                                                                      ParameterSet parameters);

  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override;  // data: [y, x]
  Prediction Predict(const State& values, const Acquisition& at) const override;
  Prediction Linearise(const State& values, const Acquisition& at,
                       Eigen::MatrixXd* jacobian) const override;
  // Finds the place on the lattice by correlation of Fourier coefficients, and gives the
  // correlation: needs no dose and no derivative.
  Match MakeMatch(std::span<const Acquisition> acquisitions) const override;

  const ScannedCrystalOptions& options() const { return options_; }
  sim::ImageHarmonics Harmonics(const State& values, const Acquisition& at) const;

 private:
  enum class Role { kCoefficient, kShiftX, kShiftY, kDose, kSource, kFocalSpread, kDark, kRate };
  // What the parameters amount to.
  struct Column {
    sim::Aberrations aberrations;
    double shift_x_A = 0, shift_y_A = 0, dose = 1, source_fwhm_A = 0, focal_spread_A = 0, dark = 0;
  };
  ScannedCrystal() = default;
  absl::Status Bind();
  Column ColumnAt(const State& values, const Acquisition& at) const;
  sim::LinearRaster Raster(const Column& column) const;
  double CountsPerFraction() const;
  Prediction Expose(const Eigen::VectorXd& fractions, const Column& column, int frames) const;

  ScannedCrystalOptions options_;
  ParameterSet parameters_;
  std::vector<Role> roles_;                       // by parameter
  std::vector<Coefficient> coefficients_;         // by parameter; of coefficients
  std::vector<size_t> optical_;                   // parameters that harmonics depend on
  std::vector<sim::OpticsVariation> directions_;  // of these, per unit
};

// The unknowns of a column that scans such a specimen, as its prior (names of docs/twin.md) has
// them: the `knobs` ("C10_nm" …, searched for where a fit can begin far off, C10 and C12), places,
// dose, source, drift. InvalidArgument: a knob that is no coefficient.
absl::StatusOr<ParameterSet> ScannedCrystalParameters(const Prior& prior,
                                                      std::array<double, 2> cell_A,
                                                      const std::vector<std::string>& knobs = {
                                                          "C10_nm", "C12a_nm", "C12b_nm"});

}  // namespace ronchi::theory
