// Loops, values, people and agents, carried out.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "hw/workflow/results.h"
#include "hw/workflow/runner.h"

namespace ronchi::hw::workflow::internal {

using nlohmann::json;

absl::Status Runner::RunLet(const Step& step, const LetStep& let) {
  for (const auto& [name, formula] : let.bindings) {
    RONCHI_ASSIGN_OR_RETURN(scope_[name],
                            Settle(step, name, [&] { return EvaluateExactly(formula, scope_); }));
    // The pixels of an image that is bound anew are in the journal's files, too.
    if (scope_[name].type == Type::kImage && !scope_[name].images) {
      pending_images_[name] = replay_[next_ - 1]->at("value");
    }
  }
  return absl::OkStatus();
}

absl::Status Runner::RunSave(const Step& step, const SaveStep& save) {
  RONCHI_ASSIGN_OR_RETURN(const json* entry, NextEntry(step, "save"));
  if (entry) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(GoLive());
  json values = json::object();
  for (const auto& [name, formula] : save.values) {
    RONCHI_ASSIGN_OR_RETURN(const Value v, EvaluateExactly(formula, scope_));
    double bytes = 0;
    for (size_t i = 0; v.images && i < v.images->frames.size(); ++i) {
      bytes += double(v.images->frames[i].size() * sizeof(float));
    }
    if (WouldPassBudget(step, {}, 0, bytes)) return absl::OkStatus();
    spent_.bytes += bytes;
    RONCHI_ASSIGN_OR_RETURN(values[name], setup_.journal->Save(v));
  }
  return setup_.journal->Append({{"type", in_handler_ ? "handler" : "value"},
                                 {"step", step.path},
                                 {"label", "save"},
                                 {"saved", std::move(values)}});
}

absl::Status Runner::RunWait(const Step& step, const WaitStep& wait) {
  RONCHI_ASSIGN_OR_RETURN(const Value time, Settle(step, "wait", [&]() -> absl::StatusOr<Value> {
                            RONCHI_ASSIGN_OR_RETURN(const Interval t,
                                                    Number(wait.time, scope_, Dimension::kTime));
                            if (!t.exact() || !(t.low >= 0)) {
                              return At(wait.time, "expected a time of 0 s or more");
                            }
                            const Cost cost{.time_s = t.low};
                            if (WouldPassBudget(step, cost, 0, 0)) return Value::Of(Seconds(0));
                            double left = t.low;
                            bool skip = false;
                            while (left > 0 && !skip && !ended_by_) {
                              left -= setup_.host->Wait(left);
                              if (left > 0) RONCHI_RETURN_IF_ERROR(LookAround(&skip));
                            }
                            return Value::Of(Seconds(t.low - std::max(0.0, left)));
                          }));
  SpendTime(time.number.low);
  return absl::OkStatus();
}

absl::Status Runner::RunFor(const Step& step, const ForStep& loop) {
  RONCHI_ASSIGN_OR_RETURN(const Value list, Settle(step, "in", [&]() -> absl::StatusOr<Value> {
                            RONCHI_ASSIGN_OR_RETURN(Value v, EvaluateExactly(loop.in, scope_));
                            if (v.type != Type::kList) return At(loop.in, "expected a list");
                            return v;
                          }));
  for (const Interval& item : list.items) {
    if (ended_by_) break;
    scope_[loop.name] = Value::Number(item.low, list.unit);
    RONCHI_RETURN_IF_ERROR(RunBlock(loop.body));
  }
  scope_.erase(loop.name);
  return absl::OkStatus();
}

absl::Status Runner::RunRepeat(const Step& step, const RepeatStep& loop) {
  double most = kInfinity;
  if (loop.max) {
    RONCHI_ASSIGN_OR_RETURN(const Interval max, Number(*loop.max, scope_, Dimension::kNone));
    if (!max.exact()) return At(*loop.max, "has no finite value");
    most = max.low;
  }
  RONCHI_ASSIGN_OR_RETURN(const Spending budget, ReadLimit(loop.budget));
  if (const auto it = setup_.report->most_rounds.find(&step);
      it != setup_.report->most_rounds.end()) {
    most = std::min(most, it->second);
  }
  const auto round_cost = setup_.report->rounds.find(&step);
  const Spending one = round_cost == setup_.report->rounds.end() ? Spending{} : round_cost->second;
  const size_t depth = open_.size();
  open_.push_back({&step, budget, {}, {}});
  const absl::Status status = RunRounds(step, loop, most, one);
  if (open_.size() > depth) open_.pop_back();
  return status;
}

absl::Status Runner::RunRounds(const Step& step, const RepeatStep& loop, double most,
                               const Spending& one) {
  constexpr double kRoundOff = 1 + 1e-9;
  for (double round = 0; round < most && !ended_by_; ++round) {
    // A round begins while the budget has room for the most that it may take.
    if (!loop.budget.empty()) {
      RONCHI_ASSIGN_OR_RETURN(
          const Value room, Settle(step, "round", [&] {
            const Open& o = open_.back();
            return absl::StatusOr<Value>(Value::Bool(
                o.spent.time_s + one.time_s <= o.limit.time_s * kRoundOff &&
                o.spent.commands + one.commands <= o.limit.commands * kRoundOff &&
                o.spent.dose_e_per_m2 + one.dose_e_per_m2 <= o.limit.dose_e_per_m2 * kRoundOff));
          }));
      if (!room.IsTrue()) break;
    }
    RONCHI_RETURN_IF_ERROR(RunBlock(loop.body));
    if (!loop.until || ended_by_) continue;
    RONCHI_ASSIGN_OR_RETURN(const Value done, Settle(step, "until", [&]() -> absl::StatusOr<Value> {
                              RONCHI_ASSIGN_OR_RETURN(const bool t, Truth(*loop.until, scope_));
                              return Value::Bool(t);
                            }));
    if (done.IsTrue()) return absl::OkStatus();
  }
  // Else it would look as though it had found what it was looking for.
  if (!loop.until || ended_by_ || next_ < replay_.size()) return absl::OkStatus();
  return Note("not reached",
              absl::StrCat("'", loop.until->text(), "' in line ", step.line,
                           ": the rounds, or the loop's budget, were used up first"));
}

// The beam is not on while nobody knows for how long.
absl::StatusOr<Answer> Runner::AskBlanked(const Question& question) {
  const auto confirm = [&](const Command& command, bool blanked) -> absl::Status {
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, setup_.instrument->Execute(command));
    if (reply.blanked == blanked) return absl::OkStatus();
    return absl::InternalError("the instrument does not confirm that the beam is blanked");
  };
  if (unblanked_) RONCHI_RETURN_IF_ERROR(confirm(Blank{}, true));
  Answer answer = setup_.host->Ask(question);
  if (!answer.given) {  // somebody may have stopped the run instead
    bool skip = false;
    RONCHI_RETURN_IF_ERROR(LookAround(&skip));
  }
  if (unblanked_ && !ended_by_) RONCHI_RETURN_IF_ERROR(confirm(Unblank{}, false));
  return answer;
}

