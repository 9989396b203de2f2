// Ctrl-C and SIGTERM set a flag; long work looks at it between items and ends with what is done
// saved. A second signal ends the program at once.
#pragma once

namespace ronchi {
void InstallInterruptHandlers();
bool Interrupted();
}  // namespace ronchi
