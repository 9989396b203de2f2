// An agent at work on an instrument, watched:
//   tune     the agent alone on the instrument it was trained for
//   deploy   the same agent on another one, behind guard and recorder; a monitor watches streams of
//            numbers, where the recipe has a theory the difference between its prediction and every
//            image. On an alarm the agent is paused and the recipe's actions are taken
//            (experiments/loop/alarm_actions.h); then it goes on.
// Nothing here needs ground truth: where there is one, the trace has it for the report.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "experiments/loop/ending.h"
#include "experiments/loop/events.h"
#include "experiments/loop/recipe.h"
#include "experiments/loop/subscribers.h"
#include "experiments/loop/trace.h"
#include "hw/record/recorded.h"
#include "theory/monitor/sr_detector.h"

namespace ronchi {

struct DeploymentResult {
  Trace trace;
  std::vector<Alarm> alarms;
  int armed_at = -1;  // row at which the watch began; -1: never
  int watched = 0;    // rows (or episodes) that the monitor was fed with
  int probing_images = 0;
  int steps_planned = 0;  // of the recipe; the trace has a row more when all were done
  int episodes = 0;       // begun
  bool has_truth = false;
  Ending ending = Ending::kDone;
  std::string ended_by;  // "steps", "interrupted", what the guard refused, or what failed
};

// What is in control, by the name of a stream.
using References = std::map<std::string, theory::ReferenceSummary>;

struct TuneResult {
  Trace trace;
  References references;  // of the recipe's streams on this instrument, for the policy's file
};

// Columns of both traces: experiments/loop/trace_rows.h, and `episode`. What happens is told on the
// bus (experiments/loop/events.h); commands and replies are recorded in the log.
absl::StatusOr<TuneResult> Tune(const Recipe& recipe, agents::Policy* policy,
                                const std::shared_ptr<hw::EventLog>& log, EventBus* bus);

struct DeployOptions {
  std::function<bool(double normal_A, double now_A)> accept_current = nullptr;  // GuardOptions'
  std::function<bool(const std::string& question)> ask = nullptr;  // null: nobody is there
  References references = {};  // where the recipe's monitor asks for the policy's
};
// Besides: scan (exposures on the instrument so far, theory's own among them, less one), phase (0
// the agent moves, 1 it holds), <stream> of the monitor (z_<name> of theory's), log10_statistic,
// believed_C10_nm, believed_C12a_nm, believed_C12b_nm.
// Whatever ends it after the first image (a refusal, a fault of the instrument, of the agent) is
// part of the result, with all that was done until then.
absl::StatusOr<DeploymentResult> Deploy(const Recipe& recipe, agents::Policy* policy,
                                        const std::shared_ptr<hw::EventLog>& log, EventBus* bus,
                                        const DeployOptions& options = {});

// The instruments of a recipe as Tune and Deploy open them, before any wrapper: "tune", "deploy".
absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Recipe& recipe,
                                                               const std::string& role);

}  // namespace ronchi
