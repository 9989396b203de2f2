// The simplest theory of a scanned image: a reference image of the same place, shifted by the
// specimen's drift, times a gain. Right for whatever looks like its reference; knows no optics.
//
// Parameters by name: "shift_x_A", "shift_y_A" (what is under the scan's origin, from where it was
// in the reference), "gain_ratio", "dark_counts" (beyond the calibrated ones), and any rate.
#pragma once

#include <memory>
#include <vector>

#include "theory/forward/forward_model.h"

namespace ronchi::theory {

struct GainAndDriftOptions {
  // Mean counts without the dark ones, [lines + 2 margin, pixels + 2 margin]: what may drift into
  // the image lies in the margin, and beyond it the edge goes on.
  Array<double> reference;
  size_t margin = 0;
  double pixel_A = 0;
  CountingOptions counting;
};

class GainAndDrift final : public ForwardModel {
 public:
  // InvalidArgument: a parameter that it does not know; no image within the margin; a pixel that is
  // not above 0.
  static absl::StatusOr<std::shared_ptr<const GainAndDrift>> Create(GainAndDriftOptions options,
                                                                    ParameterSet parameters);

  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override;  // data: [lines, pixels]
  Prediction Predict(const State& values, const Acquisition& at) const override;
  Prediction Linearise(const State& values, const Acquisition& at,
                       Eigen::MatrixXd* jacobian) const override;

 private:
  enum class Role { kShiftX, kShiftY, kGain, kDark, kRate };
  struct Moment {
    double x = 0, y = 0, gain = 1, dark = 0;  // shifts in pixels
  };
  GainAndDrift() = default;
  Moment MomentAt(const State& values) const;
  // The reference between its pixels, or its derivative along an axis, per pixel.
  enum class Along { kNone, kX, kY };
  Eigen::VectorXd Shifted(const Moment& moment, Along along) const;
  Prediction Expose(const Eigen::VectorXd& reference, const Moment& moment, int frames) const;

  GainAndDriftOptions options_;
  ParameterSet parameters_;
  std::vector<Role> roles_;  // by parameter
  size_t lines_ = 0, pixels_ = 0;
};

}  // namespace ronchi::theory
