#include "experiments/loop/deployment.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/loop/agent_at_task.h"
#include "experiments/loop/alarm_actions.h"
#include "experiments/loop/column_theory.h"
#include "experiments/loop/trace_rows.h"
#include "experiments/loop/watching.h"
#include "hw/guarded.h"

namespace ronchi {
namespace {

std::string Note(const Trace& trace) {
  const char* figure = trace.Has("contrast") ? "contrast" : "reward";
  return absl::StrFormat("%s %.3f", figure, trace.Last(figure));
}

// One deployment, from the first image to the last.
class Deployment final : private AlarmSite {
 public:
  Deployment(const Recipe& recipe, agents::Policy* policy, std::shared_ptr<hw::EventLog> log,
             const DeployOptions& options)
      : recipe_(recipe), policy_(policy), log_(std::move(log)), options_(options) {}

  absl::StatusOr<DeploymentResult> Run();

 private:
  absl::Status Connect();
  absl::Status Begin();
  void Record(double phase);
  absl::Status Judge();
  absl::Status OnAlarm(const theory::MonitorReport& report);
  absl::Status TakeSteps();
  absl::Status MakeSafeAtEnd();
  // Why it ended, with the guard's reason where the error is only what followed from it.
  absl::Status Because(const absl::Status& status);

  // AlarmSite
  absl::Status EstimateAnew() override;
  absl::Status Recentre() override;
  absl::Status RestartAgent() override;
  absl::Status AskPerson() override;
  absl::Status MakeSafe() override;
  void Stop() override { stopped_ = true; }

