// What theory predicts an image of the column to be: an image engine seen through the detector,
// as a function of a few unknown parameters, with its derivatives.
#pragma once

#include <Eigen/Core>
#include <array>
#include <memory>

#include "core/array.h"
#include "sim/image_model.h"

namespace ronchi::theory {

// The unknowns, in this order. Å; velocities Å/s; dose as the logarithm of true over nominal
// counts.
enum Parameter { kC10, kC12a, kC12b, kShiftX, kShiftY, kLogDose, kSource, kVelocityX, kVelocityY };
inline constexpr int kParameters = 9;
// Those that one image can show directly: the first six.
inline constexpr int kObservable = 6;
inline constexpr std::array<const char*, kParameters> kParameterNames = {
    "C10", "C12a", "C12b", "shift_x", "shift_y", "dose", "source", "velocity_x", "velocity_y"};
using State = Eigen::Matrix<double, kParameters, 1>;

// One acquisition as theory sees it.
struct Acquisition {
  std::array<double, 3> settings_A{};  // commanded C10, C12a, C12b
  double time_s = 0;                   // the instrument's clock
  Array<float> image;                  // [lines, pixels], counts, mean of `frames` frames
  int frames = 1;
};

struct ColumnModelOptions {
  std::shared_ptr<const sim::ImageModel> images;
  double fov_A = 0;                // square field, centred on the scan's origin
  size_t pixels = 0;               // per side
  double electrons_per_pixel = 0;  // nominal, in one frame
  double counts_per_electron = 1, dark_counts = 0, readout_counts = 0.5;  // calibrated
};

class ColumnModel {
 public:
  explicit ColumnModel(ColumnModelOptions options) : options_(std::move(options)) {}

  // Predicted counts [pixels²] at parameters `state` (shift: where it is at the acquisition's
  // time).
  Eigen::VectorXd Predict(const State& state, const std::array<double, 3>& settings_A) const;
  // The prediction and its derivatives [pixels², kSource + 1] by the parameters up to the source
  // size (central differences; the dose exactly).
  Eigen::VectorXd Linearise(const State& state, const std::array<double, 3>& settings_A,
                            Eigen::MatrixXd* jacobian) const;
  // Variance of each pixel of a mean of `frames` frames: shot noise of the prediction, and readout.
  Eigen::VectorXd Variance(const Eigen::VectorXd& predicted, int frames) const;

  const ColumnModelOptions& options() const { return options_; }
  sim::ImageHarmonics Harmonics(const State& state, const std::array<double, 3>& settings_A) const;

 private:
  Eigen::VectorXd Render(const sim::ImageHarmonics& harmonics, const State& state) const;
  ColumnModelOptions options_;
};

}  // namespace ronchi::theory
