#include "hw/safety/set_rules.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

// A difference of two positions is off by their round-off: 15 nm is a step of 15 nm.
constexpr double kRoundOff = 1 + 1e-9;

bool IsForbidden(PropertyGroup group) {
  return group == PropertyGroup::kHighTension || group == PropertyGroup::kGun ||
         group == PropertyGroup::kVacuum;
}

// The choice named "closed", else 0.
double ClosedValue(const PropertyInfo& p) {
  for (size_t i = 0; i < p.choices.size(); ++i) {
    if (absl::AsciiStrToLower(p.choices[i]) == "closed") return double(i);
  }
  return 0;
}

absl::Status Narrow(const GuardOptions& options, PropertyInfo* p) {
  const PropertyGroup group = GuardedGroup(*p);
  if (IsForbidden(group)) p->writable = false;
  if (group == PropertyGroup::kValves) p->min = p->max = ClosedValue(*p);
  const auto it = options.limits.find(p->name);
  if (it == options.limits.end()) return absl::OkStatus();
  if (!p->writable) {
    return absl::InvalidArgumentError(
        absl::StrCat("limits for '", p->name, "', which cannot be set"));
  }
  const Limits& l = it->second;
  if (!(l.min <= l.max) || !(l.max_step >= 0) || !(l.max_rate >= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("limits for '", p->name,
                     "': min ≤ max, and step and rate not below 0, are "
                     "allowed"));
  }
  p->min = std::max(p->min, l.min);
  p->max = std::min(p->max, l.max);
  p->max_step = std::min(p->max_step, l.max_step);
  p->max_rate = std::min(p->max_rate, l.max_rate);
  return absl::OkStatus();
}

}  // namespace

PropertyGroup GuardedGroup(const PropertyInfo& p) {
  const std::string name = absl::AsciiStrToLower(p.name);
  if (p.group == PropertyGroup::kValves || absl::StrContains(name, "valve")) {
    return IsForbidden(p.group) && !absl::StrContains(name, "valve") ? p.group
                                                                     : PropertyGroup::kValves;
  }
  if (IsForbidden(p.group)) return p.group;
  for (const char* start : {"gun.", "gun_", "emission"}) {
    if (absl::StartsWith(name, start)) return PropertyGroup::kGun;
  }
  if (absl::StartsWith(name, "vacuum") || absl::StrContains(name, "pressure")) {
    return PropertyGroup::kVacuum;
  }
  for (const char* start : {"ht.", "hv.", "high_tension", "beam.energy", "source."}) {
    if (absl::StartsWith(name, start)) return PropertyGroup::kHighTension;
  }
  return absl::StrContains(name, "voltage") ? PropertyGroup::kHighTension : p.group;
}

absl::StatusOr<SetRules> SetRules::Create(const GuardOptions& options, Description* d) {
  SetRules rules;
  for (const auto& [name, limits] : options.limits) {
    if (!d->FindProperty(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("limits for '", name, "', which cannot be set"));
    }
  }
  for (PropertyInfo& p : d->properties) {
    RONCHI_RETURN_IF_ERROR(Narrow(options, &p));
    if (!p.writable) continue;
    // Without a largest step a second's worth may be done at once.
    const double burst = std::isfinite(p.max_step) ? p.max_step : p.max_rate;
    rules.axes_[p.name] = {kNan, p.max_rate, burst};
  }
  rules.coupled_ = options.coupled;
  for (const CoupledLimit& row : rules.coupled_) {
    if (!std::isfinite(row.bound) || row.coefficients.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("coupled limit '", row.name, "': a finite bound and terms are needed"));
    }
    std::map<std::string, double> members = row.coefficients;
    if (!row.when_property.empty()) members[row.when_property] = 0;
    for (const auto& [name, coefficient] : members) {
      if (!d->FindProperty(name) || !std::isfinite(coefficient)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "coupled limit '", row.name, "': no property '", name, "', or no finite coefficient"));
      }
      if (!rules.axes_.contains(name)) rules.others_[name] = kNan;
    }
  }
  return rules;
}

double SetRules::position(const std::string& property) const {
  if (const auto it = axes_.find(property); it != axes_.end()) return it->second.position;
  const auto it = others_.find(property);
  return it != others_.end() ? it->second : kNan;
}

void SetRules::Forget(const std::string& property) {
  if (const auto it = axes_.find(property); it != axes_.end()) it->second.position = kNan;
}

