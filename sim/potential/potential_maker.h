// What sim/potential.cc and sim/finite_projection.cc share: the elements of one grid, prepared.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "sim/potential.h"
#include "sim/potential/deposit.h"

namespace ronchi::sim {

struct PotentialMaker::Impl {
  int fineness;  // of the smooth grid; cores are as much smaller
  Grid grid, smooth_grid;
  double core_radius_A;
  double slice_thickness_A;
  std::shared_ptr<const ScatteringFactors> factors;
  PotentialOptions options;
  Deposit deposit;
  Fft forward, inverse;  // of the smooth grid
  std::vector<std::shared_ptr<const CoreProfile>> profiles;
  std::map<int, uint32_t> whole;                         // a profile, by atomic number
  std::map<std::pair<int, int>, ComplexBuffer> filters;  // of pairs of elements; 0: none
  std::map<int, std::vector<uint32_t>> near;  // profiles beyond depths: finite projection

  double highest_frequency_per_A() const;
  CoreProfile::Options ProfileOptions() const;
  // The elements' shapes, V Å³ by |k|: with exact placement without their cores.
  std::function<double(double)> Shape(int z) const;
  void Prepare(const std::vector<std::vector<int>>& elements_of_slices);
  RealBuffer Project(const std::vector<const Atom*>& atoms) const;
};

// The elements of some atoms, in increasing order.
std::vector<int> ElementsOf(const std::vector<const Atom*>& atoms);

}  // namespace ronchi::sim
