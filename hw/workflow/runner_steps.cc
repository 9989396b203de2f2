// The instrument's verbs, carried out.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/error.h"
#include "hw/workflow/results.h"
#include "hw/workflow/runner.h"

namespace ronchi::hw::workflow::internal {

using nlohmann::json;

absl::Status Runner::RunBlock(const Block& block) {
  for (const Step& step : block) {
    if (ended_by_) return absl::OkStatus();
    RONCHI_RETURN_IF_ERROR(RunStep(step));
  }
  return absl::OkStatus();
}

absl::Status Runner::RunStep(const Step& step) {
  if (next_ >= replay_.size()) {
    bool skip = false;
    RONCHI_RETURN_IF_ERROR(LookAround(&skip));
    if (ended_by_) return absl::OkStatus();
    if (skip) return Skipped(step, "");
  } else if (replay_[next_]->value("skipped", false)) {
    ++result_.skipped;
    return NextEntry(step, "").status();
  }
  if (WouldPassSteps(step)) return absl::OkStatus();
  if (IsCommand(step)) return RunCommand(step);
  if (const auto* let = std::get_if<LetStep>(&step.body)) return RunLet(step, *let);
  if (const auto* save = std::get_if<SaveStep>(&step.body)) return RunSave(step, *save);
  if (const auto* wait = std::get_if<WaitStep>(&step.body)) return RunWait(step, *wait);
  if (const auto* loop = std::get_if<ForStep>(&step.body)) return RunFor(step, *loop);
  if (const auto* again = std::get_if<RepeatStep>(&step.body)) return RunRepeat(step, *again);
  if (const auto* ask = std::get_if<AskStep>(&step.body)) return RunAsk(step, *ask);
  if (const auto* decide = std::get_if<DecideStep>(&step.body)) return RunDecide(step, *decide);
  if (const auto* part = std::get_if<BudgetStep>(&step.body)) {
    RONCHI_ASSIGN_OR_RETURN(const Spending limit, ReadLimit(part->budget));
    open_.push_back({&step, limit, {}, {}});
    const absl::Status status = RunBlock(part->body);
    open_.pop_back();
    return status;
  }
  if (const auto* choice = std::get_if<IfStep>(&step.body)) {
    RONCHI_ASSIGN_OR_RETURN(const Value truth, Settle(step, "if", [&]() -> absl::StatusOr<Value> {
                              RONCHI_ASSIGN_OR_RETURN(const bool t,
                                                      Truth(choice->condition, scope_));
                              return Value::Bool(t);
                            }));
    return RunBlock(truth.IsTrue() ? choice->then : choice->otherwise);
  }
  const auto* log = std::get_if<LogStep>(&step.body);
  const Words& words = log ? log->words : std::get<StopStep>(step.body).why;
  const bool replayed = next_ < replay_.size();
  RONCHI_ASSIGN_OR_RETURN(const Value text, Settle(step, "words", [&]() -> absl::StatusOr<Value> {
                            RONCHI_ASSIGN_OR_RETURN(const std::string t, Fill(words, scope_));
                            return Value::Text(t);
                          }));
  if (log && !replayed) setup_.host->Log(text.text);
  if (!log) End(absl::StrCat("stop: ", text.text), true);
  return absl::OkStatus();
}

absl::Status Runner::Skipped(const Step& step, const std::string& label) {
  ++result_.skipped;
  return setup_.journal->Append(
      {{"type", "value"}, {"step", step.path}, {"label", label}, {"skipped", true}});
}

absl::Status Runner::RunCommand(const Step& step) {
  RONCHI_ASSIGN_OR_RETURN(const json* entry, NextEntry(step, ""));
  if (entry) return TakeFromJournal(step, *entry);
  RONCHI_RETURN_IF_ERROR(GoLive());
  RONCHI_ASSIGN_OR_RETURN(const Command command, Exactly(step));
  return Perform(step, command);
}

// The command that the step means now. A set by an increment is the set to where that leads, read
// afresh, or as it was written down when it was in flight: done twice it still ends there.
absl::StatusOr<Command> Runner::Exactly(const Step& step) {
  RONCHI_ASSIGN_OR_RETURN(const CommandRange range, MakeCommand(step, scope_));
  if (!range.exact) {
    return absl::InvalidArgumentError(absl::StrCat(step.where, ": some number is not known"));
  }
  Command command = range.sides[kExpected];
  auto* set = std::get_if<Set>(&command);
  if (!set || !set->relative) return command;
  if (in_flight_ && in_flight_->value("step", "") == step.path) {
    return CommandFromJson(in_flight_->at("command"));
  }
  RONCHI_ASSIGN_OR_RETURN(const Reply at, setup_.instrument->Execute(Read{{set->property}}));
  read_before_s_ = at.elapsed_s;
  if (at.readings.empty()) return absl::InternalError(set->property + " was not read");
  set->relative = false;
  set->value.si += at.readings[0].value.si;
  return command;
}

absl::Status Runner::Perform(const Step& step, const Command& command) {
  const Cost cost = Forecast(command);
  const double bytes = ReplyBytes(description_, command);
  if (bytes > kMostReplyBytes) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("%s: its frames take %.3g GB of memory; allowed: %.3g GB", step.where,
                        bytes * 1e-9, kMostReplyBytes * 1e-9));
  }
  if (WouldPassBudget(step, cost, read_before_s_ < 0 ? 1 : 2, bytes, &command)) {
    read_before_s_ = -1;
    return absl::OkStatus();
  }
  const char* const type = in_handler_ ? "handler" : "command";
  if (!in_handler_) {
    RONCHI_RETURN_IF_ERROR(setup_.journal->Append(
        {{"type", "begin"}, {"step", step.path}, {"command", ToJson(command)}}));
  }
  in_flight_.reset();
  const absl::StatusOr<Reply> reply = Attempt(step, command, cost);
  if (ended_by_ && reply.status().code() == absl::StatusCode::kAborted) return absl::OkStatus();
  const double read_s = std::exchange(read_before_s_, -1);
  json entry = {{"type", type},
                {"step", step.path},
                {"label", ""},
                {"command", ToJson(command)},
                {"commands", read_s < 0 ? 1.0 : 2.0}};
  const double before_s = std::max(0.0, read_s);
  if (!reply.ok()) return NoteFailure(step, reply.status(), cost, before_s, std::move(entry));
  return NoteReply(step, command, *reply, before_s, std::move(entry));
}

