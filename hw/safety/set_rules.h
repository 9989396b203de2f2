// What a set may do, by the guard's envelope: groups that nobody may touch, absolute, step, rate
// and coupled limits. Knows where every writable property stands, as last read back.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/safety/guard_options.h"

namespace ronchi::hw {

// The group that the guard takes a property for: the driver's, or what its name says ("valve",
// "gun.", "vacuum.", "voltage", "beam.energy" …), whichever is stricter.
PropertyGroup GuardedGroup(const PropertyInfo& property);

class SetRules {
 public:
  // Narrows `description` to the envelope: high tension, gun and vacuum become read only, valves
  // may be closed only. InvalidArgument: a limit for what cannot be set, an unknown name.
  static absl::StatusOr<SetRules> Create(const GuardOptions& options, Description* description);

  // Reads properties of the instrument, for what must be known before a move.
  using Reader = std::function<absl::StatusOr<Reply>(const Read&)>;
  // `description` is the narrowed one, and CheckCommand has passed. OutOfRange: a limit;
  // ResourceExhausted (kBusy): too fast, wait; FailedPrecondition: where it stands is unknown.
  absl::Status Check(const Description& description, const Set& set, const Reader& read);
  // What was read (or read back) at that time of the instrument.
  void Note(const Reply& reply);
  // A set that began then has moved it from there to where it stands.
  void NoteMove(const std::string& property, double from, double start_s);
  double now_s() const { return now_s_; }    // the latest time of the instrument that was noted
  void Forget(const std::string& property);  // a fault left it unknown
  double position(const std::string& property) const;  // NaN: unknown

 private:
  struct Axis {
    double position;
    double max_rate, burst;
    double travelled = 0;  // that the rate has not paid back yet, as of `since_s`
    double since_s = 0;
  };
  absl::Status CheckRate(const std::string& name, Axis* axis, double way, const Reader& read);
  absl::Status CheckCoupled(const std::string& name, double to, const Reader& read);

  std::map<std::string, Axis> axes_;
  std::map<std::string, double> others_;  // read-only members of coupled limits
  std::vector<CoupledLimit> coupled_;
  double now_s_ = 0;
};

}  // namespace ronchi::hw
