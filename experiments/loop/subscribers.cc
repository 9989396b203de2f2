#include "experiments/loop/subscribers.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "experiments/loop/trace_rows.h"

namespace ronchi {

EventBus::Subscriber NotesOf(std::shared_ptr<hw::EventLog> log) {
  return [log = std::move(log)](const Event& event) -> absl::Status {
    if (const auto* alarm = std::get_if<events::Alarm>(&event)) {
      return log->Note("alarm",
                       absl::StrCat("most evidence in ", alarm->stream, "; the agent is paused"));
    }
    if (const auto* estimate = std::get_if<events::Estimate>(&event)) {
      return log->Note(estimate->after_alarm ? "recalibration" : "calibration", estimate->found);
    }
    if (const auto* decision = std::get_if<events::Decision>(&event)) {
      return log->Note(decision->what, decision->why);
    }
    if (const auto* note = std::get_if<events::Note>(&event)) {
      return log->Note(note->what, note->detail);
    }
    return absl::OkStatus();
  };
}

void StageRecord::Begin(const events::Observation& shown) {
  const bool first = action_.empty();
  PutStep(*shown.spec, *shown.observation, *shown.info, action_,
          first ? std::numeric_limits<double>::quiet_NaN() : reward_, &trace_);
  for (const auto* values : {&shown.settings, &shown.more, &shown.truth}) {
    for (const NamedValue& v : *values) trace_.Put(v.name, v.value);
  }
  trace_.Put("episode", shown.episode);
  action_.clear();
}

absl::Status StageRecord::Take(const Event& event) {
  if (const auto* action = std::get_if<events::Action>(&event)) {
    action_.assign(action->action.begin(), action->action.end());
    reward_ = action->reward;
  } else if (const auto* shown = std::get_if<events::Observation>(&event)) {
    Begin(*shown);
  } else if (const auto* prediction = std::get_if<events::Prediction>(&event)) {
    trace_.Put("time_s", prediction->image_time_s);
    trace_.Put("dose_e_per_A2", trace_.Last("dose_e_per_A2") + prediction->probing_dose_e_per_A2);
    for (const NamedValue& v : prediction->believed) trace_.Put(v.name, v.value);
  } else if (const auto* residual = std::get_if<events::Residual>(&event)) {
    for (const NamedValue& v : residual->z) trace_.Put("z_" + v.name, v.value);
  } else if (const auto* evidence = std::get_if<events::Evidence>(&event)) {
    for (const NamedValue& v : evidence->streams) trace_.Put("stream_" + v.name, v.value);
    if (evidence->log10_statistic) trace_.Put("log10_statistic", *evidence->log10_statistic);
  } else if (const auto* alarm = std::get_if<events::Alarm>(&event)) {
    alarms_.push_back({int(trace_.rows()) - 1, alarm->stream, "", {}});
  } else if (const auto* estimate = std::get_if<events::Estimate>(&event)) {
    probing_images_ = estimate->images;
    if (estimate->after_alarm && !alarms_.empty()) {
      alarms_.back().attribution = estimate->attribution;
      alarms_.back().moved_nm = estimate->moved_nm;
    }
  }
  return absl::OkStatus();
}

absl::Status TerminalProgress::Take(const Event& event) {
  if (const auto* begins = std::get_if<events::StageBegins>(&event)) {
    stage_ = begins->stage;
    steps_ = begins->steps;
  } else if (const auto* action = std::get_if<events::Action>(&event)) {
    reward_ = action->reward;
  } else if (const auto* shown = std::get_if<events::Observation>(&event)) {
    const auto contrast = shown->observation->find("contrast");
    const bool has = contrast != shown->observation->end() && contrast->second.size() == 1;
    note_ = has ? absl::StrFormat("contrast %.3f", contrast->second[0])
                : absl::StrFormat("reward %.3f", reward_);
    // From the first row on: before it, theory may have had images of its own to take.
    if (!progress_) progress_ = std::make_unique<Progress>(stage_, size_t(steps_));
  } else if (std::holds_alternative<events::StepDone>(event)) {
    if (progress_) progress_->Tick(1, note_);
  } else if (std::holds_alternative<events::StageEnds>(event)) {
    progress_.reset();
  }
  return absl::OkStatus();
}

}  // namespace ronchi
