#include "experiments/deployment.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/watch.h"
#include "hw/ground_truth.h"
#include "hw/twin/column/column_twin.h"
#include "hw/twin/column/image_model.h"
#include "theory/belief.h"
#include "theory/monitor.h"

namespace ronchi {
namespace {

constexpr double kA_per_nm = kAngstromPerNanometre;
// An action below this is no move: a hundredth of the width of the contrast peak, and a few steps
// of a corrector's resolution.
constexpr float kRest_nm = 0.05f;
constexpr std::array<const char*, 3> kSettings = {"C10_nm", "C12a_nm", "C12b_nm"};

void PutTruth(hw::GroundTruth* truth, double best, Trace* trace) {
  const std::map<std::string, double> hidden = truth->Hidden();
  trace->Put("true_ratio", truth->NoiseFreeContrast() / best);
  for (const char* name : kSettings) {
    trace->Put(absl::StrCat("true_", name), hidden.at(absl::StrCat("total_", name)));
  }
}

void PutStep(const env::AberrationTuning& task, const env::Observation& o, const env::Info& info,
             Trace* trace) {
  trace->Begin(o.at("image"));
  trace->Put("time_s", info.at("time_s"));
  trace->Put("dose_e_per_A2", info.at("dose_e_per_A2"));
  trace->Put("contrast", o.at("contrast")[0]);
  const std::array<double, 3> settings = task.settings_nm();
  for (size_t i = 0; i < 3; ++i) trace->Put(kSettings[i], settings[i]);
}

std::string RatioNote(const Trace& trace) {
  return absl::StrFormat("contrast %.3f", trace.Last("contrast"));
}

absl::StatusOr<theory::ColumnModel> MakeModel(const hw::TwinOptions& o,
                                              const env::AberrationTuningOptions& task) {
  // Theory knows the column's data sheet and the specimen, not the hidden numbers.
  RONCHI_ASSIGN_OR_RETURN(auto images, hw::MakeImageModel(o));
  return theory::ColumnModel(
      {.images = std::move(images),
       .fov_A = task.fov_A,
       .pixels = size_t(task.pixels),
       .electrons_per_pixel = o.nominal_current_A * task.dwell_s / kElementaryCharge_C,
       .counts_per_electron = o.counts_per_electron,
       .dark_counts = o.dark_counts});
}

// The parameter whose change is the most standard deviations of both estimates together.
std::string Attribute(const theory::Belief& belief, const theory::State& before,
                      const theory::Belief::Covariance& before_covariance, double chi2_per_pixel) {
  // A fit that leaves a quarter more than noise has not found what happened.
  if (chi2_per_pixel > 1.25) return "none of these";
  std::string name;
  double most = 0;
  for (int p : {theory::kC10, theory::kC12a, theory::kC12b, theory::kLogDose}) {
    const double variance = belief.covariance()(p, p) + before_covariance(p, p);
    const double size = std::fabs(belief.mean()[p] - before[p]) / std::sqrt(variance);
    if (size > most) {
      most = size;
      name = theory::kParameterNames[size_t(p)];
    }
  }
  return name;
}

// One deployment, from the first image to the last.
class Deployment {
 public:
  Deployment(const Recipe& recipe, agents::Policy* policy, std::shared_ptr<hw::EventLog> log)
      : recipe_(recipe), policy_(policy), log_(std::move(log)) {}

  absl::StatusOr<DeploymentResult> Run();

 private:
  absl::Status Connect();
  absl::Status EstimateAnew(const char* why, bool correct);
  absl::StatusOr<theory::Acquisition> Probe(double c10_nm);
  absl::Status Observe(const env::Observation& observation, const env::Info& info, double phase);
  absl::Status OnAlarm(const theory::MonitorReport& report);
  void Record(const env::Observation& observation, const env::Info& info, double phase,
              const theory::Acquisition& image, int scan);
  absl::Status TakeSteps(env::Observation observation);
  absl::Status MakeSafe();

  // Why it ended, with the guard's reason where the error is only what followed from it.
  absl::Status Because(const absl::Status& status);

