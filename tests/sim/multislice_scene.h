// Crystals, probes and patterns for the tests of the multislice engine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/status.h"
#include "sim/multislice.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {

constexpr double kEnergy_eV = 200e3;
constexpr double kCell_A = 3.905;

inline const ScatteringFactors& Factors() {
  static const auto factors = *ScatteringFactors::Load("kirkland");
  return *factors;
}

inline Specimen StrontiumTitanate(int nx, int ny, int layers) {
  return ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")
      ->Repeated(nx, ny, layers);
}

inline PotentialSlices Slices(const Specimen& s, size_t nx, size_t ny, double thickness_A) {
  return *MakePotential(s, {nx, ny, s.cell_A[0], s.cell_A[1]}, thickness_A, Factors(),
                        {.placement = Placement::kBilinear});
}

inline BeamOptics Optics(double semiangle_rad = 0.024) {
  BeamOptics o;
  o.energy_eV = kEnergy_eV;
  o.semiangle_rad = semiangle_rad;
  o.aberrations.SetPolar(kC10, 40, 0);
  o.aberrations.SetPolar(kC12, 25, 0.3);
  o.aberrations.SetPolar(kC21, 300, 1.1);
  return o;
}

inline std::vector<double> Diffraction(const PotentialSlices& slices, const ProbeSpectrum& probe,
                                       double x_A, double y_A,
                                       std::array<double, 2> tilt_rad = {0, 0}) {
  const Multislice engine(slices, kEnergy_eV, tilt_rad);
  Multislice::Workspace workspace = engine.MakeWorkspace();
  std::vector<double> out;
  const size_t exits[] = {engine.slices()};
  engine.Run(
      probe, x_A, y_A, exits,
      [&](size_t) { out.assign(workspace.intensity().begin(), workspace.intensity().end()); },
      &workspace);
  return out;
}

inline double Sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

inline double LargestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  RONCHI_CHECK_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

}  // namespace ronchi::sim
