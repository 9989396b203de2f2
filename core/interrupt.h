// Ctrl-C and SIGTERM set a flag; long work looks at it between items and ends with what is done
// saved. A second signal ends the program at once.
#pragma once

namespace ronchi {
void InstallInterruptHandlers();
bool Interrupted();
// For a program with signal handlers of its own (Python's): the same flag, by hand.
void SetInterrupted(bool interrupted);
}  // namespace ronchi