  const Recipe& recipe_;
  agents::Policy* policy_;
  std::shared_ptr<hw::EventLog> log_;
  std::mutex mutex_;
  std::string guard_said_;            // last, from whatever thread; mutex_ held
  hw::GroundTruth* truth_ = nullptr;  // for the trace alone: nothing below acts on it
  double best_contrast_ = 0;
  std::unique_ptr<Watch> instrument_;
  std::unique_ptr<env::AberrationTuning> task_;
  std::unique_ptr<theory::Belief> belief_;
  std::unique_ptr<theory::MultiStreamMonitor> monitor_;
  theory::Acquisition latest_;
  bool armed_ = false;
  int scans_ = 0;
  double extra_dose_ = 0;  // of theory's own images
  DeploymentResult result_;
};

absl::Status Deployment::Connect() {
  RONCHI_ASSIGN_OR_RETURN(auto twin, MakeInstrument(recipe_, "deploy"));
  truth_ = twin->ground_truth();
  best_contrast_ = truth_->BestContrast();
  hw::GuardOptions guard = recipe_.guard;
  guard.on_event = [this](const std::string& what) {
    (void)log_->Note("guard", what);
    const std::lock_guard<std::mutex> lock(mutex_);
    guard_said_ = what;
  };
  RONCHI_ASSIGN_OR_RETURN(
      auto guarded, hw::MakeGuarded(hw::MakeRecorded(std::move(twin), "deploy", log_), guard));
  instrument_ = std::make_unique<Watch>(std::move(guarded));
  instrument_->set_listener([this](const theory::Acquisition& a) {
    latest_ = a;
    ++scans_;
  });
  env::AberrationTuningOptions options = recipe_.environment;
  options.max_episode_steps = recipe_.deploy_steps + 1;
  options.dark_counts = recipe_.deploy_instrument.dark_counts;
  RONCHI_ASSIGN_OR_RETURN(task_, env::AberrationTuning::Create(instrument_.get(), options));
  RONCHI_ASSIGN_OR_RETURN(theory::ColumnModel model,
                          MakeModel(recipe_.deploy_instrument, recipe_.environment));
  // What theory expects of the unknowns is what the agent was trained on, not this instrument.
  belief_ = std::make_unique<theory::Belief>(std::move(model), recipe_.train_instrument.prior);
  theory::MonitorOptions monitor;
  monitor.frames_between_false_alarms = recipe_.monitor.frames_between_false_alarms;
  for (const auto& [name, z] : theory::Residual{}.Streams()) {
    monitor.streams.push_back({.name = name, .learning_frames = recipe_.monitor.learning_frames});
  }
  RONCHI_ASSIGN_OR_RETURN(theory::MultiStreamMonitor made,
                          theory::MultiStreamMonitor::Create(monitor));
  monitor_ = std::make_unique<theory::MultiStreamMonitor>(std::move(made));
  return absl::OkStatus();
}

void Deployment::Record(const env::Observation& observation, const env::Info& info, double phase,
                        const theory::Acquisition& image, int scan) {
  Trace& trace = result_.trace;
  PutStep(*task_, observation, info, &trace);
  trace.Put("time_s", image.time_s);
  trace.Put("dose_e_per_A2", info.at("dose_e_per_A2") + extra_dose_);
  trace.Put("scan", scan);
  trace.Put("phase", phase);
  PutTruth(truth_, best_contrast_, &trace);
  const theory::State& m = belief_->mean();
  for (size_t i = 0; i < 3; ++i) {
    trace.Put(absl::StrCat("believed_", kSettings[i]), (m[i] + image.settings_A[i]) / kA_per_nm);
  }
}

// An image of theory's own, with C10 changed by c10_nm for the moment.
absl::StatusOr<theory::Acquisition> Deployment::Probe(double c10_nm) {
  const std::array<double, 3> settings = task_->settings_nm();
  auto set = [&](double value_nm) {
    return instrument_->Execute(hw::Set{"optics.C10", Nanometres(value_nm)});
  };
  if (c10_nm != 0) RONCHI_RETURN_IF_ERROR(set(settings[0] + c10_nm).status());
  const double fov_m = recipe_.environment.fov_A * kMetresPerAngstrom;
  const size_t n = size_t(recipe_.environment.pixels);
  hw::Scan scan{.fov_x_m = fov_m,
                .fov_y_m = fov_m,
                .pixels_x = n,
                .pixels_y = n,
                .dwell_s = recipe_.environment.dwell_s,
                .frames = 2,
                .detectors = {"haadf"}};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, instrument_->Execute(scan));
  extra_dose_ += reply.dose_e_per_m2 * 1e-20;
  ++result_.probing_images;
  const theory::Acquisition image = latest_;
  if (c10_nm != 0) RONCHI_RETURN_IF_ERROR(set(settings[0]).status());
  return image;
}

// Three images at −, 0, + defocus tell the column's state with its sign. With `correct`, the
// settings' origin follows what has moved since the last estimate.
absl::Status Deployment::EstimateAnew(const char* why, bool correct) {
  const theory::State before = belief_->mean();
  const theory::Belief::Covariance before_covariance = belief_->covariance();
  std::vector<theory::Acquisition> images;
  for (double sign : {-1.0, 0.0, 1.0}) {
    RONCHI_ASSIGN_OR_RETURN(theory::Acquisition a, Probe(sign * recipe_.monitor.probe_defocus_nm));
    images.push_back(std::move(a));
  }
  const theory::Belief::FitSummary fit = belief_->Fit(images);
  const theory::State& after = belief_->mean();
  RONCHI_RETURN_IF_ERROR(log_->Note(
      why, absl::StrFormat("estimate from 3 images: C10 %.2f nm, C12a %.2f nm, C12b %.2f nm, "
                           "chi2/pixel %.3f",
                           after[0] / kA_per_nm, after[1] / kA_per_nm, after[2] / kA_per_nm,
                           fit.chi2_per_pixel)));
  if (!correct) return absl::OkStatus();
  std::array<double, 3> moved, back;
  for (size_t i = 0; i < 3; ++i) {
    moved[i] = (after[i] - before[i]) / kA_per_nm;
    back[i] = -moved[i];
  }
  result_.alarms.back().moved_nm = moved;
  result_.alarms.back().attribution =
      Attribute(*belief_, before, before_covariance, fit.chi2_per_pixel);
  return task_->ShiftReference(back);
}

absl::Status Deployment::OnAlarm(const theory::MonitorReport& report) {
  result_.alarms.push_back({int(result_.trace.rows()) - 1, report.attribution, "", {}});
  RONCHI_RETURN_IF_ERROR(log_->Note(
      "alarm", absl::StrCat("most evidence in ", report.attribution, "; the agent is paused")));
  RONCHI_RETURN_IF_ERROR(EstimateAnew("recalibration", true));
  monitor_->Rearm();
  return log_->Note("resume", "the agent goes on; the monitor is armed anew");
}

absl::Status Deployment::Observe(const env::Observation& observation, const env::Info& info,
                                 double phase) {
  const theory::Residual residual = belief_->Update(latest_);
  Record(observation, info, phase, latest_, scans_ - 1);
  std::vector<double> values;
  for (const auto& [name, z] : residual.Streams()) {
    result_.trace.Put("z_" + name, z);
    values.push_back(z);
  }
  if (!armed_) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(const theory::MonitorReport report, monitor_->Update(values));
  result_.trace.Put("log10_statistic", report.log_statistic / std::log(10.0));
  return report.alarm ? OnAlarm(report) : absl::OkStatus();
}

// From the first observation on; an error is what ended it.
absl::Status Deployment::TakeSteps(env::Observation observation) {
  Progress progress("deploy", size_t(recipe_.deploy_steps));
  int quiet_steps = 0;  // in a row without a change of the settings
  for (int step = 0; step < recipe_.deploy_steps; ++step) {
    if (Interrupted()) {
      result_.ending = Ending::kInterrupted;
      result_.ended_by = "interrupted";
      return absl::OkStatus();
    }
    RONCHI_ASSIGN_OR_RETURN(const agents::Action action, policy_->Act(observation));
    const bool holds =
        std::all_of(action.begin(), action.end(), [](float a) { return std::fabs(a) < kRest_nm; });
    quiet_steps = holds ? quiet_steps + 1 : 0;
    RONCHI_ASSIGN_OR_RETURN(env::StepResult next, task_->Step(action));
    // The watch begins when the agent has come to rest, and again each time it has moved.
    if (!holds && armed_) {
      armed_ = false;
      monitor_->Rearm();
    } else if (holds && !armed_ && quiet_steps >= 2) {
      armed_ = true;
      if (result_.armed_at < 0) result_.armed_at = int(result_.trace.rows());
    }
    RONCHI_RETURN_IF_ERROR(Observe(next.observation, next.info, holds ? 1 : 0));
    observation = std::move(next.observation);
    progress.Tick(1, RatioNote(result_.trace));
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
absl::Status Deployment::MakeSafe() {
  const absl::StatusOr<hw::Reply> reply = instrument_->Execute(hw::Safe{});
  RONCHI_RETURN_IF_ERROR(Annotate(reply.status(), "at the end"));
  if (reply->blanked) return absl::OkStatus();
  return absl::InternalError("at the end: BLANKING COULD NOT BE CONFIRMED");
}

absl::StatusOr<DeploymentResult> Deployment::Run() {
  RONCHI_RETURN_IF_ERROR(Connect());
  policy_->Reset(DeriveSeed(recipe_.seed, "deploy.policy"));
  absl::StatusOr<env::ResetResult> reset = task_->Reset(std::nullopt);
  if (!reset.ok()) return Because(reset.status());
  result_.steps_planned = recipe_.deploy_steps;
  result_.ended_by = "steps";
  // The first image is older than the calibration: it is recorded, and judged by nobody.
  const theory::Acquisition first = latest_;
  absl::Status status = EstimateAnew("calibration", false);
  Record(reset->observation, reset->info, 0, first, 0);
  if (status.ok()) status = TakeSteps(std::move(reset->observation));
  if (const absl::Status safe = MakeSafe(); !safe.ok()) status = safe;
  if (!status.ok()) {  // ends the run, with all that was done
    result_.ending = EndingOf(status);
    result_.ended_by = std::string(Because(status).message());
    RONCHI_RETURN_IF_ERROR(
        log_->Note(result_.ending == Ending::kEarly ? "refused" : "fault", result_.ended_by));
  }
  return std::move(result_);
}

}  // namespace

absl::StatusOr<std::unique_ptr<hw::Instrument>> MakeInstrument(const Recipe& recipe,
                                                               const std::string& role) {
  return hw::MakeTwin(role == "tune" ? recipe.train_instrument : recipe.deploy_instrument,
                      DeriveSeed(recipe.seed, role + ".instrument"));
}

absl::StatusOr<Trace> Tune(const Recipe& recipe, agents::Policy* policy,
                           const std::shared_ptr<hw::EventLog>& log) {
  RONCHI_ASSIGN_OR_RETURN(auto twin, MakeInstrument(recipe, "tune"));
  hw::GroundTruth* truth = twin->ground_truth();
  const double best = truth->BestContrast();
  const auto instrument = hw::MakeRecorded(std::move(twin), "tune", log);
  env::AberrationTuningOptions options = recipe.environment;
  options.max_episode_steps = recipe.tune_steps;
  options.dark_counts = recipe.train_instrument.dark_counts;
  RONCHI_ASSIGN_OR_RETURN(auto task, env::AberrationTuning::Create(instrument.get(), options));
  policy->Reset(DeriveSeed(recipe.seed, "tune.policy"));
  Trace trace;
  RONCHI_ASSIGN_OR_RETURN(env::ResetResult reset, task->Reset(std::nullopt));
  PutStep(*task, reset.observation, reset.info, &trace);
  PutTruth(truth, best, &trace);
  env::Observation observation = std::move(reset.observation);
  Progress progress("tune", size_t(recipe.tune_steps));
  for (int step = 0; step < recipe.tune_steps && !Interrupted(); ++step) {
    RONCHI_ASSIGN_OR_RETURN(const agents::Action action, policy->Act(observation));
    RONCHI_ASSIGN_OR_RETURN(env::StepResult next, task->Step(action));
    PutStep(*task, next.observation, next.info, &trace);
    PutTruth(truth, best, &trace);
    observation = std::move(next.observation);
    progress.Tick(1, RatioNote(trace));
  }
  RONCHI_RETURN_IF_ERROR(instrument->Execute(hw::Safe{}).status());
  return trace;
}

absl::StatusOr<DeploymentResult> Deploy(const Recipe& recipe, agents::Policy* policy,
                                        const std::shared_ptr<hw::EventLog>& log) {
  return Deployment(recipe, policy, log).Run();
}

}  // namespace ronchi
