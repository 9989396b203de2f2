#include "hw/twin/base/common_options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"

namespace ronchi::hw {
namespace {

// Indices, in the order in which they befall a twin.
std::vector<size_t> InOrder(const std::vector<TwinEvent>& events) {
  std::vector<size_t> order(events.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](size_t i) { return events[i].at_scan; });
  return order;
}

absl::Status CheckReach(const Config& list, PossibleHiddenNumber possible, HiddenRanges ranges,
                        const std::vector<TwinEvent>& events) {
  for (const size_t i : InOrder(events)) {
    for (const auto& [name, by] : events[i].add) {
      const NumberRange allowed = possible(name);
      theory::Range& now = ranges.at(name);
      now = {now.low + by, now.high + by};
      const double round_off = 1e-12 * std::max(1.0, std::fabs(by));
      if (now.low >= allowed.min - round_off && now.high <= allowed.max + round_off) continue;
      ConfigReader event(list.Item(i));
      return event.Child("add").Error(
          name, absl::StrFormat("with %g it comes to [%g, %g]; allowed: %g … %g", by, now.low,
                                now.high, allowed.min, allowed.max));
    }
  }
  return absl::OkStatus();
}

}  // namespace

theory::Range CommonOptions::Reach(const std::string& hidden) const {
  theory::Range now = prior.ranges().at(hidden), all = now;
  for (const size_t i : InOrder(events)) {
    const auto by = events[i].add.find(hidden);
    if (by == events[i].add.end()) continue;
    now = {now.low + by->second, now.high + by->second};
    all = {std::min(all.low, now.low), std::max(all.high, now.high)};
  }
  return all;
}

absl::Status ReadCommonOptions(ConfigReader* r, CommonOptions* o) {
  r->Text("name", &o->name);
  r->Bool("real_time", &o->real_time);
  RONCHI_ASSIGN_OR_RETURN(o->faults, ReadFaultOptions(r->Child("faults"), o->faults));
  return absl::OkStatus();
}

absl::Status ReadPrior(const Config& prior, PossibleHiddenNumber possible, HiddenRanges* ranges) {
  ConfigReader r(prior);
  for (auto& [name, range] : *ranges) {
    std::vector<double> pair = {range.low, range.high};
    r.Numbers(name, &pair, 2, possible(name));
    if (r.ok() && pair[0] > pair[1]) r.Fail(name, "expected [low, high] with low <= high");
    range = {pair[0], pair[1]};
  }
  return r.Done();
}

absl::Status ReadEvents(const Config& twin, const Config& list, PossibleHiddenNumber possible,
                        const HiddenRanges& ranges, std::vector<TwinEvent>* events) {
  if (!list.IsSequence()) {
    if (!twin.Has("events")) return absl::OkStatus();
    return twin.Error("events", "expected a list of {at_scan: …, add: {…}}");
  }
  events->clear();
  for (size_t i = 0; i < list.size(); ++i) {
    TwinEvent event;
    ConfigReader r(list.Item(i));
    r.Integer("at_scan", &event.at_scan, {.min = 0}, true);
    const Config add = r.Child("add");
    RONCHI_RETURN_IF_ERROR(r.Done());
    ConfigReader a(add);
    for (const auto& [name, range] : ranges) {
      double by = 0;
      if (!add.Has(name)) {
        a.Known(name);
        continue;
      }
      a.Number(name, &by);
      event.add[name] = by;
    }
    RONCHI_RETURN_IF_ERROR(a.Done());
    events->push_back(event);
  }
  return CheckReach(list, possible, ranges, *events);
}

// The number of units that is `value` to the bit, where there is one.
static double InUnits(double value, double unit) {
  const double near = value / unit;
  for (const double toward : {0.0, HUGE_VAL}) {
    double shown = near;
    for (int i = 0; i < 4; ++i, shown = std::nextafter(shown, toward)) {
      if (shown * unit == value) return shown;
    }
  }
  return near;
}

// What is written into a config as the default has to be the same when it is read from there, or
// such a config would be of another run: so the value is always what the shown one reads as.
void ReadScaled(ConfigReader* r, const char* key, double unit, NumberRange range, double* value) {
  double shown = InUnits(*value, unit);
  r->Number(key, &shown, range);
  *value = shown * unit;
}

absl::Status ReadOverPreset(
    const Config& twin,
    const std::function<absl::Status(const Config& mapping, bool is_preset)>& read) {
  if (twin.Has("preset")) {
    ConfigReader r(twin);
    std::string preset;
    r.Text("preset", &preset);
    const absl::StatusOr<Config> file =
        Config::Load(absl::StrCat(DataDirectory(), "/twins/", preset, ".yaml"));
    if (!file.ok()) return twin.Error("preset", std::string(file.status().message()));
    RONCHI_RETURN_IF_ERROR(read(*file, true));
  }
  return read(twin, false);
}

}  // namespace ronchi::hw
