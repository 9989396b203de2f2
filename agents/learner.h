// A Learner turns experience in environments into a Policy: Options → Train → Summary. Not having
// converged is an outcome in the summary, not an error.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "core/status.h"
#include "env/environment.h"

namespace ronchi::agents {

struct TrainingPoint {
  int64_t steps = 0;       // environment steps so far
  double mean_return = 0;  // of the episodes that ended since the last point
  double mean_length = 0;
};
struct TrainingSummary {
  int64_t steps = 0;
  int64_t steps_asked = 0;  // 0: training is not counted in steps
  int64_t episodes = 0;
  bool interrupted = false;  // ended early by a signal; the policy is what there was
  std::vector<TrainingPoint> curve;
};
struct Trained {
  std::unique_ptr<Policy> policy;
  TrainingSummary summary;
};

using env::EnvironmentFactory;

struct TrainOptions {
  // A file. Where it is there, training goes on from it, to the bits of a training that was never
  // interrupted; it is written anew while training, and at its end. "": none.
  std::string checkpoint;
  int64_t checkpoint_every = 10;  // rounds of learning
};

class Learner {
 public:
  virtual ~Learner() = default;
  // Unimplemented: a checkpoint is asked of a learner, or of environments, that cannot make one.
  virtual absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed,
                                        const TrainOptions& options) = 0;
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed) {
    return Train(make, seed, {});
  }
};

}  // namespace ronchi::agents
