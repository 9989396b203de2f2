// One instrument from several: the column from one driver, the corrector and the camera from
// others. The first part is the column: it has the beam, the scan and the clock.
//
// read, set, measure, expose go to the part that has the property, the measurement, the camera
// (the first that names it; a name in two parts is refused when it is made). scan and park go to
// the column, so a camera of another part can be exposed, not scanned with. Where the column cannot
// scan, the first part that can does: a camera whose server drives the column's scan coils. Exposing with another
// part's camera has the column park the probe there first (0 s); a column that cannot park leaves
// it where it stands, which is asked for as (0, 0). The column does not count those electrons, the
// guard does by its forecast.
// blank: every part that can, the column first; blanked means that the column says so. unblank: the
// other parts first, the column last. safe, abort: every part, whatever the others answer.
#pragma once

#include <memory>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

// InvalidArgument: no parts, a name in two of them, a column that cannot blank.
absl::StatusOr<std::unique_ptr<Instrument>> MakeComposite(
    std::vector<std::unique_ptr<Instrument>> parts);

}  // namespace ronchi::hw
