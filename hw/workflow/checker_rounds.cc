// How often a loop goes round, by its limits and by its budget, and what many rounds spend.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow::internal {
namespace {

// How many rounds of this cost a budget has room for.
double RoundsIn(const Spending& budget, const Spending& round) {
  const auto rounds = [](double b, double r) {
    if (std::isinf(b)) return kInfinity;
    return r > 0 ? std::floor(b / r * (1 + 1e-9)) : kInfinity;
  };
  return std::min({rounds(budget.time_s, round.time_s),
                   rounds(budget.dose_e_per_m2, round.dose_e_per_m2),
                   rounds(budget.commands, round.commands)});
}

void AddRoundsTo(const Spent& before, double rounds, Spent* now) {
  const auto add = [&](double* value, double was) {
    if (*value > was && rounds > 0) *value += rounds * (*value - was);
  };
  add(&now->time_s, before.time_s);
  add(&now->electrons, before.electrons);
  add(&now->commands, before.commands);
  add(&now->steps, before.steps);
  add(&now->bytes, before.bytes);
  now->tally.AddScaled(now->tally.Since(before.tally), rounds);
}

}  // namespace

Spending Difference(const Spent& after, const Spent& before) {
  return {after.time_s - before.time_s,       after.tally.Since(before.tally).Largest(),
          after.electrons - before.electrons, after.commands - before.commands,
          after.steps - before.steps,         after.bytes - before.bytes};
}

Checker::Mark Checker::Begin(const State& state) {
  return {state.spent, state.person_s, forecasts_, std::exchange(end_, std::nullopt)};
}

// The round since `before` is one of `rounds` more. Where the run may end within it, as many whole
// rounds may have come before.
void Checker::AddRounds(Mark before, const std::array<double, kSides>& rounds, State* state) {
  const auto add = [](double& value, double was, double times) {
    if (value > was && times > 0) value += times * (value - was);
  };
  if (end_) {
    const Spent whole = state->spent[kWorst];
    Spent& at_end = end_->spent[kWorst];
    // A round that never goes on is the last.
    if (state->alive && rounds[kWorst] > 0) {
      Spent more = whole;
      AddRoundsTo(before.spent[kWorst], rounds[kWorst] - 1, &more);
      at_end.time_s += more.time_s - before.spent[kWorst].time_s;
      at_end.electrons += more.electrons - before.spent[kWorst].electrons;
      at_end.commands += more.commands - before.spent[kWorst].commands;
      at_end.steps += more.steps - before.spent[kWorst].steps;
      at_end.bytes += more.bytes - before.spent[kWorst].bytes;
      at_end.tally.AddScaled(more.tally.Since(before.spent[kWorst].tally), 1);
      end_->person_s += rounds[kWorst] * (state->person_s - before.person_s);
    }
  }
  if (before.end) {
    std::optional<State> all = std::move(before.end);
    if (end_) JoinEnds(std::move(*end_), &all);
    end_ = std::move(all);
  }
  if (!state->alive) return;
  for (size_t i = 0; i < kSides; ++i) {
    if (rounds[i] > 0) AddRoundsTo(before.spent[i], rounds[i], &state->spent[i]);
  }
  add(state->person_s, before.person_s, rounds[kWorst]);
  for (auto& [step, now] : forecasts_) {
    const auto it = before.forecasts.find(step);
    const StepForecast was = it == before.forecasts.end() ? StepForecast{} : it->second;
    add(now.times, was.times, rounds[kWorst]);
    add(now.worst_time_s, was.worst_time_s, rounds[kWorst]);
    add(now.worst_electrons, was.worst_electrons, rounds[kWorst]);
    add(now.expected_time_s, was.expected_time_s, rounds[kExpected]);
    add(now.expected_electrons, was.expected_electrons, rounds[kExpected]);
  }
}

Spending Checker::ReadBudget(const Budget& budget, const Scope& scope) {
  Spending s = Infinite();
  const auto take = [&](const std::optional<Formula>& f, Dimension dimension, double* into) {
    if (!f) return;
    const auto v = Take(Number(*f, scope, dimension));
    if (v && !(v->low > 0)) Error(f->where, "must be above 0");
    if (v && v->low > 0) *into = v->low;
  };
  take(budget.dose, Dimension::kDose, &s.dose_e_per_m2);
  take(budget.time, Dimension::kTime, &s.time_s);
  take(budget.commands, Dimension::kNone, &s.commands);
  return s;
}

