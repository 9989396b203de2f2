// What a run has spent, and what keeps it within its budgets: looked at before every command and
// every wait, in handlers as elsewhere, from the description and what was really spent alone.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/instrument/command_json.h"
#include "hw/workflow/runner.h"

namespace ronchi::hw::workflow::internal {

using nlohmann::json;

namespace {

constexpr double kRoundOff = 1 + 1e-9;  // sums of a million doubles

// What makes an instrument safer is done whatever it costs.
bool IsSafe(const Step& step) {
  const auto* plain = std::get_if<PlainStep>(&step.body);
  return plain && plain->verb != "unblank";
}

}  // namespace

Cost Runner::Forecast(const Command& command) const {
  double from = std::nan("");
  if (const auto* set = std::get_if<Set>(&command)) {
    const PropertyInfo* p = description_.FindProperty(set->property);
    const auto it = stands_.find(set->property);
    if (it != stands_.end()) {
      from = it->second;
    } else if (p) {  // it may come from the other end
      from = set->value.si - p->min > p->max - set->value.si ? p->min : p->max;
    }
  }
  return PredictCost(description_, command, setup_.worst_current_A, from);
}

Runner::Stands Runner::Frame() const {
  Stands frame;
  for (const char* name : {"scan.rotation", "stage.x", "stage.y"}) {
    if (const auto it = stands_.find(name); it != stands_.end()) frame.insert(*it);
  }
  return frame;
}

std::vector<Rectangle> Runner::OnSpecimen(std::vector<Rectangle> where, const Stands& stands,
                                          bool* known) const {
  SpecimenFrame frame;
  *known = true;
  const auto look = [&](const char* name, double* value, double* off) {
    const PropertyInfo* p = description_.FindProperty(name);
    if (!p) return;
    const auto it = stands.find(name);
    *known &= it != stands.end();
    if (it != stands.end()) *value = it->second;
    *off = Slack(*p);
  };
  look("scan.rotation", &frame.rotation_rad, &frame.rotation_off_rad);
  look("stage.x", &frame.stage_x_m, &frame.stage_x_off_m);
  look("stage.y", &frame.stage_y_m, &frame.stage_y_off_m);
  for (Rectangle& r : where) r = hw::OnSpecimen(r, frame);
  return where;
}

absl::StatusOr<Spending> Runner::ReadLimit(const Budget& budget) const {
  Spending limit = {kInfinity, kInfinity, kInfinity, kInfinity, kInfinity, kInfinity};
  const auto read = [&](const std::optional<Formula>& f, Dimension dimension,
                        double* into) -> absl::Status {
    if (!f) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const Interval v, Number(*f, scope_, dimension));
    if (!v.exact()) return At(*f, "has no finite value");
    *into = v.low;
    return absl::OkStatus();
  };
  RONCHI_RETURN_IF_ERROR(read(budget.time, Dimension::kTime, &limit.time_s));
  RONCHI_RETURN_IF_ERROR(read(budget.dose, Dimension::kDose, &limit.dose_e_per_m2));
  RONCHI_RETURN_IF_ERROR(read(budget.commands, Dimension::kNone, &limit.commands));
  return limit;
}

