// A vector of environments with common moments: observations of mean 0 and variance 1 over all of
// them, rewards over the spread of their discounted returns, as Gymnasium's vector wrappers
// NormalizeObservation and NormalizeReward. Final observations (kSameStep) are normalised by the
// same moments and do not count towards them.
#pragma once

#include "core/running_moments.h"
#include "env/vector_environment.h"

namespace ronchi::env {

struct NormalisedVectorOptions {
  bool observations = true, rewards = true;
  double gamma = 0.99, epsilon = 1e-8;
};

class NormalisedVector {
 public:
  NormalisedVector(std::unique_ptr<VectorEnvironment> vector,
                   const NormalisedVectorOptions& options);

  absl::Status Reset(std::optional<uint64_t> seed, const ResetOptions& options = {});
  absl::Status Step(std::span<const float> actions);
  // Everything else is as the vector has it: flags, info, spaces, what was not normalised.
  const VectorEnvironment& vector() const { return *vector_; }
  std::span<const float> observations() const { return observations_; }
  std::span<const double> rewards() const { return rewards_; }
  std::span<const float> final_observations() const { return final_observations_; }

  void set_frozen(bool frozen) { frozen_ = frozen; }  // for evaluation: used, no longer updated
  const RunningMoments& observation_moments() const { return observation_moments_; }
  const RunningMoments& return_moments() const { return return_moments_; }

  absl::StatusOr<std::string> Save() const;
  absl::Status Restore(const std::string& saved);

 private:
  void NormaliseObservations(bool update);
  void NormaliseRewards();

  const NormalisedVectorOptions options_;
  std::unique_ptr<VectorEnvironment> vector_;
  RunningMoments observation_moments_, return_moments_{1};
  std::vector<float> observations_, final_observations_;
  std::vector<double> rewards_, returns_;  // returns_: discounted, so far
  bool frozen_ = false;
};

}  // namespace ronchi::env
