// What is known where ways meet, and before every round of a loop.
#include <algorithm>
#include <utility>

#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow::internal {
namespace {

// Steps beyond those that are followed one by one, after which nothing is followed any more: loops
// in loops in loops.
constexpr size_t kFurtherSteps = 400000;
// Rounds whose states are joined before ends that still move go to infinity.
constexpr int kJoinedRounds = 4, kAllRounds = 64;

}  // namespace

void Checker::JoinStates(State other, State* state, std::optional<bool> likely) {
  if (!other.alive) return;
  if (!state->alive) {
    *state = std::move(other);
    return;
  }
  for (auto& [name, value] : state->scope) {
    const auto it = other.scope.find(name);
    if (it == other.scope.end()) {
      value.maybe = true;
    } else if (!JoinInto(it->second, &value)) {
      value.maybe = true;  // of two types: using it is the mistake
    }
  }
  for (auto& [name, value] : other.scope) {
    if (state->scope.contains(name)) continue;
    value.maybe = true;
    state->scope.emplace(name, std::move(value));
  }
  for (auto& [name, position] : state->positions) {
    position = Join(position, other.positions.at(name));
  }
  state->can_be_blanked |= other.can_be_blanked;
  state->can_be_unblanked |= other.can_be_unblanked;
  for (size_t i = 0; i < kSides; ++i) {
    Spent &mine = state->spent[i], &theirs = other.spent[i];
    if (i == kExpected && likely) {
      if (!*likely) mine = std::move(theirs);
      continue;
    }
    const auto pick = [&](double a, double b) {
      return i == kLeast ? std::min(a, b) : i == kWorst ? std::max(a, b) : (a + b) / 2;
    };
    mine.time_s = pick(mine.time_s, theirs.time_s);
    mine.electrons = pick(mine.electrons, theirs.electrons);
    mine.commands = pick(mine.commands, theirs.commands);
    mine.steps = pick(mine.steps, theirs.steps);
    mine.bytes = pick(mine.bytes, theirs.bytes);
    if (i == kLeast) mine.tally.JoinSmaller(theirs.tally);
    if (i == kExpected) mine.tally.JoinMean(theirs.tally);
    if (i == kWorst) mine.tally.JoinLarger(theirs.tally);
  }
  state->person_s = std::max(state->person_s, other.person_s);
}

// Ends that `joined` has moved from where they were in `known` go to where nothing lies beyond: a
// value's to infinity, a property's to its limits.
void Checker::WidenFrom(const State& known, State* joined) const {
  for (auto& [name, value] : joined->scope) {
    const auto it = known.scope.find(name);
    if (it == known.scope.end()) continue;
    Value wide = it->second;
    WidenTo(value, &wide);
    wide.maybe |= value.maybe;
    value = std::move(wide);
  }
  for (auto& [name, position] : joined->positions) {
    const PropertyInfo* p = description_.FindProperty(name);
    if (known.positions.at(name) == position) continue;
    position = Join(position, {p->min, p->max});
  }
}

// `state` ⊑ the result, and what a round makes of the result ⊑ the result: so it holds what is
// known before every round, by induction, whatever the rounds before were. That a round's outcome
// is included is tested, not taken from the way it was found.
bool Checker::FindInvariant(const Step& step, const Block& body,
                            const std::function<void(State*)>& bind, State* state) {
  const State start = *state;
  const auto forecasts = forecasts_;
  const auto round = [&](const State& from) {
    State s = from;
    bind(&s);
    const std::optional<State> end = end_;
    RunBlock(body, &s);
    end_ = end;  // what is spent is counted once it is known what is known
    return s;
  };
  State known = start;
  bool found = false;
  for (int i = 0; i < kAllRounds && !found && !lost_; ++i) {
    State next = round(known);
    next.spent = start.spent;
    next.person_s = start.person_s;
    if (!next.alive || Includes(known, next)) {
      found = true;
      break;
    }
    State joined = known;
    JoinStates(next, &joined);
    if (i >= kJoinedRounds) WidenFrom(known, &joined);
    known = std::move(joined);
  }
  // One step back down, where that holds too: from the start or from any round's end.
  if (found) {
    State narrow = round(known);
    narrow.spent = start.spent;
    narrow.person_s = start.person_s;
    if (narrow.alive) {
      JoinStates(start, &narrow);
      State after = round(narrow);
      if (!after.alive || Includes(narrow, after)) known = std::move(narrow);
    }
  }
  forecasts_ = forecasts;
  known.spent = start.spent;
  known.person_s = start.person_s;
  *state = std::move(known);
  if (steps_ > options_.followed_steps + kFurtherSteps) lost_ = true;
  if (found && !lost_) return true;
  Error(step.where,
        "what its rounds change cannot be followed to an end; nothing is proven of it: use fewer "
        "loops within loops, or smaller ones");
  return false;
}

}  // namespace ronchi::hw::workflow::internal
