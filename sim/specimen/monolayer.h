// A free-standing layer with vacancies and substitutional atoms.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "core/status.h"
#include "sim/specimen/crystal.h"

namespace ronchi::sim {

struct MonolayerOptions {
  std::array<double, 2> size_A = {0, 0};         // least width of the box
  double vacuum_A = 5;                           // above and below the outermost atoms
  std::map<int, double> vacancies;               // element → share of its sites that are empty
  std::map<int, std::map<int, double>> dopants;  // host → guest → share of the host's sites
  double max_strain = 0;                         // of the orthogonal box (sim/zone_axis.h)
  uint64_t seed = 0;
};

// The crystal along c, cut at its widest gap, as many cells as cover `size_A`. Each share is met to
// the nearest whole atom; sites are drawn without replacement, vacancies first, each element's from
// a stream of its own. A guest keeps its host's displacement.
// InvalidArgument: no orthogonal box (sim/zone_axis.h), shares of an element that sum to above 1,
// an element that the layer lacks, above 10^8 atoms.
absl::StatusOr<Specimen> MakeMonolayer(const Crystal& crystal, const MonolayerOptions& options);

}  // namespace ronchi::sim
