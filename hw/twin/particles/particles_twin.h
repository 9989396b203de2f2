// The map twin: a simulated STEM over a field of nanoparticles that repeats nowhere, for sparse
// scans and spectrum searches; docs/map_twin.md. The same options, seed and commands give the same
// replies to the bit.
//
// haadf: mass-thickness contrast, fraction = 1 − e^{−x}, x = Σ_elements n σ t under the probe, σ
// into the ring in first Born approximation; an electron that is scattered twice counts once. The
// probe is normal, of variance probe² + (C10 α/2)² along each axis: that of its own width and of a
// disc of the radius |C10| α.
// eels: spectra at points or of every pixel of a scan; hw/twin/particles/plasmons.h. What is
// scattered beyond the collection semiangle is missing, e^{−y}, y as x above.
#pragma once

#include <memory>

#include "hw/instrument/ground_truth.h"
#include "hw/instrument/instrument.h"
#include "hw/twin/particles/particles_options.h"

namespace ronchi::hw {

// Counts above dark that haadf reads, as calibrated, of particles so thick under a dwell time.
absl::StatusOr<double> NominalHaadfCounts(const MapTwinOptions& options, double thickness_nm,
                                          double dwell_s);

// Writable: optics.C10, scan.rotation. Readable besides: beam.energy, beam.current, beam.semiangle,
// scan.count, dose.max. It starts blanked, with the hidden state of (seed, environment 0, episode
// 0).
absl::StatusOr<std::unique_ptr<Instrument>> MakeMapTwin(const MapTwinOptions& options,
                                                        uint64_t seed);

}  // namespace ronchi::hw
