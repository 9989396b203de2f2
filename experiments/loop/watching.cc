#include "experiments/loop/watching.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "theory/monitor/kinds.h"

namespace ronchi {
namespace {

// Steps at rest before the watch begins: the first has still been a move's consequence.
constexpr int kQuietSteps = 2;

}  // namespace

absl::StatusOr<Watching> Watching::Create(const Recipe& recipe, const env::Spec& spec,
                                          const std::vector<std::string>& innovations,
                                          const References& references) {
  const MonitorSettings& m = recipe.monitor;
  RONCHI_ASSIGN_OR_RETURN(
      Streams streams, Streams::Create(m.streams, spec, m.rows == MonitorSettings::Rows::kEpisode));
  theory::MonitorOptions options;
  options.frames_between_false_alarms = m.frames_between_false_alarms;
  RONCHI_ASSIGN_OR_RETURN(const theory::MonitorKind* const kind, theory::FindMonitorKind(m.test));
  const auto add = [&](const std::string& name) {
    const auto known = references.find(name);
    const bool has = known != references.end();
    const theory::MonitorRequest request{
        .reference = has ? known->second : theory::ReferenceSummary{},
        .learning_frames = has ? 0 : m.learning_frames,
        .seed = DeriveSeed(recipe.seed, "monitor." + name)};
    options.streams.push_back(
        {.name = name, .make_detector = [kind, request] { return kind->make(request); }});
  };
  if (streams.wants_innovations()) std::ranges::for_each(innovations, add);
  std::ranges::for_each(streams.names(), add);
  RONCHI_ASSIGN_OR_RETURN(theory::MultiStreamMonitor monitor,
                          theory::MultiStreamMonitor::Create(options));
  Watching watching(m, std::move(streams), std::move(monitor));
  watching.unwatched_ = m.settle;
  return watching;
}

void Watching::BeginEpisode() {
  streams_.BeginEpisode();
  if (settings_.rows == MonitorSettings::Rows::kStep) {
    unwatched_ = std::max(unwatched_, settings_.settle);
  }
}

void Watching::AgentActs(bool holds) {
  quiet_steps_ = holds ? quiet_steps_ + 1 : 0;
  if (settings_.when != MonitorSettings::When::kRest) return;
  // The watch begins when the agent has come to rest, and again each time it has moved.
  if (!holds && armed_) {
    armed_ = false;
    monitor_.Rearm();
  } else if (holds && !armed_ && quiet_steps_ >= kQuietSteps) {
    armed_ = true;
  }
}

absl::StatusOr<std::optional<theory::MonitorReport>> Watching::Feed(
    const std::vector<NamedValue>& values, int row) {
  if (settings_.when == MonitorSettings::When::kAlways) armed_ = true;
  if (!armed_) return std::nullopt;
  if (unwatched_ > 0) {
    --unwatched_;
    return std::nullopt;
  }
  if (armed_at_ < 0) armed_at_ = row;
  ++fed_;
  std::vector<double> numbers;
  for (const NamedValue& v : values) numbers.push_back(v.value);
  RONCHI_ASSIGN_OR_RETURN(theory::MonitorReport report, monitor_.Update(numbers));
  return report;
}

absl::StatusOr<Watching::Fed> Watching::Step(const std::vector<NamedValue>& innovations,
                                             const env::Observation& observation,
                                             std::span<const float> action, double reward,
                                             const env::Info& info, int row) {
  Fed out;
  std::vector<NamedValue> values;
  if (streams_.wants_innovations()) values = innovations;
  for (const NamedValue& v : streams_.Step(observation, action, reward, info)) {
    if (settings_.rows == MonitorSettings::Rows::kStep) out.streams.push_back(v);
    values.push_back(v);
  }
  if (settings_.rows == MonitorSettings::Rows::kEpisode) return out;
  RONCHI_ASSIGN_OR_RETURN(out.report, Feed(values, row));
  return out;
}

absl::StatusOr<Watching::Fed> Watching::EndEpisode(int row) {
  Fed out;
  if (settings_.rows != MonitorSettings::Rows::kEpisode) return out;
  out.streams = streams_.EndEpisode();
  RONCHI_ASSIGN_OR_RETURN(out.report, Feed(out.streams, row));
  return out;
}

void Watching::Rearm() {
  monitor_.Rearm();
  unwatched_ = settings_.settle;
}

void Watching::Disarm() {
  armed_ = false;
  quiet_steps_ = 0;
}

}  // namespace ronchi