// What it cost is not known: in full.
absl::Status Runner::NoteFailure(const Step& step, const absl::Status& fault, const Cost& cost,
                                 double before_s, json entry) {
  const bool goes_on = step.on_fault == Step::OnFault::kContinue;
  if (goes_on) {
    RONCHI_RETURN_IF_ERROR(Note("goes on", std::string(fault.message())));
    ++result_.passed_over;
  }
  const bool perhaps = MayHaveHappened(fault);
  if (!goes_on && !in_handler_) entry["type"] = "failed";
  entry["failed"] = std::string(fault.message());
  entry["elapsed_s"] = before_s + (perhaps ? cost.time_s : 0);
  entry["electrons"] = perhaps ? cost.electrons : 0;
  entry["dose_e_per_m2"] = perhaps ? cost.dose_e_per_m2 : 0;
  entry["frame"] = Frame();
  RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
  RONCHI_RETURN_IF_ERROR(setup_.journal->Append(entry));
  return goes_on ? absl::OkStatus() : Annotate(fault, step.where);
}

absl::Status Runner::NoteReply(const Step& step, const Command& command, const Reply& reply,
                               double before_s, json entry) {
  unblanked_ = !reply.blanked;
  entry["elapsed_s"] = before_s + reply.elapsed_s;
  entry["electrons"] = reply.electrons;
  entry["dose_e_per_m2"] = reply.dose_e_per_m2;
  entry["blanked"] = reply.blanked;
  if (in_handler_) entry["frame"] = Frame();
  RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
  json kept = json::object();
  RONCHI_RETURN_IF_ERROR(Bind(step, reply, &kept));
  entry["results"] = std::move(kept);
  if (std::holds_alternative<Set>(command) && !reply.readings.empty()) {
    set_[reply.readings[0].property] = reply.readings[0].value;
  }
  for (const Reading& r : reply.readings) stands_[r.property] = r.value.si;
  RONCHI_RETURN_IF_ERROR(setup_.journal->Append(entry));
  if (reply.ended != Ended::kComplete) {
    return absl::DeadlineExceededError(absl::StrCat(step.where, ": ended before it was complete"));
  }
  if (std::holds_alternative<Abort>(command)) End("abort", true);
  return absl::OkStatus();
}