bool Runner::WouldPassBudget(const Step& step, const Cost& cost, double commands, double bytes,
                             const Command* command) {
  if (IsSafe(step)) return false;
  bool known = true;
  std::vector<Rectangle> where = OnSpecimen(cost.where, stands_, &known);
  if (command) where = PlacesOf(*command, std::move(where));
  std::string why;
  const auto look = [&](const Spending& limit, const Spending& spent, const Tally& tally,
                        const std::string& whose) {
    const auto over = [&](const char* what) { why = absl::StrCat(what, whose); };
    if (spent.time_s + cost.time_s > limit.time_s * kRoundOff) over("time");
    if (spent.commands + commands > limit.commands) over("number of commands");
    if (spent.bytes + bytes > limit.bytes) over("data");
    if (!(cost.dose_e_per_m2 > 0) || std::isinf(limit.dose_e_per_m2)) return;
    // All that ever came down anywhere, and this: seldom more, and quickly known.
    if (tally.sum() + cost.dose_e_per_m2 * double(where.size()) <= limit.dose_e_per_m2) return;
    // Where it comes down is not known: on what has had the most, all of it.
    const double dose = known ? tally.LargestWith(where, cost.dose_e_per_m2)
                              : tally.Largest() + cost.dose_e_per_m2 * double(where.size());
    if (dose > limit.dose_e_per_m2 * kRoundOff) over("dose");
  };
  const auto& budget = setup_.report->budget;
  const auto limit = [&](const char* name) {
    const auto it = budget.find(name);
    return it == budget.end() ? kInfinity : it->second;
  };
  look({limit("time"), limit("dose"), kInfinity, limit("commands"), kInfinity, limit("bytes")},
       spent_, tally_, "");
  for (const Open& o : open_) {
    look(o.limit, o.spent, o.tally,
         absl::StrCat(" of the '", o.step->verb, "' in line ", o.step->line));
  }
  if (why.empty()) return false;
  End(absl::StrCat("budget: '", step.verb, "' in line ", step.line, " would pass the ", why), true);
  return true;
}

bool Runner::WouldPassSteps(const Step& step) {
  const auto it = setup_.report->budget.find("steps");
  if (it == setup_.report->budget.end() || ++spent_.steps <= it->second || IsSafe(step)) {
    return false;
  }
  End(absl::StrCat("budget: '", step.verb, "' in line ", step.line,
                   " would pass the number of steps"),
      true);
  return true;
}

void Runner::Spend(const Command& command, const Stands& stands, double commands, double elapsed_s,
                   double electrons, double dose) {
  bool known = true;
  const std::vector<Rectangle> where =
      dose > 0
          ? PlacesOf(command,
                     OnSpecimen(PredictCost(description_, command, setup_.worst_current_A).where,
                                stands, &known))
          : std::vector<Rectangle>();
  const double bytes = electrons > 0 ? ReplyBytes(description_, command) : 0;
  const auto add = [&](Spending* spent, Tally* tally) {
    spent->time_s += elapsed_s;
    spent->commands += commands;
    spent->electrons += electrons;
    spent->bytes += bytes;
    if (!(dose > 0)) return;
    if (known) {
      tally->Add(where, dose);
      spent->dose_e_per_m2 = std::max(spent->dose_e_per_m2, tally->LargestWith(where, 0));
    } else {
      tally->AddAnywhere(dose * double(where.size()));
      spent->dose_e_per_m2 = tally->Largest();
    }
  };
  add(&spent_, &tally_);
  for (Open& o : open_) add(&o.spent, &o.tally);
  ShowSpent();
}

void Runner::SpendTime(double seconds) {
  spent_.time_s += seconds;
  for (Open& o : open_) o.spent.time_s += seconds;
  ShowSpent();
}

void Runner::ShowSpent() {
  scope_["spent.time"] = Value::Of(Seconds(spent_.time_s));
  scope_["spent.dose"] = Value::Of({spent_.dose_e_per_m2, Dimension::kDose});
  scope_["spent.electrons"] = Value::Number(spent_.electrons);
  scope_["spent.commands"] = Value::Number(spent_.commands);
}

absl::Status Runner::SpendAsWritten(const json& entry) {
  RONCHI_ASSIGN_OR_RETURN(const Command command, CommandFromJson(entry.at("command")));
  const Stands stands = entry.contains("frame") ? entry.at("frame").get<Stands>() : stands_;
  Spend(command, stands, entry.value("commands", 1.0), entry.value("elapsed_s", 0.0),
        entry.value("electrons", 0.0), entry.value("dose_e_per_m2", 0.0));
  return absl::OkStatus();
}

}  // namespace ronchi::hw::workflow::internal
