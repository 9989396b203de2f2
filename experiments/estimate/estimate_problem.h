// What a job and its frames amount to: a forward model of a kind of detector, the data in its
// shape, and where a fit may begin.
#pragma once

#include <memory>
#include <vector>

#include "experiments/estimate/estimate.h"
#include "theory/forward/forward_model.h"

namespace ronchi {

struct EstimateProblem {
  // Its parameters: those of the job in its order, and the scale (true over nominal electrons).
  std::shared_ptr<const theory::ForwardModel> model;
  std::vector<theory::Acquisition> data;
  std::vector<theory::State> starts;
  int tryout_steps = 3;  // from each start, before the best one is chosen
};

// Of a pixelated detector: one pattern, the mean of the frames (estimate_pattern.cc).
absl::StatusOr<EstimateProblem> PatternProblem(const EstimateJob& job, const FrameSeries& frames);
// Of a ring: scanned images, a series or the mean of the frames (estimate_images.cc).
absl::StatusOr<EstimateProblem> ImageProblem(const EstimateJob& job, const FrameSeries& frames);

// The frames as electrons, [x, y] each: one by one, or all together as one frame. InvalidArgument:
// no electrons.
absl::StatusOr<std::vector<Array<double>>> ElectronsOf(const EstimateJob& job,
                                                       const FrameSeries& frames, bool together);
double SumOf(const Array<double>& values);
// With the scale with which the model's sum is that of the data.
void SetScale(const EstimateProblem& problem, theory::State* at);

}  // namespace ronchi
