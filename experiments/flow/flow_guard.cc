#include "experiments/flow/flow_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/cost.h"
#include "hw/workflow/tally.h"

namespace ronchi {
namespace {

namespace wf = hw::workflow;
using nlohmann::json;

void LeaveToGuard(const wf::Workflow& w, const std::string& key, const std::string& what,
                  wf::CheckReport* report) {
  const Config& guard = *w.guard;
  const wf::Finding finding{wf::Finding::Severity::kGuarded, guard.Line(key),
                            absl::StrCat(guard.Where(key), ": ", what, "; guarded at run time")};
  const auto after = std::find_if(report->findings.begin(), report->findings.end(),
                                  [&](const wf::Finding& f) { return f.line > finding.line; });
  report->findings.insert(after, finding);
}

}  // namespace

absl::StatusOr<hw::GuardOptions> ReadFlowGuard(const wf::Workflow& w, const hw::Description& d,
                                               wf::CheckReport* report) {
  // Something above nothing, where nothing is exposed.
  const double dose_e_per_m2 = std::max(report->guard_dose_e_per_m2, 1.0);
  hw::GuardOptions guard;
  // The dose outlives a killed process: what was booked before is booked when the run goes on.
  bool has_sync = false;
  RONCHI_ASSIGN_OR_RETURN(const auto limits, wf::GuardLimits(w, d));
  if (w.guard) {
    has_sync = w.guard->Has("ledger_sync");
    const bool coupled = w.guard->Has("coupled"), shared = w.guard->Has("ledger_file");
    const bool wide = w.guard->Has("position_uncertainty_nm");
    RONCHI_ASSIGN_OR_RETURN(guard, hw::ReadGuardOptions(*w.guard, d,
                                                        {.dose_budget_e_per_A2 = 1,
                                                         .limits = limits,
                                                         .known = {"dose"},
                                                         .limits_elsewhere = true}));
    if (coupled) LeaveToGuard(w, "coupled", "coupled limits are not proven", report);
    if (shared) {
      LeaveToGuard(w, "ledger_file", "what the specimen has received before is not in the forecast",
                   report);
    }
    if (wide) LeaveToGuard(w, "position_uncertainty_nm", "wider places may overlap", report);
    for (const wf::PropertyLimits& l : w.limits) {
      if (l.rate) LeaveToGuard(w, "limits", l.property + ": its rate is not proven", report);
    }
  }
  guard.limits = limits;
  guard.dose_budget_e_per_m2 = dose_e_per_m2;
  if (guard.ledger_file.empty() && !has_sync) guard.ledger_sync = hw::LedgerSync::kProcess;
  return guard;
}

absl::StatusOr<wf::Spending> SpentInJournal(const std::vector<json>& entries,
                                            const hw::Description& description,
                                            double worst_current_A,
                                            const std::map<std::string, double>& positions) {
  wf::Spending spent;
  wf::Tally tally;
  std::map<std::string, double> stands = positions;
  for (const json& e : entries) {
    const std::string type = e.value("type", "");
    if (type == "value" && e.value("label", "") == "wait") {
      spent.time_s += e.value("value", json::object()).value("si", 0.0);
    }
    const bool done = type == "command" || type == "aside" || type == "lost" || type == "handler" ||
                      type == "failed";
    if (!done || !e.contains("command") || !e.contains("electrons")) continue;
    RONCHI_ASSIGN_OR_RETURN(const hw::Command command, hw::CommandFromJson(e.at("command")));
    spent.time_s += e.value("elapsed_s", 0.0);
    spent.electrons += e.value("electrons", 0.0);
    spent.commands += e.value("commands", 1.0);
    if (const auto* set = std::get_if<hw::Set>(&command); set && !set->relative) {
      stands[set->property] = set->value.si;
    }
    const double dose = e.value("dose_e_per_m2", 0.0);
    if (!(dose > 0)) continue;
    std::vector<hw::Rectangle> where = hw::PredictCost(description, command, worst_current_A).where;
    const hw::SpecimenFrame frame{.rotation_rad = stands["scan.rotation"],
                                  .stage_x_m = stands["stage.x"],
                                  .stage_y_m = stands["stage.y"]};
    for (hw::Rectangle& r : where) r = hw::OnSpecimen(r, frame);
    tally.Add(where, dose);
  }
  spent.dose_e_per_m2 = tally.Largest();
  return spent;
}

}  // namespace ronchi
