// What must happen before a signal ends or stops the program, whichever signal and whatever program
// it is: every signal that can be caught, and that the program does not handle or ignore itself.
#pragma once

namespace ronchi {

// Before a signal ends the program (`ends`) or stops it (Ctrl-Z and its kin) `act` is called, on a
// thread of its own; then the signal does by default what it does. After a stop `go_on` is called
// when the program goes on. A fault (SIGSEGV, abort …) waits for `act` some seconds at most, and a
// second signal for nothing. Whoever calls it first in a process is heard; signals that have a
// handler by then, or are ignored, and processes that are forked later are left alone.
struct SignalActions {
  void (*act)(bool ends);
  void (*go_on)();
};
void HandleDeadlySignals(const SignalActions& actions);

// A fault has struck, and `act` is at work: the thread that it struck never goes on, nor lets go of
// a lock that it has.
bool IsEndedByFault();

}  // namespace ronchi
