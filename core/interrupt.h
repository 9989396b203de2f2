// Signals that ask a program to end set a flag; long work looks at it between items and ends with
// what is done saved. A second such signal ends the program at once.
#pragma once

namespace ronchi {

// SIGINT (Ctrl-C), SIGTERM, SIGHUP (the terminal is closed; not when it was ignored from the start,
// as under nohup) and SIGXCPU set the flag. SIGPIPE and SIGXFSZ are ignored: the write that would
// have raised them fails instead, with an error that is handled where it is made.
void InstallInterruptHandlers();
bool Interrupted();
// For a program with signal handlers of its own (Python's): the same flag, by hand.
void SetInterrupted(bool interrupted);

// What a second signal calls, within its handler, instead of ending the program there and then: it
// must see to the end itself. core/deadly_signals.h sets it where a beam has to be blanked
// before.
void SetLastRites(void (*rites)(int signal));

}  // namespace ronchi
