// The atom twin: a simulated STEM over a sheet of graphene in which one silicon atom sits, and
// which the beam can push from site to site. It is used exactly as a real instrument; docs/
// environments/AtomMove-v0.md. The same options, seed and commands give the same replies to the
// bit.
#pragma once

#include <memory>

#include "hw/instrument/ground_truth.h"
#include "hw/instrument/instrument.h"
#include "hw/twin/sheet/sheet_options.h"

namespace ronchi::hw {

// Writable: optics.C10 (m). Readable besides: beam.energy, beam.semiangle, beam.current,
// scan.count. Detector: haadf. Measurement "atoms": where the silicon and its three neighbours are,
// metres in the scan frame, "silicon.x", "silicon.y", "neighbour1.x" … "neighbour3.y",
// counter-clockwise from −x; no estimate when the silicon is not in the field. It is an analysis of
// an image, which comes along when the options ask for it. Positions of scan and park are absolute
// in the scan frame. It starts blanked, with the hidden state of (seed, environment 0, episode 0),
// the silicon within a cell of the origin.
absl::StatusOr<std::unique_ptr<Instrument>> MakeAtomTwin(const AtomTwinOptions& options,
                                                         uint64_t seed);

}  // namespace ronchi::hw
