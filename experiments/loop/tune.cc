// The stage "tune": the agent alone on the instrument it was trained for.
#include <cmath>

#include "core/interrupt.h"
#include "experiments/loop/agent_at_task.h"
#include "experiments/loop/deployment.h"
#include "experiments/loop/streams.h"
#include "experiments/loop/trace_rows.h"

namespace ronchi {
namespace {

// What the recipe's streams are on the instrument that the agent was trained for.
class ReferenceCollector {
 public:
  ReferenceCollector(const MonitorSettings& settings, Streams streams)
      : per_episode_(settings.rows == MonitorSettings::Rows::kEpisode),
        always_(settings.when == MonitorSettings::When::kAlways),
        rest_(settings.rest),
        settle_(settings.settle),
        streams_(std::move(streams)) {}
  void Begin() {
    streams_.BeginEpisode();
    steps_ = 0;
  }
  void Step(const AgentAtTask& agent) {
    const auto values =
        streams_.Step(agent.observation(), agent.action(), agent.reward(), agent.info());
    const bool watched = always_ ? steps_++ >= settle_ : agent.Holds(rest_);
    if (!per_episode_ && watched) Keep(values);
    if (per_episode_ && agent.ended()) Keep(streams_.EndEpisode());
  }
  References Summary() const {
    References out;
    for (const auto& [name, values] : values_) out[name] = theory::SummariseReference(values);
    return out;
  }

 private:
  void Keep(const std::vector<NamedValue>& values) {
    for (const NamedValue& v : values) {
      if (std::isfinite(v.value)) values_[v.name].push_back(v.value);
    }
  }
  const bool per_episode_, always_;
  const double rest_;
  const int settle_;
  int steps_ = 0;
  Streams streams_;
  std::map<std::string, std::vector<double>> values_;
};

}  // namespace

absl::StatusOr<TuneResult> Tune(const Recipe& recipe, agents::Policy* policy,
                                const std::shared_ptr<hw::EventLog>& log, EventBus* bus) {
  RONCHI_ASSIGN_OR_RETURN(auto opened, MakeInstrument(recipe, "tune"));
  hw::GroundTruth* const truth = opened->ground_truth();
  Watch instrument(hw::MakeRecorded(std::move(opened), "tune", log), bus);
  TaskPlace place;
  if (recipe.one_episode) place.max_episode_steps = recipe.tune_steps;
  RONCHI_ASSIGN_OR_RETURN(const auto task, recipe.make_train_task(&instrument, place));
  const TruthColumns columns(truth, task->spec());
  AgentAtTask agent(task.get(), policy, recipe.seed, "tune.policy");
  RONCHI_ASSIGN_OR_RETURN(Streams streams,
                          Streams::Create(recipe.monitor.streams, task->spec(),
                                          recipe.monitor.rows == MonitorSettings::Rows::kEpisode));
  ReferenceCollector references(recipe.monitor, std::move(streams));
  StageRecord record;
  const auto recording = bus->Subscribe([&](const Event& event) { return record.Take(event); });
  const auto show = [&] {
    return bus->Publish(events::Observation{.spec = &task->spec(),
                                            .observation = &agent.observation(),
                                            .info = &agent.info(),
                                            .episode = agent.episodes() - 1,
                                            .settings = SettingColumns(instrument),
                                            .truth = columns.Values(instrument)});
  };
  const auto begin = [&]() -> absl::Status {
    RONCHI_RETURN_IF_ERROR(agent.BeginEpisode());
    references.Begin();
    return show();
  };
  RONCHI_RETURN_IF_ERROR(bus->Publish(events::StageBegins{"tune", recipe.tune_steps}));
  RONCHI_RETURN_IF_ERROR(begin());  // a trace has a row, however early the run is interrupted
  for (int step = 0; step < recipe.tune_steps && !Interrupted(); ++step) {
    if (agent.ended()) RONCHI_RETURN_IF_ERROR(begin());
    RONCHI_RETURN_IF_ERROR(agent.Step());
    references.Step(agent);
    RONCHI_RETURN_IF_ERROR(bus->Publish(events::Action{agent.action(), agent.reward()}));
    RONCHI_RETURN_IF_ERROR(show());
    RONCHI_RETURN_IF_ERROR(bus->Publish(events::StepDone{}));
  }
  RONCHI_RETURN_IF_ERROR(instrument.Execute(hw::Safe{}).status());
  RONCHI_RETURN_IF_ERROR(bus->Publish(events::StageEnds{"tune"}));
  return TuneResult{record.TakeTrace(), references.Summary()};
}

}  // namespace ronchi
