// The wrappers around an instrument, as keys of its config beside the kind's own:
//   Leased → Proven → Guarded → Recorded → Retrying → driver
//   guard: {dose_budget_e_per_A2: 1e4, …}    hw/safety/guard_options.h; or none
//   record: runs/log                         hw/record/recorded.h; a folder without a log
//   retry: {attempts: 3, first_wait_s: 0.05, longest_wait_s: 5}   hw/wrappers/retrying.h; or none
//   lease: {holder: agent, watch: [stage.x]}                      hw/wrappers/leased.h
//   prove: {optics.C10: {step: 20 nm, measure: defocus}}          hw/wrappers/proven.h
// What is no simulation and of which the config says nothing is retried and guarded, with the
// limits of its description and kDefaultBudget_e_per_A2 (docs/safety.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "hw/instrument/instrument.h"
#include "hw/wrappers/leased.h"
#include "hw/wrappers/proven.h"
#include "hw/wrappers/retrying.h"

namespace ronchi {

// Of an instrument that is no simulation, where nobody states one: what many a zeolite or hybrid
// perovskite still bears, and less than one frame of a hard crystal at atomic resolution takes, so
// that whoever wants more has to say so.
inline constexpr double kDefaultBudget_e_per_A2 = 1000;

// Who guards what is opened. One beam has one guard.
enum class DoorGuard {
  kConfig,   // what the config says, else the default
  kCallers,  // whoever opens puts a guard of its own around it: a config that brings one is refused
  kNone      // nobody: as `guard: none`
};

struct DoorOptions {
  DoorGuard guard = DoorGuard::kConfig;
  std::function<void(const std::string&)> on_event = nullptr;  // of the guard: GuardOptions has it
  bool* guarded = nullptr;  // set when a guard was put around it here
  // With kCallers: what the config wants to be proven, which whoever opens does within its guard
  // (hw::MakeProven). Without a place for it a config that wants it is refused.
  std::optional<hw::ProveOptions>* prove = nullptr;
  // Of what is no simulation; a part of another instrument is retried with the whole.
  bool default_retry = true;
};

// guard, record, retry, lease, prove, nothing_guards_the_beam.
const std::vector<std::string>& ChainKeys();
// The config as the kind sees it.
Config WithoutChain(const Config& node);

struct InstrumentChain {
  Config node;  // of the instrument: the guard's keys are read when its description is known
  DoorOptions door;
  bool may_be_real = false;  // the kind's
  std::optional<hw::RetryOptions> retry;
  bool no_retry = false, no_guard = false, nothing_guards = false;
  std::string record;
  std::string holder;  // of the lease; empty: none
  hw::LeaseOptions lease;
  std::optional<hw::ProveOptions> prove;
};

// InvalidArgument: file:line: key: what is wrong.
absl::StatusOr<InstrumentChain> ReadInstrumentChain(const Config& node, const DoorOptions& door,
                                                    bool may_be_real);
absl::StatusOr<std::unique_ptr<hw::Instrument>> WrapInstrument(
    const InstrumentChain& chain, std::unique_ptr<hw::Instrument> driver);

}  // namespace ronchi
