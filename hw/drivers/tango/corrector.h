// asyncroscopy's corrector device, which passes on a CEOS gateway's methods: so it is driven as one
// (hw/drivers/ceos/). Of hw/drivers/tango/tango.cc.
#pragma once

#include <memory>

#include "hw/drivers/ceos/ceos.h"
#include "hw/drivers/tango/part.h"

namespace ronchi::hw {

// `part` outlives it.
std::unique_ptr<ceos::CeosLink> MakeTangoCorrector(TangoPart* part);

}  // namespace ronchi::hw
