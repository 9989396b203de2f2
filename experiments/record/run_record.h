// What a run leaves behind, in memory and in its folder:
//   config.yaml    the resolved config; `ronchi run <folder>/config.yaml` repeats the run
//   summary.json   the outcome, versions, commit, seeds
//   events.jsonl, frames.f32   every command and reply (hw/record/recorded.h)
//   data.hdf5      images and curves, for HyperSpy, py4DSTEM, h5py …
//   policy.json    the trained agent
//   report.html    all of it for people
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agents/learner.h"
#include "experiments/loop/deployment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi {

struct RunRecord {
  std::string name, title, agent, environment, config, commit, version;
  uint64_t seed = 0;
  double frames_between_false_alarms = 0;
  agents::TrainingSummary training;
  std::optional<Trace> tune;
  int tune_steps_planned = 0;  // of the recipe; the trace has a row more when all were done
  DeploymentResult deploy;
  std::vector<int> disturbed_at;  // rows of the deployment's trace, from the twin's events
};

// The deployment's alarms, told apart: the first after a disturbance (until the next) is right,
// every other is false. Where there is no ground truth nobody knows.
struct AlarmCount {
  bool known = true;
  int right = 0, false_alarms = 0;
  int delay_images = -1;  // from the first disturbance to its alarm; 1: at the disturbed image
};
AlarmCount CountAlarms(const RunRecord& record);

nlohmann::json Summarise(const RunRecord& record);

// data.hdf5 and summary.json. Errors: those of DataFile and WriteFileAtomically.
absl::Status WriteRunRecord(const std::string& folder, const RunRecord& record);
// NotFound: not a run folder. InvalidArgument: a file of it is damaged.
absl::StatusOr<RunRecord> ReadRunRecord(const std::string& folder);

// "abc123…" of the source tree, with "+changes" when it is not what was committed; "" without git.
std::string SourceCommit();

}  // namespace ronchi
