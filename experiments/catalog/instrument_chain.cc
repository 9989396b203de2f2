#include "experiments/catalog/instrument_chain.h"

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "hw/record/event_log.h"
#include "hw/record/recorded.h"
#include "hw/safety/guarded.h"

namespace ronchi {
namespace {

// `key: none` in place of a mapping.
bool IsNone(const Config& node, const std::string& key) {
  if (!node.Has(key)) return false;
  const auto text = ConfigReader(node).Child(key).Scalar();
  return text.ok() && *text == "none";
}

absl::Status ReadRetry(const Config& node, InstrumentChain* chain) {
  hw::RetryOptions o;
  ConfigReader r(node);
  r.Integer("attempts", &o.attempts, {.min = 1, .max = 1000});
  r.Number("first_wait_s", &o.first_wait_s, {.min = 0, .max = 3600});
  r.Number("longest_wait_s", &o.longest_wait_s, {.min = 0, .max = 3600});
  RONCHI_RETURN_IF_ERROR(r.Done());
  chain->retry = o;
  return absl::OkStatus();
}

// watch: [stage.x], or {stage.x: tolerance in SI}.
absl::Status ReadLease(const Config& node, InstrumentChain* chain) {
  ConfigReader r(node);
  chain->holder = "ronchi";
  r.Text("holder", &chain->holder);
  r.Known("watch");
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (chain->holder.empty()) return node.Error("holder", "a name is needed");
  if (!node.Has("watch")) return absl::OkStatus();
  const Config watch = r.Child("watch");
  for (size_t i = 0; i < watch.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(const std::string property, watch.Item(i).Scalar());
    chain->lease.compared[property] = 0;
  }
  if (watch.IsSequence()) return absl::OkStatus();
  if (!watch.IsMap()) return node.Error("watch", "a list of properties is allowed");
  ConfigReader tolerances(watch);
  for (const std::string& property : watch.Keys()) {
    tolerances.Number(property, &chain->lease.compared[property], {.min = 0});
  }
  return tolerances.Done();
}

// {optics.C10: {step: 20 nm, measure: defocus}, stage.x: {step: 0.1 nm, image: haadf, fov_nm: 1.5}}
absl::Status ReadProve(const Config& node, InstrumentChain* chain) {
  hw::ProveOptions o;
  o.on_event = chain->door.on_event;
  if (!node.IsMap()) return node.Error("", "a mapping of properties is needed");
  ConfigReader all(node);
  for (const std::string& property : node.Keys()) {
    const Config one = all.Child(property);
    hw::Probe p{.property = property, .dwell_s = 1e-5};
    std::string step;
    double fov_nm = 0, dwell_us = 10;
    int64_t pixels = int64_t(p.pixels);
    ConfigReader r(one);
    r.Text("step", &step, true);
    r.Text("measure", &p.measurement);
    r.Text("image", &p.detector);
    r.Number("fov_nm", &fov_nm, {.min = 0, .max = 1e6});
    r.Number("dwell_us", &dwell_us, {.min = 1e-3, .max = 1e6});
    r.Integer("pixels", &pixels, {.min = 16, .max = 4096});
    if (r.ok() && p.measurement.empty() == p.detector.empty()) {
      r.Fail("measure", "either measure or image is needed: what tells the effect");
    }
    const auto quantity = ParseQuantity(step);
    if (r.ok() && !quantity.ok()) r.Fail("step", std::string(quantity.status().message()));
    RONCHI_RETURN_IF_ERROR(r.Done());
    p.step = quantity->si;
    p.fov_m = fov_nm * 1e-9;
    p.dwell_s = dwell_us * 1e-6;
    p.pixels = size_t(pixels);
    o.probes.push_back(p);
  }
  RONCHI_RETURN_IF_ERROR(all.Done());
  if (chain->door.guard == DoorGuard::kCallers && !chain->door.prove) {
    return chain->node.Error("prove", "not allowed here: what is run here is checked beforehand");
  }
  if (chain->door.guard == DoorGuard::kCallers) {
    *chain->door.prove = o;
  } else {
    chain->prove = o;
  }
  return absl::OkStatus();
}

// What the config says of a guard against who is said to guard.
absl::Status CheckGuard(const InstrumentChain& chain) {
  const Config& node = chain.node;
  const bool brings = node.Has("guard") && !chain.no_guard;
  if (brings && chain.door.guard == DoorGuard::kCallers) {
    return node.Error("guard",
                      "not allowed here: a guard is around this instrument already (a recipe's, a "
                      "workflow's, connect's); put its keys there");
  }
  if (brings && chain.door.guard == DoorGuard::kNone) {
    return node.Error("guard", "guard=False contradicts it; leave one of them out");
  }
  return absl::OkStatus();
}

absl::StatusOr<hw::GuardOptions> GuardOf(const InstrumentChain& chain,
                                         const hw::Description& description) {
  hw::GuardDefaults defaults;
  if (!description.simulated) defaults.dose_budget_e_per_A2 = kDefaultBudget_e_per_A2;
  RONCHI_ASSIGN_OR_RETURN(
      hw::GuardOptions options,
      hw::ReadGuardOptions(ConfigReader(chain.node).Child("guard"), description, defaults));
  options.on_event = chain.door.on_event;
  return options;
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> Guard(const InstrumentChain& chain,
                                                      std::unique_ptr<hw::Instrument> inner) {
  const hw::Description& d = inner->description();
  const bool real = chain.may_be_real && !d.simulated;
  const bool asked = chain.node.Has("guard") && !chain.no_guard;
  if (chain.door.guard == DoorGuard::kCallers) return inner;
  if (chain.no_guard || chain.door.guard == DoorGuard::kNone) {
    if (!real || chain.nothing_guards) return inner;
    return chain.node.Error(
        "guard", absl::StrCat("none is not allowed for ", d.id,
                              ", which is no simulation; allowed: a guard's keys, or besides "
                              "nothing_guards_the_beam: true"));
  }
  if (!asked && !real) return inner;
  RONCHI_ASSIGN_OR_RETURN(const hw::GuardOptions options, GuardOf(chain, d));
  auto guarded = hw::MakeGuarded(std::move(inner), options);
  if (!guarded.ok()) return Annotate(guarded.status(), chain.node.Where("guard"));
  if (chain.door.guarded) *chain.door.guarded = true;
  return std::unique_ptr<hw::Instrument>(std::move(*guarded));
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> Record(const InstrumentChain& chain,
                                                       std::unique_ptr<hw::Instrument> inner) {
  RONCHI_RETURN_IF_ERROR(Annotate(MakeWritableDirectory(chain.record), chain.node.Where("record")));
  auto log = hw::EventLog::Create(chain.record);
  if (!log.ok()) return Annotate(log.status(), chain.node.Where("record"));
  return hw::MakeRecorded(std::move(inner), "instrument", std::move(*log));
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> Lease(const InstrumentChain& chain,
                                                      std::unique_ptr<hw::Instrument> inner) {
  const auto desk = hw::LeaseDesk::Create(std::move(inner), chain.lease);
  if (!desk.ok()) return Annotate(desk.status(), chain.node.Where("lease"));
  RONCHI_RETURN_IF_ERROR((*desk)->Acquire(chain.holder));
  return (*desk)->MakeLeased(chain.holder);
}

}  // namespace

const std::vector<std::string>& ChainKeys() {
  static const std::vector<std::string> kKeys = {"guard", "record", "retry",
                                                 "lease", "prove",  "nothing_guards_the_beam"};
  return kKeys;
}

Config WithoutChain(const Config& node) {
  ConfigReader r(node);
  for (const std::string& key : ChainKeys()) r.Known(key);
  return r.Child("");
}

absl::StatusOr<InstrumentChain> ReadInstrumentChain(const Config& node, const DoorOptions& door,
                                                    bool may_be_real) {
  InstrumentChain chain{.node = node, .door = door, .may_be_real = may_be_real};
  ConfigReader r(node);
  if (node.Has("record")) r.Text("record", &chain.record);
  if (node.Has("nothing_guards_the_beam")) {
    r.Bool("nothing_guards_the_beam", &chain.nothing_guards);
  }
  RONCHI_RETURN_IF_ERROR(r.status());
  chain.no_guard = IsNone(node, "guard");
  chain.no_retry = IsNone(node, "retry");
  if (node.Has("guard") && !chain.no_guard && !r.Child("guard").IsMap()) {
    return node.Error("guard", "a mapping of its keys is allowed, or none");
  }
  RONCHI_RETURN_IF_ERROR(CheckGuard(chain));
  if (node.Has("retry") && !chain.no_retry) {
    RONCHI_RETURN_IF_ERROR(ReadRetry(r.Child("retry"), &chain));
  }
  if (node.Has("lease")) RONCHI_RETURN_IF_ERROR(ReadLease(r.Child("lease"), &chain));
  if (node.Has("prove")) RONCHI_RETURN_IF_ERROR(ReadProve(r.Child("prove"), &chain));
  return chain;
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> WrapInstrument(
    const InstrumentChain& chain, std::unique_ptr<hw::Instrument> instrument) {
  const bool real = chain.may_be_real && !instrument->description().simulated;
  if (chain.retry || (real && !chain.no_retry && chain.door.default_retry)) {
    instrument = hw::MakeRetrying(std::move(instrument), chain.retry.value_or(hw::RetryOptions()));
  }
  if (!chain.record.empty()) {
    RONCHI_ASSIGN_OR_RETURN(instrument, Record(chain, std::move(instrument)));
  }
  RONCHI_ASSIGN_OR_RETURN(instrument, Guard(chain, std::move(instrument)));
  if (chain.prove) {
    auto proven = hw::MakeProven(std::move(instrument), *chain.prove);
    if (!proven.ok()) return Annotate(proven.status(), chain.node.Where("prove"));
    instrument = *std::move(proven);
  }
  if (!chain.holder.empty()) {
    RONCHI_ASSIGN_OR_RETURN(instrument, Lease(chain, std::move(instrument)));
  }
  return instrument;
}

}  // namespace ronchi
