// The envelope that a guard keeps, and how it is read from YAML.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "hw/instrument/description.h"

namespace ronchi::hw {

struct Limits {
  double min = 0, max = 0, max_step = 0;                      // SI
  double max_rate = std::numeric_limits<double>::infinity();  // SI per second of instrument time
};

// Σ coefficient · property ≤ bound, SI: z against tilt, two tilts together. Moves are along one
// axis at a time, so a path between two allowed points is allowed.
struct CoupledLimit {
  std::string name;  // said when it refuses
  std::map<std::string, double> coefficients;
  double bound = 0;
  // Holds only while this property (the holder's type, say) reads this value; empty: always. While
  // the property cannot be read, it holds.
  std::string when_property;
  double when_value = 0;
};

// When the dose ledger is forced onto the disk: never by us (a killed process loses nothing, a
// power cut the last seconds), or before an exposure that no reserve covers (a power cut loses
// nothing).
enum class LedgerSync { kProcess, kPower };

struct GuardOptions {
  std::map<std::string, Limits> limits;  // tighter than the instrument's own; never wider
  double dose_budget_e_per_m2 = 0;       // per square nanometre, cumulative; must be above 0
  std::vector<CoupledLimit> coupled = {};
  // The specimen's dose is kept here from run to run; empty: in memory alone.
  std::string ledger_file = {};
  std::string specimen = {};  // the ledger's: a file of another specimen is refused
  LedgerSync ledger_sync = LedgerSync::kPower;
  // With kPower: this part of what is left of the budget is set aside at a time, 0 … 1, so that not
  // every exposure waits for the disk; a crash counts it as spent. hw/safety/dose_journal.h.
  double ledger_reserve = 0.1;
  // How well a place is found again: every exposure is booked this much wider all around.
  double position_uncertainty_m = 0;
  // Host clock. Without a command or Heartbeat() for so long the beam is blanked; 0: never.
  double heartbeat_s = 0;
  // A command that runs longer is cancelled and the beam blanked; 0: never.
  double command_limit_s = 0;
  // The beam is blanked when it was on for so long without a command; unlike the heartbeat, a
  // Heartbeat() does not put it off. 0: never.
  double idle_blank_s = 0;
  // The beam is taken for lost when the current, or the electrons of an exposure, are less than
  // this part of what they should be, 0 … 1; 0: it never is.
  double beam_lost_fraction = 0.02;
  // What the beam's current should be, A; 0: the highest that the ledger file knows of, else what
  // is read first. A session that begins with less than beam_lost_fraction of it is refused, unless
  // `accept_current` (a person; null: nobody) takes what is read now for the new normal.
  double beam_current_A = 0;
  std::function<bool(double normal_A, double now_A)> accept_current = nullptr;
  // Besides, it is lost when one of these does not read within [min, max], SI. Read before every
  // exposure.
  std::map<std::string, std::array<double, 2>> beam_needs = {};
  // After Ctrl-C or SIGTERM (core/interrupt.h) an orderly end has so long; then the beam is
  // blanked.
  double interrupt_grace_s = 5;
  // Told in one line why the guard blanked or what it found; called from any thread.
  std::function<void(const std::string&)> on_event = nullptr;
};

// What a document with a guard section of its own brings along.
struct GuardDefaults {
  double dose_budget_e_per_A2 = 0;       // above 0: the key may be left out
  std::map<std::string, Limits> limits;  // where the section gives none
  std::vector<std::string> known;        // keys that the document reads itself
  bool limits_elsewhere = false;         // `limits` is among these
};
// Keys: dose_budget_e_per_A2; limits: {<property>: {min, max, step, rate}}; coupled: [{name, terms:
// {<property>: coefficient}, at_most, when: {<property>: value}}]; ledger_file, specimen,
// ledger_sync (process, power), ledger_reserve, position_uncertainty_nm, heartbeat_s,
// command_limit_s, idle_blank_s, interrupt_grace_s, beam_lost_fraction, beam_current_pA,
// beam_needs:
// {<property>: {min, max}}. Numbers of limits and needs are SI. docs/safety.md.
// The keys, for documents that read some of them before there is a description.
const std::vector<std::string>& GuardKeys();
absl::StatusOr<GuardOptions> ReadGuardOptions(const Config& node, const Description& description,
                                              const GuardDefaults& defaults = {});

}  // namespace ronchi::hw