  const Recipe& recipe_;
  agents::Policy* policy_;
  std::shared_ptr<hw::EventLog> log_;
  const DeployOptions& options_;
  std::mutex mutex_;
  std::string guard_said_;  // last, from whatever thread; mutex_ held
  std::unique_ptr<Watch> instrument_;
  std::unique_ptr<env::Environment> task_;
  std::unique_ptr<ColumnTheory> theory_;  // null: the recipe has none
  std::optional<TruthColumns> truth_;     // for the trace alone: nothing below acts on it
  std::optional<AgentAtTask> agent_;
  std::optional<Watching> watching_;
  bool restart_ = false, stopped_ = false;
  DeploymentResult result_;
};

absl::Status Deployment::Connect() {
  RONCHI_ASSIGN_OR_RETURN(auto opened, MakeInstrument(recipe_, "deploy"));
  hw::GroundTruth* const truth = opened->ground_truth();
  result_.has_truth = truth != nullptr;
  RONCHI_ASSIGN_OR_RETURN(hw::GuardOptions guard,
                          ReadRecipeGuard(recipe_.guard, opened->description()));
  guard.accept_current = options_.accept_current;
  guard.on_event = [this](const std::string& what) {
    (void)log_->Note("guard", what);
    const std::lock_guard<std::mutex> lock(mutex_);
    guard_said_ = what;
  };
  RONCHI_ASSIGN_OR_RETURN(
      auto guarded, hw::MakeGuarded(hw::MakeRecorded(std::move(opened), "deploy", log_), guard));
  instrument_ = std::make_unique<Watch>(std::move(guarded));
  const absl::StatusOr<const InstrumentKind*> kind = KindOf(recipe_.deploy_instrument);
  instrument_->set_count_parks(kind.ok() && (*kind)->kind == "sheet");
  TaskPlace place;
  if (recipe_.one_episode) place.max_episode_steps = recipe_.deploy_steps + 1;
  RONCHI_ASSIGN_OR_RETURN(task_, recipe_.make_deploy_task(instrument_.get(), place));
  if (recipe_.theory) {
    RONCHI_ASSIGN_OR_RETURN(theory_, ColumnTheory::Create(recipe_, instrument_.get()));
  }
  truth_.emplace(truth, task_->spec());
  agent_.emplace(task_.get(), policy_, recipe_.seed, "deploy.policy");
  RONCHI_ASSIGN_OR_RETURN(Watching watching, Watching::Create(recipe_, task_->spec(),
                                                              theory_ ? theory_->StreamNames()
                                                                      : std::vector<std::string>(),
                                                              options_.references));
  watching_.emplace(std::move(watching));
  return absl::OkStatus();
}

void Deployment::Record(double phase) {
  Trace& trace = result_.trace;
  PutStep(task_->spec(), agent_->observation(), agent_->info(), agent_->action(), agent_->reward(),
          *instrument_, &trace);
  trace.Put("scan", instrument_->exposures() - 1);
  trace.Put("phase", phase);
  trace.Put("episode", agent_->episodes() - 1);
  truth_->Put(*instrument_, &trace);
  if (!theory_) return;
  trace.Put("time_s", theory_->image_time_s());
  trace.Put("dose_e_per_A2", agent_->info().at("dose_e_per_A2") + theory_->probing_dose_e_per_A2());
  theory_->Put(&trace);
}

absl::Status Deployment::EstimateAnew() {
  RONCHI_ASSIGN_OR_RETURN(const std::string found, theory_->EstimateAnew());
  result_.probing_images = theory_->probing_images();
  RONCHI_RETURN_IF_ERROR(
      log_->Note(result_.alarms.empty() ? "calibration" : "recalibration", found));
  if (result_.alarms.empty()) return absl::OkStatus();
  const Moved moved = theory_->WhatMoved();
  result_.alarms.back().moved_nm = moved.nm;
  result_.alarms.back().attribution = moved.attribution;
  return absl::OkStatus();
}

absl::Status Deployment::Recentre() {
  std::vector<double> back = theory_->WhatMoved().nm;
  for (double& nm : back) nm = -nm;
  return task_->ShiftOrigin(back);
}

absl::Status Deployment::RestartAgent() {
  restart_ = true;
  return absl::OkStatus();
}

absl::Status Deployment::AskPerson() {
  const Alarm& alarm = result_.alarms.back();
  const std::string question =
      absl::StrCat("The monitor says that something has changed, most of all in ", alarm.stream,
                   alarm.attribution.empty() ? "" : "; theory says: " + alarm.attribution,
                   ". Is the run to go on?");
  const bool yes = options_.ask && options_.ask(question);
  RONCHI_RETURN_IF_ERROR(log_->Note("decision", yes ? "a person: go on" : "nobody said: go on"));
  if (!yes) stopped_ = true;
  return absl::OkStatus();
}

absl::Status Deployment::MakeSafe() { return instrument_->Execute(hw::Safe{}).status(); }

absl::Status Deployment::OnAlarm(const theory::MonitorReport& report) {
  result_.alarms.push_back({int(result_.trace.rows()) - 1, report.attribution, "", {}});
  RONCHI_RETURN_IF_ERROR(log_->Note(
      "alarm", absl::StrCat("most evidence in ", report.attribution, "; the agent is paused")));
  for (const std::string& name : recipe_.monitor.on_alarm) {
    RONCHI_ASSIGN_OR_RETURN(const AlarmAction* const action, FindAlarmAction(name));
    RONCHI_RETURN_IF_ERROR(action->act(this));
    if (stopped_) return log_->Note("stop", "after the alarm: " + name);
  }
  watching_->Rearm();
  return log_->Note("resume", "the agent goes on; the monitor is armed anew");
}

// The step that was taken, to theory and the monitor.
absl::Status Deployment::Judge() {
  const bool holds = agent_->Holds(recipe_.monitor.rest);
  watching_->AgentActs(holds);
  std::vector<StreamValue> innovations;
  if (theory_) {
    theory_->Show();
    RONCHI_ASSIGN_OR_RETURN(innovations, theory_->Update());
  }
  Record(holds ? 1 : 0);
  RONCHI_ASSIGN_OR_RETURN(std::optional<theory::MonitorReport> report,
                          watching_->Step(innovations, agent_->observation(), agent_->action(),
                                          agent_->reward(), agent_->info(), &result_.trace));
  if (agent_->ended()) {
    RONCHI_ASSIGN_OR_RETURN(const auto of_episode, watching_->EndEpisode(&result_.trace));
    if (of_episode) report = of_episode;
  }
  return report && report->alarm ? OnAlarm(*report) : absl::OkStatus();
}

// A new episode of the task, and its first row.
absl::Status Deployment::Begin() {
  RONCHI_RETURN_IF_ERROR(agent_->BeginEpisode());
  watching_->BeginEpisode();
  result_.episodes = agent_->episodes();
  if (!theory_) {
    Record(0);
    return absl::OkStatus();
  }
  // The first image is older than the calibration: it is recorded, and judged by nobody.
  theory_->Show();
  const absl::Status calibrated = agent_->episodes() == 1 ? EstimateAnew() : absl::OkStatus();
  Record(0);
  return calibrated;
}

// From the first observation on; an error is what ended it.
absl::Status Deployment::TakeSteps() {
  Progress progress("deploy", size_t(recipe_.deploy_steps));
  for (int step = 0; step < recipe_.deploy_steps; ++step) {
    if (Interrupted()) {
      result_.ending = Ending::kInterrupted;
      result_.ended_by = "interrupted";
      return absl::OkStatus();
    }
    RONCHI_RETURN_IF_ERROR(agent_->Step());
    RONCHI_RETURN_IF_ERROR(Judge());
    progress.Tick(1, Note(result_.trace));
    if (stopped_) {
      result_.ending = Ending::kEarly;
      result_.ended_by = "stopped after an alarm";
      return absl::OkStatus();
    }
    const bool last = step + 1 == recipe_.deploy_steps;
    if (last || !(agent_->ended() || restart_)) continue;
    if (restart_) watching_->Disarm();
    restart_ = false;
    RONCHI_RETURN_IF_ERROR(Begin());
  }
  return absl::OkStatus();
}

absl::Status Deployment::Because(const absl::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // The guard's words on a fault end with the fault's own.
  const bool same = guard_said_.empty() || absl::StartsWith(guard_said_, "fault; ");
  return same ? status : Annotate(status, absl::StrCat("after '", guard_said_, "'"));
}

// A beam of which nobody knows whether it is off is no end in order, whatever came before.
absl::Status Deployment::MakeSafeAtEnd() {
  const absl::StatusOr<hw::Reply> reply = instrument_->Execute(hw::Safe{});
  RONCHI_RETURN_IF_ERROR(Annotate(reply.status(), "at the end"));
  if (reply->blanked) return absl::OkStatus();
  return absl::InternalError("at the end: BLANKING COULD NOT BE CONFIRMED");
}

absl::StatusOr<DeploymentResult> Deployment::Run() {
  RONCHI_RETURN_IF_ERROR(Connect());
  result_.steps_planned = recipe_.deploy_steps;
  result_.ended_by = "steps";
  absl::Status status = Begin();
  if (!status.ok() && result_.trace.rows() == 0) return Because(status);
  if (status.ok()) status = TakeSteps();
  if (const absl::Status safe = MakeSafeAtEnd(); !safe.ok()) {
    // Who could not blank after a fault has said so already.
    const bool told = absl::StrContains(status.message(), "COULD NOT BE CONFIRMED");
    if (!told) status = status.ok() ? safe : Annotate(safe, std::string(status.message()));
  }
  if (!status.ok()) {  // ends the run, with all that was done
    result_.ending = EndingOf(status);
    result_.ended_by = std::string(Because(status).message());
    RONCHI_RETURN_IF_ERROR(
        log_->Note(result_.ending == Ending::kEarly ? "refused" : "fault", result_.ended_by));
  }
  result_.armed_at = watching_->armed_at();
  result_.watched = watching_->fed();
  return std::move(result_);
}

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
  void Keep(const std::vector<StreamValue>& values) {
    for (const StreamValue& v : values) {
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

absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Recipe& recipe,
                                                               const std::string& role) {
  const InstrumentMaker& open = role == "tune" ? recipe.open_train : recipe.open_deploy;
  return open(DeriveSeed(recipe.seed, role + ".instrument"));
}

absl::StatusOr<TuneResult> Tune(const Recipe& recipe, agents::Policy* policy,
                                const std::shared_ptr<hw::EventLog>& log) {
  RONCHI_ASSIGN_OR_RETURN(auto opened, MakeInstrument(recipe, "tune"));
  hw::GroundTruth* const truth = opened->ground_truth();
  Watch instrument(hw::MakeRecorded(std::move(opened), "tune", log));
  TaskPlace place;
  if (recipe.one_episode) place.max_episode_steps = recipe.tune_steps;
  RONCHI_ASSIGN_OR_RETURN(const auto task, recipe.make_train_task(&instrument, place));
  const TruthColumns columns(truth, task->spec());
  AgentAtTask agent(task.get(), policy, recipe.seed, "tune.policy");
  RONCHI_ASSIGN_OR_RETURN(Streams streams,
                          Streams::Create(recipe.monitor.streams, task->spec(),
                                          recipe.monitor.rows == MonitorSettings::Rows::kEpisode));
  ReferenceCollector references(recipe.monitor, std::move(streams));
  TuneResult result;
  const auto record = [&] {
    PutStep(task->spec(), agent.observation(), agent.info(), agent.action(), agent.reward(),
            instrument, &result.trace);
    result.trace.Put("episode", agent.episodes() - 1);
    columns.Put(instrument, &result.trace);
  };
  const auto begin = [&]() -> absl::Status {
    RONCHI_RETURN_IF_ERROR(agent.BeginEpisode());
    references.Begin();
    record();
    return absl::OkStatus();
  };
  RONCHI_RETURN_IF_ERROR(begin());  // a trace has a row, however early the run is interrupted
  Progress progress("tune", size_t(recipe.tune_steps));
  for (int step = 0; step < recipe.tune_steps && !Interrupted(); ++step) {
    if (agent.ended()) RONCHI_RETURN_IF_ERROR(begin());
    RONCHI_RETURN_IF_ERROR(agent.Step());
    references.Step(agent);
    record();
    progress.Tick(1, Note(result.trace));
  }
  RONCHI_RETURN_IF_ERROR(instrument.Execute(hw::Safe{}).status());
  result.references = references.Summary();
  return result;
}

absl::StatusOr<DeploymentResult> Deploy(const Recipe& recipe, agents::Policy* policy,
                                        const std::shared_ptr<hw::EventLog>& log,
                                        const DeployOptions& options) {
  return Deployment(recipe, policy, log, options).Run();
}

}  // namespace ronchi
