// `ronchi serve`, the verb of ronchi-serve.
#pragma once

#include "experiments/command/command_line.h"

namespace ronchi {

int ServeInstrument(const Arguments& a);

}  // namespace ronchi