void SetRules::Note(const Reply& reply) {
  if (std::isfinite(reply.time_s)) now_s_ = std::max(now_s_, reply.time_s);
  for (const Reading& r : reply.readings) {
    if (const auto it = axes_.find(r.property); it != axes_.end()) {
      it->second.position = r.value.si;
    } else if (const auto other = others_.find(r.property); other != others_.end()) {
      other->second = r.value.si;
    }
  }
}

void SetRules::NoteMove(const std::string& property, double from, double start_s) {
  const auto it = axes_.find(property);
  if (it == axes_.end() || !std::isfinite(it->second.max_rate)) return;
  Axis& axis = it->second;
  // Where it stands is unknown after a fault: the whole burst is taken for spent.
  const double way = std::fabs(axis.position - from);
  const double paid = axis.max_rate * std::max(0.0, start_s - axis.since_s);
  axis.travelled = std::max(0.0, axis.travelled - paid) + (std::isfinite(way) ? way : axis.burst);
  axis.since_s = std::max(axis.since_s, start_s);
}

absl::Status SetRules::CheckRate(const std::string& name, Axis* axis, double way,
                                 const Reader& read) {
  if (!std::isfinite(axis->max_rate)) return absl::OkStatus();
  const auto left = [&] {
    return std::max(0.0, axis->travelled - axis->max_rate * std::max(0.0, now_s_ - axis->since_s));
  };
  if (left() + way <= axis->burst * kRoundOff) return absl::OkStatus();
  if (const auto reply = read(Read{{name}}); reply.ok()) Note(*reply);  // what time is it?
  const double missing = left() + way - axis->burst * kRoundOff;
  if (missing <= 0) return absl::OkStatus();
  return MakeError({ErrorKind::kBusy,
                    absl::StrCat(name, " is refused by the guard: faster than ", axis->max_rate,
                                 " SI units per second"),
                    absl::StrCat("wait ", missing / axis->max_rate, " s")});
}

absl::Status SetRules::CheckCoupled(const std::string& name, double to, const Reader& read) {
  const auto concerns = [&](const CoupledLimit& row) {
    return row.coefficients.contains(name) || row.when_property == name;
  };
  std::set<std::string> members;
  for (const CoupledLimit& row : coupled_) {
    if (!concerns(row)) continue;
    for (const auto& [member, c] : row.coefficients) {
      if (member != name) members.insert(member);
    }
    if (!row.when_property.empty() && row.when_property != name) members.insert(row.when_property);
  }
  // An operator may have moved the others: look before moving.
  bool seen = true;
  if (!members.empty()) {
    const auto reply = read(Read{{members.begin(), members.end()}});
    if (reply.ok()) Note(*reply);
    seen = reply.ok();
  }
  for (const CoupledLimit& row : coupled_) {
    if (!concerns(row)) continue;
    if (!row.when_property.empty() && seen) {
      const double holds = row.when_property == name ? to : position(row.when_property);
      if (std::isfinite(holds) && holds != row.when_value) continue;
    }
    double sum = 0;
    for (const auto& [member, c] : row.coefficients) {
      sum += c * (member == name ? to : seen ? position(member) : kNan);
    }
    const double round_off = 1e-12 * std::fabs(row.bound);
    if (sum <= row.bound + round_off) continue;
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrCat(name, " is refused by the guard: '", row.name, "' would be ", sum,
                      ", allowed is at most ", row.bound),
         std::isfinite(sum) ? "move the other axes first" : "read the other axes of it first"});
  }
  return absl::OkStatus();
}

absl::Status SetRules::Check(const Description& d, const Set& set, const Reader& read) {
  Axis& axis = axes_.at(set.property);
  const PropertyInfo& p = *d.FindProperty(set.property);
  if (std::isnan(axis.position)) {
    return MakeError(
        {ErrorKind::kImpossibleNow,
         absl::StrCat(set.property, " is refused by the guard: where it stands is unknown"),
         "read it first"});
  }
  const double to = set.value.si + (set.relative ? axis.position : 0);
  RONCHI_RETURN_IF_ERROR(Annotate(CheckTarget(p, to), "refused by the guard"));
  const double way = std::fabs(to - axis.position);
  if (!(way <= p.max_step * kRoundOff)) {
    return MakeError({ErrorKind::kOutOfLimits,
                      absl::StrCat(set.property, ": a step of ", Format({way, p.dimension}),
                                   " is refused by the guard; allowed at once: ",
                                   Format({p.max_step, p.dimension})),
                      "go in smaller steps"});
  }
  RONCHI_RETURN_IF_ERROR(CheckRate(set.property, &axis, way, read));
  return CheckCoupled(set.property, to, read);
}

}  // namespace ronchi::hw
