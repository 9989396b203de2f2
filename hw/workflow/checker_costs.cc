// What steps cost at most: time by the farthest way, dose wherever it may fall, data by the largest
// frames.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/validate.h"
#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow {

double ReplyBytes(const Description& d, const Command& command) {
  constexpr double kBytes = sizeof(float);
  if (const auto* scan = std::get_if<Scan>(&command)) {
    const auto [lines, samples] = ScanShape(*scan);
    double values = 0;
    for (const std::string& name : scan->detectors) {
      const DetectorInfo* info = d.FindDetector(name);
      const bool scanned = !info || info->kind == DetectorKind::kScanned;
      values += scanned ? 1 : double(info->pixels_x) * double(info->pixels_y);
    }
    return kBytes * double(lines) * double(samples) * double(scan->frames) * values;
  }
  if (const auto* expose = std::get_if<Expose>(&command)) {
    const DetectorInfo* camera = d.FindDetector(expose->camera);
    const double binning = double(std::max<size_t>(expose->binning, 1));
    const double pixels = camera ? double(camera->pixels_x) * double(camera->pixels_y) : 0;
    return kBytes * double(expose->frames) * pixels / binning;
  }
  return 0;
}

namespace internal {
namespace {

// What CheckCommand lets through at most: beyond it the command is refused, and costs nothing.
Command Capped(const Description& d, Command command) {
  if (auto* scan = std::get_if<Scan>(&command)) {
    const size_t most =
        scan->pattern == ScanPattern::kRaster ? d.max_pixels : d.max_pixels * d.max_pixels;
    scan->pixels_x = std::min(scan->pixels_x, most);
    scan->pixels_y = std::min(scan->pixels_y, most);
    scan->frames = std::min(scan->frames, kMostFrames);
    scan->dwell_s = std::min(scan->dwell_s, d.max_dwell_s);
  }
  if (auto* park = std::get_if<Park>(&command)) {
    park->duration_s = std::min(park->duration_s, kLongestPark_s);
  }
  if (auto* expose = std::get_if<Expose>(&command)) {
    expose->frames = std::min(expose->frames, kMostFrames);
    if (const DetectorInfo* camera = d.FindDetector(expose->camera)) {
      expose->time_s = std::min(expose->time_s, camera->max_dwell_s);
    }
  }
  return command;
}

double Middle(const Interval& i) {
  return std::isfinite(i.low) && std::isfinite(i.high) ? (i.low + i.high) / 2 : 0;
}

double Half(const Interval& i) { return (i.high - i.low) / 2; }

// In the specimen's frame, wherever the scan is turned and the stage stands; a frame that is not
// known at all gives an infinite width.
Rectangle OnSpecimen(const Reach& reach, const Interval& rotation, const Interval& stage_x,
                     const Interval& stage_y) {
  const Rectangle there{reach.x.low, reach.y.low, reach.x.high - reach.x.low,
                        reach.y.high - reach.y.low};
  return hw::OnSpecimen(there, {.rotation_rad = Middle(rotation),
                                .stage_x_m = Middle(stage_x),
                                .stage_y_m = Middle(stage_y),
                                .rotation_off_rad = Half(rotation),
                                .stage_x_off_m = Half(stage_x),
                                .stage_y_off_m = Half(stage_y)});
}

bool IsBounded(const Rectangle& r) {
  return std::isfinite(r.x_m) && std::isfinite(r.y_m) && std::isfinite(r.width_m) &&
         std::isfinite(r.height_m);
}

}  // namespace

std::array<double, kSides> Checker::Ways(const SetStep& set, const Interval& value,
                                         const State& before) const {
  const PropertyInfo* p = description_.FindProperty(set.property);
  const auto it = before.positions.find(set.property);
  if (!p || it == before.positions.end()) return {0, 0, 0};
  const double slack = Slack(*p);
  Interval way = value;
  if (!set.relative) {
    const Interval to = {std::max(value.low, p->min), std::min(value.high, p->max)};
    way = to - it->second;
  }
  const double most = std::max(std::fabs(way.low), std::fabs(way.high)) + slack;
  const double least = way.Contains(0) ? 0 : std::min(std::fabs(way.low), std::fabs(way.high));
  return {std::max(0.0, least - slack), std::fabs(Middle(way)), most};
}

Interval Checker::Stands(const char* property, const State& state) const {
  const PropertyInfo* p = description_.FindProperty(property);
  if (!p) return {0, 0};
  const auto it = state.positions.find(property);
  if (it == state.positions.end()) return {p->min, p->max};
  // It may read as far off, and stand as far off from what it reads.
  return {it->second.low - 2 * Slack(*p), it->second.high + 2 * Slack(*p)};
}

void Checker::AddDose(const CommandRange& range, Side side, const Cost& cost, const State& state,
                      Tally* tally) const {
  if (cost.where.empty() || !(cost.dose_e_per_m2 > 0)) return;
  if (side != kWorst && !range.place_known) return tally->AddAnywhere(cost.dose_e_per_m2);
  Interval rotation = Stands("scan.rotation", state);
  Interval x = Stands("stage.x", state), y = Stands("stage.y", state);
  if (side != kWorst) {
    for (Interval* i : {&rotation, &x, &y}) *i = {Middle(*i), Middle(*i)};
  }
  std::vector<Reach> places;
  if (range.exact || side != kWorst) {
    for (const Rectangle& r : cost.where) {
      places.push_back({{r.x_m, r.x_m + r.width_m}, {r.y_m, r.y_m + r.height_m}});
    }
  } else {
    // The field of a measurement is its own; of all else the probe's size comes on top.
    const bool measured = std::holds_alternative<hw::Measure>(range.sides[side]);
    const double probe = measured ? cost.where[0].width_m : ProbeSize_m(description_);
    const Interval more = {-probe / 2, probe / 2};
    for (const Reach& r : range.reach) places.push_back({r.x + more, r.y + more});
  }
  std::vector<Rectangle> possible;
  for (const Reach& reach : places) possible.push_back(OnSpecimen(reach, rotation, x, y));
  if (std::ranges::all_of(possible, IsBounded)) {
    possible = PlacesOf(range.sides[side], std::move(possible));
  }
  for (const Rectangle& r : possible) {
    if (IsBounded(r)) {
      tally->Add({&r, 1}, cost.dose_e_per_m2);
    } else {
      tally->AddAnywhere(cost.dose_e_per_m2);
    }
  }
}

void Checker::Charge(const Step& step, const CommandRange& range, const State& before,
                     State* state) {
  const auto* set = std::get_if<SetStep>(&step.body);
  const std::array<double, kSides> ways =
      set ? Ways(*set, range.value, before) : std::array<double, kSides>{};
  const PropertyInfo* moved = set ? description_.FindProperty(set->property) : nullptr;
  const double rate = moved ? moved->max_rate : kInfinity;
  StepForecast& forecast = forecasts_[&step];
  forecast.line = step.line;
  forecast.verb = step.verb;
  for (size_t i = 0; i < kSides; ++i) {
    const Side side = Side(i);
    const double times = weight_[i] * (side == kWorst ? 1 + step.retries : 1);
    if (times == 0) continue;  // 0 · ∞
    const double current = side == kWorst ? options_.worst_current_A : options_.current_A;
    Command command = side == kWorst ? Capped(description_, range.sides[i]) : range.sides[i];
    const bool relative = set && set->relative;
    if (relative) std::get<hw::Set>(command).relative = false;  // its way is in `ways`
    Cost cost = PredictCost(description_, command, current);
    if (std::isfinite(rate)) cost.time_s += ways[i] / rate;
    if (relative) cost.time_s += description_.read_s;
    // Before another try the beam comes back, which the guard has blanked.
    const double again = side == kWorst && Exposes(command) ? step.retries : 0;
    Spent& spent = state->spent[i];
    const double time_s = times * cost.time_s + weight_[i] * again * description_.blank_s;
    spent.time_s += time_s;
    spent.commands += times * (relative ? 2 : 1) + weight_[i] * again;
    spent.electrons += times * cost.electrons;
    cost.dose_e_per_m2 *= times;
    AddDose(range, side, cost, *state, &spent.tally);
    if (side == kWorst) {
      forecast.times += times;
      forecast.worst_time_s += time_s;
      forecast.worst_electrons += times * cost.electrons;
      if (cost.electrons > 0 && !(options_.worst_current_A > 0)) {
        Error(step.where, "the dose cannot be known without the beam's current");
      }
    }
    if (side == kExpected) {
      forecast.expected_time_s += time_s;
      forecast.expected_electrons += times * cost.electrons;
    }
  }
  Command largest = range.sides[kWorst];
  if (auto* expose = std::get_if<Expose>(&largest)) {  // least binned it is most
    expose->binning = std::max<size_t>(1, std::get<Expose>(range.sides[kLeast]).binning);
  }
  ChargeData(step, largest, state);
  CheckRunBudget(step, *state);
}

void Checker::ChargeTime(const Step& step, const Interval& seconds, State* state) {
  const std::array<double, kSides> each = {seconds.low, (seconds.low + seconds.high) / 2,
                                           seconds.high};
  StepForecast& forecast = forecasts_[&step];
  forecast.line = step.line;
  forecast.verb = step.verb;
  forecast.times += weight_[kWorst];
  forecast.worst_time_s += weight_[kWorst] * each[kWorst];
  forecast.expected_time_s += weight_[kExpected] * each[kExpected];
  for (size_t i = 0; i < kSides; ++i) state->spent[i].time_s += weight_[i] * each[i];
  CheckRunBudget(step, *state);
}

void Checker::ChargeData(const Step& step, const Command& command, State* state) {
  const double bytes = ReplyBytes(description_, Capped(description_, command));
  if (bytes == 0) return;
  if (bytes > kMostReplyBytes) {
    Error(step.where, absl::StrFormat("its frames may take %.3g GB of memory; allowed: %.3g GB; "
                                      "ask for fewer pixels or frames at a time",
                                      bytes * 1e-9, kMostReplyBytes * 1e-9));
  }
  if (!step.as.empty()) held_[step.as] = std::max(held_[step.as], bytes);
  for (size_t i = 0; i < kSides; ++i) {
    state->spent[i].bytes += weight_[i] * (1 + step.retries) * bytes;
  }
}

// The step at which the run may pass its budget.
void Checker::CheckRunBudget(const Step& step, const State& state) {
  const Spent& worst = state.spent[kWorst];
  const auto refuse = [&](const std::optional<Formula>& f, const std::string& what) {
    Error(f ? f->where : step.where, what);
  };
  const std::string here = absl::StrCat(in_handler_ ? " in its on_fault," : "", " at '", step.verb,
                                        "' in line ", step.line);
  if (worst.time_s > budget_.time_s) {
    refuse(workflow_.budget.time,
           absl::StrFormat("the run may pass its time%s, at %.4g s; allowed: %.4g s", here,
                           worst.time_s, budget_.time_s));
  }
  if (worst.commands > budget_.commands) {
    refuse(workflow_.budget.commands,
           absl::StrFormat("the run may pass its number of commands%s; allowed: %.0f", here,
                           budget_.commands));
  }
  if (worst.steps > budget_.steps) {
    refuse(workflow_.budget.steps,
           absl::StrFormat("the run may take %.3g steps%s, each of which its journal keeps; "
                           "allowed: %.3g; give its loops a smaller 'max', or the run more with "
                           "budget.steps",
                           worst.steps, here, budget_.steps));
  }
  if (worst.bytes > budget_.bytes) {
    refuse(workflow_.budget.data_GB,
           absl::StrFormat("the run may take %.3g GB of frames%s; allowed: %.3g GB; take fewer, or "
                           "allow more with budget.data_GB",
                           worst.bytes * 1e-9, here, budget_.bytes * 1e-9));
  }
  // To name the step: what may come together anywhere is looked at again once as much has come as
  // was left, and at the end in any case.
  constexpr int kMostLooks = 1000;
  const double sum = worst.tally.sum();
  if (sum <= std::max(budget_.dose_e_per_m2, safe_sum_) || looks_ >= kMostLooks) return;
  ++looks_;
  const double dose = worst.tally.Largest();
  safe_sum_ = sum + (budget_.dose_e_per_m2 - dose);
  if (dose <= budget_.dose_e_per_m2) return;
  refuse(workflow_.budget.dose,
         absl::StrFormat("the run may pass its dose%s, with %.4g e/A^2 on one place; allowed: "
                         "%.4g e/A^2",
                         here, dose * 1e-20, budget_.dose_e_per_m2 * 1e-20));
}

}  // namespace internal
}  // namespace ronchi::hw::workflow
