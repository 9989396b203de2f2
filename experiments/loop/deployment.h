// An agent at work on an instrument, watched by theory:
//   tune     the agent alone on a twin
//   deploy   the same agent on another instrument, behind guard and recorder; theory estimates the
//            column, predicts every image, and the monitor judges the difference. On an alarm the
//            agent is paused, theory takes a few images of its own, estimates anew, moves the
//            settings' origin by what has changed, and the agent goes on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "experiments/loop/ending.h"
#include "experiments/loop/recipe.h"
#include "experiments/loop/trace.h"
#include "hw/recorded.h"

namespace ronchi {

struct Alarm {
  int image = 0;                   // row of the trace
  std::string stream;              // whose evidence was largest
  std::string attribution;         // what moved, by theory's new estimate; or "none of these"
  std::array<double, 3> moved_nm;  // re-estimated change of C10, C12a, C12b
};

struct DeploymentResult {
  Trace trace;
  std::vector<Alarm> alarms;
  int armed_at = -1;  // row at which the watch began; -1: never
  int probing_images = 0;
  int steps_planned = 0;  // of the recipe; the trace has a row more when all were done
  Ending ending = Ending::kDone;
  std::string ended_by;  // "steps", "interrupted", what the guard refused, or what failed
};

// Columns of both traces: time_s, dose_e_per_A2, contrast, C10_nm, C12a_nm, C12b_nm (commanded),
// and for the report alone, from the twin's ground truth: true_ratio (noise-free contrast over the
// best attainable), true_C10_nm, true_C12a_nm, true_C12b_nm (commanded plus hidden).
absl::StatusOr<Trace> Tune(const Recipe& recipe, agents::Policy* policy,
                           const std::shared_ptr<hw::EventLog>& log);

// Besides: scan (number of the scan on the instrument, theory's own among them), phase (0 tuning,
// 1 hold), z_<stream>, log10_statistic,
// believed_C10_nm, believed_C12a_nm, believed_C12b_nm.
// Whatever ends it after the first image (a refusal, a fault of the instrument, of the agent) is
// part of the result, with all that was done until then.
absl::StatusOr<DeploymentResult> Deploy(const Recipe& recipe, agents::Policy* policy,
                                        const std::shared_ptr<hw::EventLog>& log);

// The instruments of a recipe as Tune and Deploy make them, before any wrapper: "tune", "deploy".
absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Recipe& recipe,
                                                               const std::string& role);

}  // namespace ronchi
