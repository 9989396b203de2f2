// Engines for the tests of sim/contracted: a small strontium titanate crystal, every detector that
// the engine serves.
#pragma once

#include <cmath>
#include <vector>

#include "core/progress.h"
#include "core/random.h"
#include "sim/contracted/prepare.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {

inline constexpr double kSemiangle_rad = 0.022;

inline SimulationOptions SmallCrystal(int cells, size_t pixels) {
  SimulationOptions o;
  o.specimen =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(cells, cells, 5);
  o.beam.semiangle_rad = kSemiangle_rad;
  o.grid_pixels = {pixels, pixels};
  o.slice_thickness_A = 1.9525;
  o.exit_slices = {10};
  o.scan = {.start_A = {0.3, -0.2}, .end_A = {3.905, 4.4}, .pixels = {6, 5}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.045, .outer_rad = 0.06},
                 {.name = "bf", .outer_rad = 0.011},
                 {.name = "quad",
                  .type = DetectorOptions::Type::kSegmented,
                  .inner_rad = 0.008,
                  .outer_rad = 0.022,
                  .rotation_rad = 0.3}};
  return o;
}

inline void AddPhonons(int configurations, SimulationOptions* o) {
  o->phonons = true;
  o->phonon_configurations = configurations;
  for (int z : {8, 22, 38}) o->phonon_rms_A[z] = 0.08;
}

// Å that turn the phase at the rim of the aperture by `rad`.
inline double CoefficientOf(double rad, size_t term) {
  const int n = kAberrationTerms[term].n;
  return rad * (n + 1) * 0.025 / 6.28 / std::pow(kSemiangle_rad, n + 1);
}

// Every coefficient to fifth order, so that each turns the phase at the aperture's rim by some rad.
inline void Scramble(uint64_t draw, BeamOptics* optics) {
  RandomStream random({.seed = 7, .name = "test.contracted", .step = draw});
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const double rad = 2 * random.Normal();
    optics->aberrations.SetPolar(int(t), CoefficientOf(rad, t), random.Uniform(0, 3));
  }
}

inline std::shared_ptr<const Contracted> MakeEngine(const SimulationOptions& o,
                                                    std::array<size_t, 2> averaged = {1, 1}) {
  Progress::SetStyle(Progress::Style::kOff);
  return PrepareContraction(o, PlanSimulation(o)->detectors, {}, averaged)->engine;
}

}  // namespace ronchi::sim