// What an attempt that failed has cost is not known: in full. Aborted: another would pass a budget.
absl::StatusOr<Reply> Runner::Attempt(const Step& step, const Command& command, const Cost& cost) {
  absl::StatusOr<Reply> reply = setup_.instrument->Execute(command);
  for (int again = 0; again < step.retries && IsRetryable(reply.status()); ++again) {
    RONCHI_RETURN_IF_ERROR(Note("retry", std::string(reply.status().message())));
    const bool perhaps = MayHaveHappened(reply.status());
    const json lost = {{"type", "aside"},
                       {"command", ToJson(command)},
                       {"elapsed_s", perhaps ? cost.time_s : 0},
                       {"electrons", perhaps ? cost.electrons : 0},
                       {"dose_e_per_m2", perhaps ? cost.dose_e_per_m2 : 0},
                       {"frame", Frame()}};
    RONCHI_RETURN_IF_ERROR(setup_.journal->Append(lost));
    RONCHI_RETURN_IF_ERROR(SpendAsWritten(lost));
    if (WouldPassBudget(step, cost, 1, 0, &command))
      return absl::AbortedError("no budget for another try");
    // A guard blanks after a fault; what needs the beam needs it again.
    if (unblanked_ && Exposes(command)) RONCHI_RETURN_IF_ERROR(Aside(Unblank{}).status());
    reply = setup_.instrument->Execute(command);
  }
  return reply;
}

absl::StatusOr<Reply> Runner::Aside(const Command& command) {
  RONCHI_ASSIGN_OR_RETURN(Reply reply, setup_.instrument->Execute(command));
  const json entry = {{"type", "aside"},
                      {"command", ToJson(command)},
                      {"elapsed_s", reply.elapsed_s},
                      {"electrons", reply.electrons},
                      {"dose_e_per_m2", reply.dose_e_per_m2}};
  RONCHI_RETURN_IF_ERROR(setup_.journal->Append(entry));
  RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
  return reply;
}

// What the check has proven holds for the numbers that it took to be possible; another one ends the
// run before anything is done with it.
absl::Status Runner::CheckForeseen(const Step& step, const std::string& name,
                                   const Value& value) const {
  const auto of_step = setup_.report->foreseen.find(&step);
  if (value.type != Type::kNumber || of_step == setup_.report->foreseen.end()) {
    return absl::OkStatus();
  }
  const auto it = of_step->second.find(name);
  if (it == of_step->second.end() || Includes(it->second, value.number)) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat(
      step.where, ": ", step.as, ".", name, " is ", value.Show(),
      ", which the check did not foresee: ", Value::Range(it->second, value.unit).Show()));
}

absl::Status Runner::Bind(const Step& step, const Reply& reply, json* kept) {
  if (step.as.empty()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(Results results, ResultsOf(step, reply));
  for (auto& [short_name, value] : results) {
    const std::string name = absl::StrCat(step.as, ".", short_name);
    if (used_.contains(name)) RONCHI_RETURN_IF_ERROR(CheckForeseen(step, short_name, value));
    scope_[name] = value;
    if (value.type == Type::kImage && !used_.contains(name)) continue;
    RONCHI_ASSIGN_OR_RETURN((*kept)[name], setup_.journal->Keep(name, value));
  }
  return absl::OkStatus();
}

absl::Status Runner::TakeFromJournal(const Step& step, const json& entry) {
  RONCHI_RETURN_IF_ERROR(SpendAsWritten(entry));
  if (entry.contains("failed")) {
    ++result_.passed_over;
    return absl::OkStatus();
  }
  unblanked_ = !entry.value("blanked", true);
  RONCHI_ASSIGN_OR_RETURN(const Command command, CommandFromJson(entry.at("command")));
  const auto* set = std::get_if<Set>(&command);
  const json results = entry.value("results", json::object());
  for (const auto& [name, j] : results.items()) {
    RONCHI_ASSIGN_OR_RETURN(scope_[name], Journal::ValueFrom(j));
    if (scope_[name].type == Type::kImage) pending_images_[name] = j;
  }
  if (set) {
    set_[set->property] = set->value;
    stands_[set->property] = set->value.si;
  }
  if (std::holds_alternative<Abort>(command)) End("abort", true);
  (void)step;
  return absl::OkStatus();
}

}  // namespace ronchi::hw::workflow::internal