std::optional<Checker::Rounds> Checker::ReadRounds(const Step& step, const RepeatStep& loop,
                                                   const State& state) {
  Rounds rounds{{kInfinity, kInfinity, kInfinity}, ReadBudget(loop.budget, state.scope)};
  constexpr double kMost = 1e9;
  if (loop.max) {
    if (const auto n = Take(Whole(*loop.max, state.scope, 1, kMost))) {
      rounds.limit = {n->low, (n->low + n->high) / 2, n->high};
    }
  }
  if (loop.expect) {
    if (const auto n = Take(Whole(*loop.expect, state.scope, 1, kMost))) {
      if (loop.max && n->low > rounds.limit[kWorst]) Error(loop.expect->where, "more than max");
      rounds.limit[kExpected] = std::min(rounds.limit[kExpected], n->high);
    }
  }
  if (loop.until) rounds.limit[kLeast] = 1;
  if (loop.max || !loop.budget.empty()) return rounds;
  Error(step.where,
        "may never end; give 'max' (rounds) or a 'budget' of its own, as in "
        "budget: {time: 600 s}");
  return std::nullopt;
}

// A budget gives the number of rounds once it is known what one costs: a round begins while the
// most that one may take is left, so that k rounds were worth (k − 1) of the cheapest and one of
// the dearest. The runner ends the loop at that number of rounds, should they be cheaper still.
void Checker::LimitByBudget(const Step& step, const RepeatStep& loop, const Mark& before,
                            bool first, const State& after, Limits* limits) {
  std::array<Spending, kSides> one;
  for (size_t i = 0; i < kSides; ++i) one[i] = Difference(after.spent[i], before.spent[i]);
  Spending& most = report_.rounds[&step];
  most.time_s = std::max(most.time_s, one[kWorst].time_s);
  most.dose_e_per_m2 = std::max(most.dose_e_per_m2, one[kWorst].dose_e_per_m2);
  most.commands = std::max(most.commands, one[kWorst].commands);
  if (loop.budget.empty()) return;
  if (RoundsIn(limits->budget, most) < 1) {
    Error(loop.budget.where,
          absl::StrFormat("not even one round may fit: it may take %.4g s, %.4g e/A^2 and %.0f "
                          "commands",
                          most.time_s, most.dose_e_per_m2 * 1e-20, most.commands));
  }
  Spending& least = limits->cheapest;
  least.time_s = std::min(least.time_s, one[kLeast].time_s);
  least.dose_e_per_m2 = std::min(least.dose_e_per_m2, one[kLeast].dose_e_per_m2);
  least.commands = std::min(least.commands, one[kLeast].commands);
  limits->rounds[kWorst] = std::max(1.0, RoundsIn(limits->budget, least));
  if (!first) return;
  for (const Side side : {kLeast, kExpected}) {
    Spending left = limits->budget;
    left.time_s -= most.time_s, left.dose_e_per_m2 -= most.dose_e_per_m2;
    left.commands -= most.commands;
    const double w = weight_[side] > 0 ? weight_[side] : 1;
    Spending cost = one[side];
    cost.time_s /= w, cost.dose_e_per_m2 /= w, cost.commands /= w;
    limits->rounds[side] = std::max(1.0, std::min(limits->rounds[side], RoundsIn(left, cost) + 1));
  }
}

// The runner ends a loop before what would pass its budget.
void Checker::CapByBudget(const RepeatStep& loop, const Spending& budget, const Spent& was,
                          State* state) {
  if (loop.budget.empty()) return;
  Spent& now = state->spent[kWorst];
  now.time_s = std::min(now.time_s, was.time_s + budget.time_s);
  now.commands = std::min(now.commands, was.commands + budget.commands);
  if (std::isinf(budget.dose_e_per_m2)) return;
  const Tally since = now.tally.Since(was.tally).CappedAt(budget.dose_e_per_m2);
  now.tally = was.tally;
  now.tally.AddScaled(since, 1);
}

}  // namespace ronchi::hw::workflow::internal