// What a person says, or what is taken in its place; nothing when the run was stopped meanwhile.
absl::StatusOr<std::optional<Value>> Runner::Answered(const AskStep& ask, const Question& q,
                                                      Dimension dimension) {
  const bool yes_no = ask.answer == "yes_no";
  RONCHI_ASSIGN_OR_RETURN(const Answer a, AskBlanked(q));
  if (!a.given && ended_by_) return std::optional<Value>();
  std::string detail = absl::StrCat("'", q.text, "' ");
  const bool fits = yes_no || q.between.Contains(a.number);
  if (!a.given || !fits) {
    absl::StrAppend(&detail, a.given ? "was answered out of bounds" : "was not answered",
                    ask.otherwise ? "; the value for that is taken" : ": denied");
  } else {
    absl::StrAppend(&detail, "answered ",
                    yes_no ? (a.yes ? "yes" : "no") : Format({a.number, dimension}), " by ", a.who,
                    a.why.empty() ? "" : absl::StrCat(", because ", a.why));
  }
  RONCHI_RETURN_IF_ERROR(Note("ask", detail));
  if (yes_no) return std::optional<Value>(Value::Bool(a.given && a.yes));
  if (a.given && fits) return std::optional<Value>(Value::Of({a.number, dimension}));
  if (!ask.otherwise) return std::optional<Value>(Value::Bool(false));  // denied
  RONCHI_ASSIGN_OR_RETURN(const Interval v, Number(*ask.otherwise, scope_, dimension));
  return std::optional<Value>(Value::Of({v.low, dimension}));
}

