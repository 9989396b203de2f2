// The twin: a simulated STEM that is used exactly as a real one. It has hidden aberrations beyond
// what its settings say, drift, shot noise, a clock of its own and a dose ledger; docs/twin.md.
// Scanned images come from an engine (sim/engine.h), patterns of the camera from multislice.
// The same options, seed and commands give the same replies to the bit.
#pragma once

#include <functional>
#include <memory>

#include "hw/instrument/ground_truth.h"
#include "hw/instrument/instrument.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

// Writable: optics.C10, optics.C12.a, optics.C12.b (m), scan.rotation, and what the options give it
// of further knobs and a stage. Readable besides: beam.energy, beam.current, beam.semiangle,
// scan.count, dose.max. Detectors: haadf, further rings, camera. It starts blanked, with the hidden
// state of (seed, environment 0, episode 0).
absl::StatusOr<std::unique_ptr<Instrument>> MakeTwin(const TwinOptions& options, uint64_t seed);

// Makes twins of the same options, which share what the camera's patterns are prepared from: of
// many twins it is prepared once, when the first is made. May be called from several threads.
using TwinMaker = std::function<absl::StatusOr<std::unique_ptr<Instrument>>(uint64_t seed)>;
TwinMaker MakeTwinMaker(const TwinOptions& options);

}  // namespace ronchi::hw
