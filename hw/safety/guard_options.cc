#include "hw/safety/guard_options.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

absl::Status ReadLimits(const Config& node, const Description& d, GuardOptions* o) {
  ConfigReader all(node);
  for (const std::string& name : node.IsMap() ? node.Keys() : std::vector<std::string>()) {
    const PropertyInfo* p = d.FindProperty(name);
    if (!p || !p->writable) return node.Error(name, absl::StrCat(d.id, " cannot set it"));
    const auto given = o->limits.find(name);
    Limits l =
        given != o->limits.end() ? given->second : Limits{p->min, p->max, p->max_step, p->max_rate};
    ConfigReader r(all.Child(name));
    r.Number("min", &l.min);
    r.Number("max", &l.max, {.min = l.min});
    r.Number("step", &l.max_step, {.min = 0});
    r.Number("rate", &l.max_rate, {.min = 0});
    RONCHI_RETURN_IF_ERROR(r.Done());
    o->limits[name] = l;
  }
  return all.Done();
}

absl::Status ReadRow(const Config& node, const Description& d, CoupledLimit* row) {
  ConfigReader r(node);
  r.Text("name", &row->name, true);
  r.Number("at_most", &row->bound, {}, true);
  const Config terms = r.Child("terms"), when = r.Child("when");
  ConfigReader coefficients(terms), condition(when);
  for (const std::string& name : terms.IsMap() ? terms.Keys() : std::vector<std::string>()) {
    if (!d.FindProperty(name))
      return terms.Error(name, absl::StrCat(d.id, " has no such property"));
    coefficients.Number(name, &row->coefficients[name]);
  }
  for (const std::string& name : when.IsMap() ? when.Keys() : std::vector<std::string>()) {
    if (!d.FindProperty(name)) return when.Error(name, absl::StrCat(d.id, " has no such property"));
    if (!row->when_property.empty()) return when.Error(name, "one condition is allowed");
    row->when_property = name;
    condition.Number(name, &row->when_value);
  }
  if (r.ok() && row->coefficients.empty()) return node.Error("terms", "one property at least");
  RONCHI_RETURN_IF_ERROR(coefficients.Done());
  RONCHI_RETURN_IF_ERROR(condition.Done());
  return r.Done();
}

absl::Status ReadNeeds(const Config& node, const Description& d, GuardOptions* o) {
  ConfigReader all(node);
  for (const std::string& name : node.IsMap() ? node.Keys() : std::vector<std::string>()) {
    if (!d.FindProperty(name)) return node.Error(name, absl::StrCat(d.id, " has no such property"));
    ConfigReader r(all.Child(name));
    std::array<double, 2> bounds = {-kInf, kInf};
    // A bound that is not given is none; no default is written back for it.
    if (r.Has("min")) r.Number("min", &bounds[0]);
    if (r.Has("max")) r.Number("max", &bounds[1], {.min = bounds[0]});
    r.Known("min");
    r.Known("max");
    RONCHI_RETURN_IF_ERROR(r.Done());
    o->beam_needs[name] = bounds;
  }
  return all.Done();
}

}  // namespace

const std::vector<std::string>& GuardKeys() {
  static const std::vector<std::string> kKeys = {
      "dose_budget_e_per_A2", "limits",       "coupled",
      "ledger_file",          "specimen",     "ledger_sync",
      "ledger_reserve",       "heartbeat_s",  "position_uncertainty_nm",
      "command_limit_s",      "idle_blank_s", "interrupt_grace_s",
      "beam_lost_fraction",   "beam_needs",   "beam_current_pA"};
  return kKeys;
}

absl::StatusOr<GuardOptions> ReadGuardOptions(const Config& node, const Description& d,
                                              const GuardDefaults& defaults) {
  GuardOptions o;
  o.limits = defaults.limits;
  ConfigReader r(node);
  for (const std::string& key : defaults.known) r.Known(key);
  double budget = defaults.dose_budget_e_per_A2, uncertainty_nm = 0, current_pA = 0;
  std::string sync = "power";
  r.Number("dose_budget_e_per_A2", &budget, {.min = 1e-6, .max = 1e15}, !(budget > 0));
  r.Text("ledger_file", &o.ledger_file);
  r.Text("specimen", &o.specimen);
  r.Choice("ledger_sync", &sync, {"process", "power"});
  r.Number("ledger_reserve", &o.ledger_reserve, {.min = 0, .max = 1});
  r.Number("position_uncertainty_nm", &uncertainty_nm, {.min = 0, .max = 1e6});
  r.Number("heartbeat_s", &o.heartbeat_s, {.min = 0, .max = 1e6});
  r.Number("command_limit_s", &o.command_limit_s, {.min = 0, .max = 1e6});
  r.Number("idle_blank_s", &o.idle_blank_s, {.min = 0, .max = 1e6});
  r.Number("beam_lost_fraction", &o.beam_lost_fraction, {.min = 0, .max = 1});
  r.Number("beam_current_pA", &current_pA, {.min = 0, .max = 1e12});
  r.Number("interrupt_grace_s", &o.interrupt_grace_s, {.min = 0, .max = 1e6});
  const Config needs = r.Child("beam_needs");
  r.Known("limits");
  if (!defaults.limits_elsewhere) RONCHI_RETURN_IF_ERROR(ReadLimits(r.Child("limits"), d, &o));
  RONCHI_RETURN_IF_ERROR(ReadNeeds(needs, d, &o));
  r.Known("coupled");
  if (r.ok() && node.Has("coupled")) {
    const Config rows = r.Child("coupled");
    if (!rows.IsSequence()) return node.Error("coupled", "a list is allowed");
    for (size_t i = 0; i < rows.size(); ++i) {
      CoupledLimit row;
      RONCHI_RETURN_IF_ERROR(ReadRow(rows.Item(i), d, &row));
      o.coupled.push_back(row);
    }
  }
  if (r.ok() && !o.ledger_file.empty() && o.specimen.empty()) {
    return node.Error("specimen", "a ledger file needs the specimen's name");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.dose_budget_e_per_m2 = budget * 1e20;
  o.position_uncertainty_m = uncertainty_nm * 1e-9;
  o.beam_current_A = current_pA * 1e-12;
  o.ledger_sync = sync == "power" ? LedgerSync::kPower : LedgerSync::kProcess;
  return o;
}

}  // namespace ronchi::hw
