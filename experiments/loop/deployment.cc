#include "experiments/loop/deployment.h"

#include <cmath>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "experiments/loop/agent_at_task.h"
#include "experiments/loop/alarm_actions.h"
#include "experiments/loop/theory_at_work.h"
#include "experiments/loop/trace_rows.h"
#include "experiments/loop/watching.h"
#include "hw/safety/guarded.h"

namespace ronchi {
namespace {

// One deployment, from the first image to the last.
class Deployment final : private AlarmSite {
 public:
  Deployment(const Recipe& recipe, agents::Policy* policy, std::shared_ptr<hw::EventLog> log,
             EventBus* bus, const DeployOptions& options)
      : recipe_(recipe), policy_(policy), log_(std::move(log)), bus_(bus), options_(options) {}

  absl::StatusOr<DeploymentResult> Run();

 private:
  absl::Status RunToItsEnd();
  absl::Status Connect();
  absl::Status Begin();
  absl::Status Tell(const Event& event) { return bus_->Publish(event); }
  absl::Status Show(double phase);
  absl::Status Judge();
  absl::Status TellEvidence(const Watching::Fed& fed);
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
  EventBus* bus_;
  const DeployOptions& options_;
  std::mutex mutex_;
  std::string guard_said_;  // last, from whatever thread; mutex_ held
  std::unique_ptr<Watch> instrument_;
  std::unique_ptr<env::Environment> task_;
  std::unique_ptr<TheoryAtWork> theory_;  // null: the recipe has none
  std::optional<TruthColumns> truth_;     // for the trace alone: nothing below acts on it
  std::optional<AgentAtTask> agent_;
  std::optional<Watching> watching_;
  bool restart_ = false, stopped_ = false;
  int rows_ = 0, alarms_ = 0;
  int64_t affected_ = 0;  // images before the last alarm that have seen what it is about
  std::string alarm_stream_, attribution_;  // of the last alarm
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
    (void)Tell(events::Note{"guard", what});
    const std::lock_guard<std::mutex> lock(mutex_);
    guard_said_ = what;
  };
  std::unique_ptr<hw::Instrument> driven;
  RONCHI_ASSIGN_OR_RETURN(
      driven, hw::MakeGuarded(hw::MakeRecorded(std::move(opened), "deploy", log_), guard));
  if (recipe_.prove) {
    hw::ProveOptions prove = *recipe_.prove;
    prove.on_event = [this](const std::string& what) { (void)Tell(events::Note{"prove", what}); };
    RONCHI_ASSIGN_OR_RETURN(driven, hw::MakeProven(std::move(driven), prove));
  }
  instrument_ = std::make_unique<Watch>(std::move(driven), bus_);
  const absl::StatusOr<const InstrumentKind*> kind = KindOf(recipe_.deploy_instrument);
  instrument_->set_count_parks(kind.ok() && (*kind)->kind == "sheet");
  TaskPlace place;
  if (recipe_.one_episode) place.max_episode_steps = recipe_.deploy_steps + 1;
  RONCHI_ASSIGN_OR_RETURN(task_, recipe_.make_deploy_task(instrument_.get(), place));
  if (recipe_.theory) {
    RONCHI_ASSIGN_OR_RETURN(theory_, TheoryAtWork::Create(recipe_, instrument_.get(), bus_));
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

// A row: what the task shows, and what theory has expected of it.
absl::Status Deployment::Show(double phase) {
  ++rows_;
  RONCHI_RETURN_IF_ERROR(Tell(events::Observation{
      .spec = &task_->spec(),
      .observation = &agent_->observation(),
      .info = &agent_->info(),
      .episode = agent_->episodes() - 1,
      .settings = SettingColumns(*instrument_),
      .truth = truth_->Values(*instrument_),
      .more = {{"scan", double(instrument_->exposures() - 1)}, {"phase", phase}}}));
  if (!theory_) return absl::OkStatus();
  return Tell(events::Prediction{.believed = theory_->Believed(),
                                 .image_time_s = theory_->image_time_s(),
                                 .probing_dose_e_per_A2 = theory_->probing_dose_e_per_A2()});
}

absl::Status Deployment::EstimateAnew() {
  RONCHI_ASSIGN_OR_RETURN(const std::string found, theory_->EstimateAnew(affected_));
  events::Estimate estimate{
      .found = found, .images = theory_->probing_images(), .after_alarm = alarms_ > 0};
  if (alarms_ > 0) {
    const Moved moved = theory_->WhatMoved();
    estimate.attribution = attribution_ = moved.attribution;
    estimate.moved_nm = moved.nm;
  }
  return Tell(estimate);
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
  const std::string question = absl::StrCat(
      "The monitor says that something has changed, most of all in ", alarm_stream_,
      attribution_.empty() ? "" : "; theory says: " + attribution_, ". Is the run to go on?");
  const bool yes = options_.ask && options_.ask(question);
  RONCHI_RETURN_IF_ERROR(
      Tell(events::Decision{"decision", yes ? "a person: go on" : "nobody said: go on"}));
  if (!yes) stopped_ = true;
  return absl::OkStatus();
}

absl::Status Deployment::MakeSafe() { return instrument_->Execute(hw::Safe{}).status(); }

absl::Status Deployment::OnAlarm(const theory::MonitorReport& report) {
  ++alarms_;
  alarm_stream_ = report.attribution;
  affected_ = report.frames_since_change;
  attribution_ = "";
  RONCHI_RETURN_IF_ERROR(Tell(events::Alarm{report.attribution}));
  for (const std::string& name : recipe_.monitor.on_alarm) {
    RONCHI_ASSIGN_OR_RETURN(const AlarmAction* const action, FindAlarmAction(name));
    RONCHI_RETURN_IF_ERROR(action->act(this));
    if (stopped_) return Tell(events::Decision{"stop", "after the alarm: " + name});
  }
  watching_->Rearm();
  return Tell(events::Decision{"resume", "the agent goes on; the monitor is armed anew"});
}

absl::Status Deployment::TellEvidence(const Watching::Fed& fed) {
  events::Evidence evidence{.streams = fed.streams};
  if (fed.report) evidence.log10_statistic = fed.report->log_statistic / std::log(10.0);
  return Tell(evidence);
}

// The step that was taken, to theory and the monitor.
absl::Status Deployment::Judge() {
  const bool holds = agent_->Holds(recipe_.monitor.rest);
  watching_->AgentActs(holds);
  RONCHI_RETURN_IF_ERROR(Tell(events::Action{agent_->action(), agent_->reward()}));
  std::vector<NamedValue> innovations;
  if (theory_) {
    theory_->Show();
    RONCHI_ASSIGN_OR_RETURN(innovations, theory_->Update());
  }
  RONCHI_RETURN_IF_ERROR(Show(holds ? 1 : 0));
  if (theory_) RONCHI_RETURN_IF_ERROR(Tell(events::Residual{innovations}));
  RONCHI_ASSIGN_OR_RETURN(const Watching::Fed fed,
                          watching_->Step(innovations, agent_->observation(), agent_->action(),
                                          agent_->reward(), agent_->info(), rows_ - 1));
  RONCHI_RETURN_IF_ERROR(TellEvidence(fed));
  std::optional<theory::MonitorReport> report = fed.report;
  if (agent_->ended()) {
    RONCHI_ASSIGN_OR_RETURN(const Watching::Fed of_episode, watching_->EndEpisode(rows_ - 1));
    RONCHI_RETURN_IF_ERROR(TellEvidence(of_episode));
    if (of_episode.report) report = of_episode.report;
  }
  return report && report->alarm ? OnAlarm(*report) : absl::OkStatus();
}

// A new episode of the task, and its first row.
absl::Status Deployment::Begin() {
  RONCHI_RETURN_IF_ERROR(agent_->BeginEpisode());
  watching_->BeginEpisode();
  result_.episodes = agent_->episodes();
  if (!theory_) return Show(0);
  // The first image is older than the calibration: it is recorded, and judged by nobody.
  theory_->Show();
  const absl::Status calibrated = agent_->episodes() == 1 ? EstimateAnew() : absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(Show(0));
  return calibrated;
}

// From the first observation on; an error is what ended it.
absl::Status Deployment::TakeSteps() {
  for (int step = 0; step < recipe_.deploy_steps; ++step) {
    if (Interrupted()) {
      result_.ending = Ending::kInterrupted;
      result_.ended_by = "interrupted";
      return absl::OkStatus();
    }
    RONCHI_RETURN_IF_ERROR(agent_->Step());
    RONCHI_RETURN_IF_ERROR(Judge());
    RONCHI_RETURN_IF_ERROR(Tell(events::StepDone{}));
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
  StageRecord record;
  const auto recording = bus_->Subscribe([&](const Event& event) { return record.Take(event); });
  RONCHI_RETURN_IF_ERROR(Tell(events::StageBegins{"deploy", recipe_.deploy_steps}));
  const absl::Status done = RunToItsEnd();
  RONCHI_RETURN_IF_ERROR(Tell(events::StageEnds{"deploy"}));
  RONCHI_RETURN_IF_ERROR(done);
  result_.trace = record.TakeTrace();
  result_.alarms = record.TakeAlarms();
  result_.probing_images = record.probing_images();
  return std::move(result_);
}

absl::Status Deployment::RunToItsEnd() {
  RONCHI_RETURN_IF_ERROR(Connect());
  result_.steps_planned = recipe_.deploy_steps;
  result_.ended_by = "steps";
  absl::Status status = Begin();
  if (!status.ok() && rows_ == 0) return Because(status);
  if (status.ok()) status = TakeSteps();
  if (const absl::Status safe = MakeSafeAtEnd(); !safe.ok()) {
    // Who could not blank after a fault has said so already.
    const bool told = absl::StrContains(status.message(), "COULD NOT BE CONFIRMED");
    if (!told) status = status.ok() ? safe : Annotate(safe, std::string(status.message()));
  }
  if (!status.ok()) {  // ends the run, with all that was done
    result_.ending = EndingOf(status);
    result_.ended_by = std::string(Because(status).message());
    RONCHI_RETURN_IF_ERROR(Tell(
        events::Note{result_.ending == Ending::kEarly ? "refused" : "fault", result_.ended_by}));
  }
  result_.armed_at = watching_->armed_at();
  result_.watched = watching_->fed();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Recipe& recipe,
                                                               const std::string& role) {
  const InstrumentMaker& open = role == "tune" ? recipe.open_train : recipe.open_deploy;
  return open(DeriveSeed(recipe.seed, role + ".instrument"));
}

absl::StatusOr<DeploymentResult> Deploy(const Recipe& recipe, agents::Policy* policy,
                                        const std::shared_ptr<hw::EventLog>& log, EventBus* bus,
                                        const DeployOptions& options) {
  return Deployment(recipe, policy, log, bus, options).Run();
}

}  // namespace ronchi
