#include "sim/specimen/particle_on_film.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "sim/specimen/cell_list.h"

namespace ronchi::sim {
namespace {

using Point = CellList::Point;

// Film atoms, without those that the particle takes the place of.
absl::Status RemoveOverlaps(const Nanoparticle& particle, const ParticleShape& shape,
                            const Point& centre, double gap_A, Specimen* film) {
  if (gap_A > 0 && std::min(film->cell_A[0], film->cell_A[1]) < 2 * gap_A) {
    return absl::InvalidArgumentError(
        absl::StrFormat("gap %g Å is not allowed; allowed: up to half the film's sides", gap_A));
  }
  CellList list(film->cell_A, std::max(gap_A, 0.5));
  for (const Atom& a : particle.specimen.atoms) list.Add({a.x_A, a.y_A, a.z_A});
  std::erase_if(film->atoms, [&](const Atom& a) {
    const double d[3] = {a.x_A - centre[0], a.y_A - centre[1], a.z_A - centre[2]};
    Vector3 own = {0, 0, 0};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) own[i] += particle.shape_axes[i][j] * d[j];
    }
    return shape.Inside(own) ||
           list.Any({a.x_A, a.y_A, a.z_A},
                    [&](size_t, const Point&, double d2) { return d2 < gap_A * gap_A; });
  });
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Specimen> MakeParticleOnFilm(const Crystal& crystal,
                                            const ParticleOnFilmOptions& options) {
  NanoparticleOptions alone = options.particle;
  alone.vacuum_A = 0;
  RONCHI_ASSIGN_OR_RETURN(Nanoparticle particle, MakeNanoparticle(crystal, alone));
  const double width = particle.specimen.cell_A[0];
  for (double side : options.film.size_A) {
    if (side < width) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the particle is up to %.4g Å wide, the film %g Å; allowed: a film as wide", width,
          side));
    }
  }
  RONCHI_ASSIGN_OR_RETURN(Specimen film, MakeAmorphous(options.film));
  std::vector<Atom>& atoms = particle.specimen.atoms;
  const auto [low, high] = std::minmax_element(
      atoms.begin(), atoms.end(), [](const Atom& a, const Atom& b) { return a.z_A < b.z_A; });
  const double height = high->z_A - low->z_A, face = options.film.thickness_A;
  // What stands out of the film's face; a particle may also sink in wholly.
  const double out = std::max(0.0, height - options.sink_A);
  const double film_at = options.vacuum_A + (options.entrance ? out : 0);
  const double shift = options.entrance ? film_at + options.sink_A - high->z_A
                                        : film_at + face - options.sink_A - low->z_A;
  const double across[2] = {(film.cell_A[0] - width) / 2, (film.cell_A[1] - width) / 2};
  film.cell_A[2] = face + out + 2 * options.vacuum_A;
  for (Atom& a : film.atoms) a.z_A += film_at;
  for (Atom& a : atoms) {
    a.x_A += across[0];
    a.y_A += across[1];
    a.z_A += shift;
  }
  const Point centre = {width / 2 + across[0], width / 2 + across[1], width / 2 + shift};
  RONCHI_RETURN_IF_ERROR(
      RemoveOverlaps(particle, options.particle.shape, centre, options.gap_A, &film));
  film.title = crystal.title;
  film.summary = crystal.summary;
  film.atoms.insert(film.atoms.end(), atoms.begin(), atoms.end());
  return film;
}

}  // namespace ronchi::sim
