#include "hw/workflow/runner.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "core/json_error.h"
#include "hw/instrument/command_json.h"
#include "hw/workflow/names.h"

namespace ronchi::hw::workflow {

absl::StatusOr<RunResult> RunWorkflow(const RunSetup& setup) {
  if (!setup.report->ok()) {
    return absl::FailedPreconditionError("a workflow that the check refuses is not run");
  }
  try {
    return internal::Runner(setup).Run();
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat(setup.folder, ": the journal does not fit the workflow: ", JsonError(e)));
  }
}

namespace internal {

using nlohmann::json;

Runner::Runner(const RunSetup& setup)
    : setup_(setup), workflow_(*setup.workflow), description_(setup.instrument->description()) {
  for (const std::string& name : NamesUsed(workflow_)) used_.insert(name);
  stands_ = setup_.report->positions;
}

absl::Status Runner::Note(const std::string& what, const std::string& detail) {
  setup_.host->Log(absl::StrCat(what, detail.empty() ? "" : ": ", detail));
  return setup_.journal->Append({{"type", "note"}, {"what", what}, {"detail", detail}});
}

// Blank before anything else: nobody knows how the last sitting ended.
absl::Status Runner::Begin() {
  for (const json& entry : setup_.journal->entries()) {
    const std::string type = entry.value("type", "");
    if (type == "finish") {
      return absl::FailedPreconditionError(absl::StrCat(setup_.folder, ": this run has ended (",
                                                        entry.value("ended_by", ""),
                                                        "); begin another in a new folder"));
    }
    if (type == "begin") in_flight_ = entry;
    const bool handled = type == "handler" && entry.contains("electrons");
    if (type == "aside" || type == "lost" || handled) {
      RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
      if (type == "lost") in_flight_.reset();
    }
    if (type == "failed") {  // it has been counted, and is to be done again
      RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
      if (in_flight_) (*in_flight_)["counted"] = true;
    }
    if (type == "command" || type == "value") {
      replay_.push_back(&entry);
      in_flight_.reset();
    }
  }
  const bool again = !setup_.journal->entries().empty();
  RONCHI_ASSIGN_OR_RETURN(scope_, Constants(workflow_));
  ShowSpent();
  if (again) {
    std::string detail = "the state of the instrument is uncertain; blanking first";
    if (in_flight_) {
      result_.in_flight = absl::StrCat(in_flight_->value("step", ""), ": ",
                                       in_flight_->value("command", json::object()).dump());
      absl::StrAppend(&detail, "; in flight, carried out or not: ", result_.in_flight);
    }
    RONCHI_RETURN_IF_ERROR(Note("resumed", detail));
  } else {
    RONCHI_RETURN_IF_ERROR(setup_.journal->Append({{"type", "start"},
                                                   {"workflow", workflow_.title},
                                                   {"instrument", description_.id},
                                                   {"pid", getpid()}}));
  }
  const absl::StatusOr<Reply> blank = setup_.instrument->Execute(Blank{});
  if (blank.ok() && blank->blanked) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(blank.status());
  return absl::InternalError("the instrument does not confirm that the beam is blanked");
}

absl::StatusOr<const json*> Runner::NextEntry(const Step& step, const std::string& label) {
  if (in_handler_ || next_ >= replay_.size()) return nullptr;
  const json* entry = replay_[next_];
  if (entry->value("step", "") != step.path || entry->value("label", "") != label) {
    misfit_ = absl::InvalidArgumentError(
        absl::StrCat("the journal does not fit the workflow: it goes on with ",
                     entry->value("step", "?"), ", the workflow with ", step.path));
    return misfit_;
  }
  ++next_;
  ++result_.replayed;
  return entry;
}

// In steps that are allowed at once: a simulation begins at zero again, and a real instrument may
// have been moved meanwhile.
absl::Status Runner::PutBack(const std::string& property, const Quantity& value) {
  RONCHI_RETURN_IF_ERROR(Note("restored", absl::StrCat(property, " = ", Format(value))));
  RONCHI_ASSIGN_OR_RETURN(const Reply now, Aside(Read{{property}}));
  const PropertyInfo* p = description_.FindProperty(property);
  const double from = now.readings.empty() ? value.si : now.readings[0].value.si;
  const double step = p && p->max_step > 0 ? 0.99 * p->max_step : kInfinity;  // rounding of each
  const double steps = std::max(1.0, std::ceil(std::fabs(value.si - from) / step));
  for (double i = 1; i <= steps; ++i) {
    const double to = i == steps ? value.si : from + (value.si - from) * i / steps;
    RONCHI_RETURN_IF_ERROR(
        Aside(Set{.property = property, .value = {to, value.dimension}}).status());
  }
  return absl::OkStatus();
}

absl::Status Runner::GoLive() {
  if (live_) return absl::OkStatus();
  live_ = true;
  for (const auto& [name, j] : pending_images_) {
    const auto it = scope_.find(name);
    if (it == scope_.end() || it->second.type != Type::kImage || it->second.images) continue;
    RONCHI_ASSIGN_OR_RETURN(it->second.images, Journal::LoadImages(setup_.folder, j));
  }
  pending_images_.clear();
  if (replay_.empty() && !in_flight_) return absl::OkStatus();
  for (const auto& [property, value] : set_) RONCHI_RETURN_IF_ERROR(PutBack(property, value));
  // Whether it was carried out is not known: its dose counts in full.
  if (in_flight_ && !in_flight_->value("counted", false)) {
    const auto command = CommandFromJson(in_flight_->value("command", json::object()));
    if (command.ok()) {
      const Cost cost = Forecast(*command);
      const json lost = {{"type", "lost"},
                         {"command", in_flight_->at("command")},
                         {"elapsed_s", 0},
                         {"electrons", cost.electrons},
                         {"dose_e_per_m2", cost.dose_e_per_m2},
                         {"frame", Frame()}};
      RONCHI_RETURN_IF_ERROR(setup_.journal->Append(lost));
      RONCHI_RETURN_IF_ERROR(SpendAsWritten(lost));
    }
  }
  if (unblanked_) RONCHI_RETURN_IF_ERROR(Aside(Unblank{}).status());
  return absl::OkStatus();
}

absl::StatusOr<Value> Runner::Settle(const Step& step, const std::string& label,
                                     const std::function<absl::StatusOr<Value>()>& compute) {
  RONCHI_ASSIGN_OR_RETURN(const json* entry, NextEntry(step, label));
  if (entry) return Journal::ValueFrom(entry->value("value", json()));
  RONCHI_RETURN_IF_ERROR(GoLive());
  RONCHI_ASSIGN_OR_RETURN(Value value, compute());
  RONCHI_ASSIGN_OR_RETURN(json kept, setup_.journal->Keep(absl::StrCat("let.", label), value));
  RONCHI_RETURN_IF_ERROR(setup_.journal->Append({{"type", in_handler_ ? "handler" : "value"},
                                                 {"step", step.path},
                                                 {"label", label},
                                                 {"value", std::move(kept)}}));
  return value;
}

void Runner::End(std::string why, bool finished) {
  if (ended_by_) return;
  ended_by_ = std::move(why);
  finished_ = finished;
}

absl::Status Runner::LookAround(bool* skip) {
  *skip = false;
  if (in_handler_) return absl::OkStatus();
  if (Interrupted()) {
    End("interrupted", false);
    return absl::OkStatus();
  }
  const Wish wish = setup_.host->Poll();
  switch (wish.kind) {
    case Wish::Kind::kStop:
      End(absl::StrCat("stopped by ", wish.who), false);
      break;
    case Wish::Kind::kSkip:
      *skip = true;
      return Note("skip", absl::StrCat("by ", wish.who));
    case Wish::Kind::kPause:
      return Pause(wish.who, skip);
    case Wish::Kind::kResume:
    case Wish::Kind::kNone:
      break;
  }
  return absl::OkStatus();
}

absl::Status Runner::Pause(const std::string& who, bool* skip) {
  constexpr auto kLookAgain = std::chrono::milliseconds(20);  // below what a person notices
  const bool was_unblanked = unblanked_;
  RONCHI_RETURN_IF_ERROR(Note("pause", absl::StrCat("by ", who)));
  if (was_unblanked && live_) RONCHI_RETURN_IF_ERROR(Aside(Blank{}).status());
  for (Wish wish;; wish = setup_.host->Poll()) {
    if (Interrupted()) End("interrupted", false);
    if (wish.kind == Wish::Kind::kStop) End(absl::StrCat("stopped by ", wish.who), false);
    if (ended_by_) return absl::OkStatus();
    if (wish.kind == Wish::Kind::kSkip) {
      *skip = true;
      RONCHI_RETURN_IF_ERROR(Note("skip", absl::StrCat("by ", wish.who)));
    }
    if (wish.kind == Wish::Kind::kResume) {
      RONCHI_RETURN_IF_ERROR(Note("resume", absl::StrCat("by ", wish.who)));
      break;
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  if (was_unblanked && live_) return Aside(Unblank{}).status();
  return absl::OkStatus();
}

absl::Status Runner::RunHandler(const absl::Status& fault) {
  const absl::StatusOr<Reply> blank = setup_.instrument->Execute(Blank{});
  const bool confirmed = blank.ok() && blank->blanked;
  unblanked_ = false;
  RONCHI_RETURN_IF_ERROR(Note(
      "fault",
      absl::StrCat(std::string(fault.message()),
                   confirmed ? "; the beam is blanked" : "; BLANKING COULD NOT BE CONFIRMED")));
  in_handler_ = live_ = true;
  const absl::StatusOr<Scope> constants = Constants(workflow_);
  if (constants.ok()) scope_ = *constants;
  ShowSpent();
  open_.clear();
  scope_["fault.message"] = Value::Text(std::string(fault.message()));
  const std::optional<std::string> ended = std::exchange(ended_by_, std::nullopt);
  const absl::Status status = RunBlock(workflow_.on_fault);
  if (ended_by_) RONCHI_RETURN_IF_ERROR(Note("on_fault ended", *ended_by_));
  ended_by_ = ended;
  in_handler_ = false;
  if (!status.ok()) return Note("on_fault failed", std::string(status.message()));
  return absl::OkStatus();
}

absl::Status Runner::Finish(const absl::Status& status, RunResult* result) {
  absl::Status worst;
  if (!status.ok()) {
    worst = RunHandler(status);
    result->fault = status;
    ended_by_ = absl::StrCat("fault: ", std::string(status.message()));
    finished_ = false;
  }
  const absl::StatusOr<Reply> safe = setup_.instrument->Execute(Safe{});
  absl::Status blanked = safe.status();
  if (safe.ok() && !safe->blanked) {
    blanked = absl::InternalError("at the end: BLANKING COULD NOT BE CONFIRMED");
  }
  if (!blanked.ok() && result->fault.ok()) {
    result->fault = blanked;
    ended_by_ = absl::StrCat("fault: ", std::string(blanked.message()));
    finished_ = false;
  }
  if (!ended_by_) End("done", true);
  RONCHI_RETURN_IF_ERROR(worst);
  result->ended_by = *ended_by_;
  result->finished = finished_;
  result->spent = spent_;
  if (!finished_) return Note("ended", *ended_by_);
  return setup_.journal->Append({{"type", "finish"},
                                 {"ended_by", *ended_by_},
                                 {"time_s", spent_.time_s},
                                 {"dose_e_per_m2", spent_.dose_e_per_m2},
                                 {"electrons", spent_.electrons},
                                 {"commands", spent_.commands}});
}

absl::StatusOr<RunResult> Runner::Run() {
  RONCHI_RETURN_IF_ERROR(Begin());
  absl::Status status = RunBlock(workflow_.steps);
  if (status.ok() && next_ < replay_.size() && !ended_by_) {
    misfit_ =
        absl::InvalidArgumentError("the journal does not fit the workflow: it holds more steps");
  }
  if (!misfit_.ok()) {
    (void)setup_.instrument->Execute(Safe{});
    return misfit_;
  }
  if (status.ok() && !ended_by_) {  // where the journal held all of it: no beam for nothing
    unblanked_ = false;
    status = GoLive();
  }
  RONCHI_RETURN_IF_ERROR(Finish(status, &result_));
  return std::move(result_);
}

}  // namespace internal
}  // namespace ronchi::hw::workflow
