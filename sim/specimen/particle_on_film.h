// A nanoparticle on an amorphous film, as on a carbon support.
#pragma once

#include "core/status.h"
#include "sim/specimen/amorphous.h"
#include "sim/specimen/nanoparticle.h"

namespace ronchi::sim {

struct ParticleOnFilmOptions {
  NanoparticleOptions particle;  // its vacuum_A is not used
  AmorphousOptions film;
  bool entrance = true;  // the beam meets the particle first; false: the film first
  double gap_A = 2;      // least distance of film atoms from the particle's
  double sink_A = 0;     // of the particle's outermost atom below the film's face
  double vacuum_A = 5;   // above and below the whole
};

// The box is the film's in x and y; the particle stands in its middle. Film atoms inside the
// particle's shape or nearer than `gap_A` to one of its atoms are removed.
// InvalidArgument: as of MakeNanoparticle and MakeAmorphous; a particle wider than the film, which
// would meet itself across the box's faces.
absl::StatusOr<Specimen> MakeParticleOnFilm(const Crystal& crystal,
                                            const ParticleOnFilmOptions& options);

}  // namespace ronchi::sim