absl::Status Runner::RunAsk(const Step& step, const AskStep& ask) {
  Dimension dimension = Dimension::kNone;
  const bool yes_no = ask.answer == "yes_no";
  if (!yes_no) (void)DimensionNamed(ask.answer, &dimension);
  bool stopped = false;
  const auto answered = [&]() -> absl::StatusOr<Value> {
    Question q{.name = ask.name.empty() ? step.as : ask.name, .kind = ask.answer};
    RONCHI_ASSIGN_OR_RETURN(q.text, Fill(ask.question, scope_));
    RONCHI_ASSIGN_OR_RETURN(const Interval timeout, Number(*ask.timeout, scope_, Dimension::kTime));
    q.timeout_s = timeout.low;
    if (!yes_no) {
      RONCHI_ASSIGN_OR_RETURN(const auto pair, Pair(*ask.between, scope_, dimension, false));
      q.between = {pair[0].low, pair[1].high};
    }
    RONCHI_ASSIGN_OR_RETURN(const std::optional<Value> value, Answered(ask, q, dimension));
    stopped = !value;
    // An error keeps the question out of the journal: it is asked again when the run goes on.
    if (stopped) return absl::CancelledError("stopped while it waited for an answer");
    return *value;
  };
  const absl::StatusOr<Value> answer = Settle(step, "ask", answered);
  if (stopped) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(answer.status());
  const bool denied = answer->type == Type::kBool && answer->IsFalse();
  if (denied && (step.as.empty() || !yes_no)) {
    End(absl::StrCat("denied: '", ask.name.empty() ? step.as : ask.name, "' in line ", step.line),
        true);
    return absl::OkStatus();
  }
  if (!step.as.empty()) scope_[step.as] = *answer;
  return absl::OkStatus();
}

absl::Status Runner::RunDecide(const Step& step, const DecideStep& decide) {
  RONCHI_ASSIGN_OR_RETURN(const json* entry, NextEntry(step, "decide"));
  if (!entry) RONCHI_RETURN_IF_ERROR(GoLive());
  Decision d{.step = step.path, .agent = decide.agent, .seed = workflow_.seed};
  Value list = Value::List({}, {});
  for (const auto& [name, formula] : decide.outputs) {
    RONCHI_ASSIGN_OR_RETURN(const Value pair, EvaluateExactly(formula, scope_));
    if (pair.items.size() != 2) return At(formula, "expected [lowest, highest]");
    d.outputs.push_back({name, pair.items[0].low, pair.items[1].low, pair.unit});
  }
  json observed = json::object();
  if (entry) {
    if (entry->contains("maximise")) d.value = entry->at("maximise").get<double>();
    for (const auto& [name, formula] : decide.observe) {
      RONCHI_ASSIGN_OR_RETURN(Value v, Journal::ValueFrom(entry->at("observed").at(name)));
      d.observed.emplace_back(name, std::move(v));
    }
  } else {
    if (decide.value) {
      RONCHI_ASSIGN_OR_RETURN(const Value v, EvaluateExactly(*decide.value, scope_));
      d.value = v.number.low;
    }
    for (const auto& [name, formula] : decide.observe) {
      RONCHI_ASSIGN_OR_RETURN(Value v, EvaluateExactly(formula, scope_));
      observed[name] = json{{"type", "image"}};
      if (v.type != Type::kImage) {
        RONCHI_ASSIGN_OR_RETURN(observed[name], setup_.journal->Keep("", v));
      }
      d.observed.emplace_back(name, std::move(v));
    }
  }
  // On going on with a run, too: so that the agent remembers.
  RONCHI_ASSIGN_OR_RETURN(std::vector<double> chosen, setup_.decider->Decide(d));
  if (entry) chosen = entry->at("chosen").get<std::vector<double>>();
  if (chosen.size() != d.outputs.size()) {
    return absl::InternalError(absl::StrCat(step.where, ": the agent chose ", chosen.size(),
                                            " numbers, not ", d.outputs.size()));
  }
  for (size_t i = 0; i < chosen.size(); ++i) {
    const Decision::Output& o = d.outputs[i];
    if (!(chosen[i] >= o.low && chosen[i] <= o.high)) {
      return absl::OutOfRangeError(absl::StrCat(
          step.where, ": the agent chose ", o.name, " = ", Value::Number(chosen[i], o.unit).Show(),
          "; allowed: ", Value::Range({o.low, o.high}, o.unit).Show()));
    }
    scope_[absl::StrCat(step.as, ".", o.name)] = Value::Number(chosen[i], o.unit);
  }
  if (entry) return absl::OkStatus();
  json j = {{"type", in_handler_ ? "handler" : "value"},
            {"step", step.path},
            {"label", "decide"},
            {"chosen", chosen},
            {"observed", observed}};
  if (d.value) j["maximise"] = *d.value;
  return setup_.journal->Append(j);
}

}  // namespace ronchi::hw::workflow::internal
