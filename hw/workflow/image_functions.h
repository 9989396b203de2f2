// What expressions can ask of an image. An image that is not known yet (when a workflow is checked)
// gives what any image could.
#pragma once

#include "core/status.h"
#include "hw/workflow/value.h"

namespace ronchi::hw::workflow {

// Over all pixels of all frames, in counts.
absl::StatusOr<Value> ImageMean(const Value& image);
absl::StatusOr<Value> ImageSum(const Value& image);
absl::StatusOr<Value> ImageStd(const Value& image);
absl::StatusOr<Value> ImageExtreme(const Value& image, bool largest);
absl::StatusOr<Value> ImageFrames(const Value& image);  // how many frames

// Variance over mean squared, with `dark` counts taken off. Of one frame shot noise adds its own
// 1/mean; with two frames or more the covariance of the first two is taken in place of the
// variance, in which noise that is independent from frame to frame drops out.
absl::StatusOr<Value> ImageContrast(const Value& image, const Interval& dark);

// By how many pixels the scene of `to` stands further along x (or y) than that of `from`: the peak
// of the normalised cross-correlation of the frames' means, searched up to an eighth of the
// field either way and refined by a parabola. A lattice is its own image one period on: the field's
// eighth must be below half a period, or the answer is one of several.
absl::StatusOr<Value> ImageShift(const Value& from, const Value& to, bool along_x);

}  // namespace ronchi::hw::workflow
