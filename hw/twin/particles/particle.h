// A field of particles on a thin film: where they are, how thick they are under a probe, how far a
// point is from them. All in nm, in the specimen's own frame, projected along the beam.
//
// A cube lies on a face: its projection is a square of its thickness. A sphere of radius a is
// 2√(a² − ρ²) thick.
#pragma once

#include <array>
#include <vector>

#include "core/random.h"
#include "hw/instrument/state_archive.h"

namespace ronchi::hw {

struct MapParticle {
  bool cube = true;
  double x_nm = 0, y_nm = 0;
  double half_nm = 10;  // half the edge, or the radius
  double turn_rad = 0;  // of a cube, about the beam
  double doping = 0.5;  // 0 … 1: where its plasmons lie in their ranges

  void Archive(StateArchive* a) { (*a) (&cube) (&x_nm) (&y_nm) (&half_nm) (&turn_rad)(&doping); }
};

struct ParticleOptions {
  std::array<double, 2> count = {6, 12};     // at least, at most; fewer where there is no room
  std::array<double, 2> size_nm = {14, 30};  // edge or diameter
  double cube_share = 0.75;
  double touching_share = 0.4;     // of all but the first: they are put beside another one
  double gap_nm = 1;               // between the surfaces of such neighbours: their ligands
  std::vector<MapParticle> fixed;  // if any: these instead, in every episode
};

// Between the outlines, along the axis that separates them best; below 0: they overlap.
double GapBetween_nm(const MapParticle& a, const MapParticle& b);
// Signed distance from the outline, outside above 0; from the nearest corner (of a cube).
double DistanceFromOutline_nm(const MapParticle& p, double x_nm, double y_nm);
double DistanceFromCorner_nm(const MapParticle& p, double x_nm, double y_nm);
// Mean thickness under a normal probe of that standard deviation. Exact for cubes; for spheres the
// seven-point rule of degree five (Stroud & Secrest 1963: E₂^{r²} 5-1).
double MeanThickness_nm(const MapParticle& p, double x_nm, double y_nm, double sigma_nm);

// Within a square field about the origin; no two overlap.
std::vector<MapParticle> DrawParticles(const ParticleOptions& options, double field_nm,
                                       RandomStream* random);

}  // namespace ronchi::hw
