// The safety layer: a wrapper that lets nothing through that could hurt the specimen or the column.
// - What CheckCommand refuses by the narrowed description goes no further.
// - A set must stay within absolute, step, rate and coupled limits; valves may be closed but not
//   opened; high tension, gun and vacuum are read only, whatever the driver says.
// - An exposure is refused when the dose that it would add takes any square nanometre over the
//   budget; the dose is predicted from the highest current seen plus three standard errors, booked
//   ahead, and kept from run to run in a ledger file.
// - The beam is blanked on a fault of the instrument (not a refusal), a lost heartbeat, a command
//   that does not end, Ctrl-C or SIGTERM without an orderly end, destruction, std::exit and
//   std::terminate.
// It hides the ground truth of a twin: behind a guard every instrument is a real one. Unlike other
// instruments it may be called from several threads: one command runs at a time.
// docs/safety.md says what is promised, in what time, and what is not.
#pragma once

#include <memory>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/safety/guard_options.h"

namespace ronchi::hw {

class GuardedInstrument : public Instrument {
 public:
  // "I am alive": for who thinks longer than the heartbeat between commands.
  virtual void Heartbeat() = 0;
  // Of the last session with this ledger: "" if it ended in order, else what is uncertain. The
  // beam has been blanked then.
  virtual std::string uncertain() const = 0;
};

// Takes over `inner`. InvalidArgument: a limit for a property that cannot be set, no budget, a
// damaged ledger or another specimen's. FailedPrecondition: no beam.current, or the ledger is used
// by another process.
absl::StatusOr<std::unique_ptr<GuardedInstrument>> MakeGuarded(std::unique_ptr<Instrument> inner,
                                                               const GuardOptions& options);

}  // namespace ronchi::hw
