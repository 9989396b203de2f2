// Makes a contracted engine: every beam of the aperture through the specimen, then one matrix
// product a detector value.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/status.h"
#include "sim/contracted/contracted.h"
#include "sim/detector.h"
#include "sim/multislice.h"
#include "sim/potential.h"

namespace ronchi::sim {

struct ContractionOptions {
  Grid grid;
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;             // the largest aperture, tilt included
  std::array<double, 2> tilt_rad = {0, 0};  // of the specimen
  // The box holds so many equal cells along x and y. Beams then fall into x·y classes that do not
  // mix, and only pairs of one class are kept. With atoms at rest only one cell is computed
  // (AddCell); configurations with displaced atoms (Add) are averaged over the cells' translations.
  std::array<size_t, 2> cells = {1, 1};
};

// One of the equal cells of a box.
inline Grid CellGrid(const Grid& box, std::array<size_t, 2> cells) {
  return {box.nx / cells[0], box.ny / cells[1], box.lx_A / double(cells[0]),
          box.ly_A / double(cells[1])};
}

class ContractedBuilder {
 public:
  // `detectors`: annular, segmented or DPC, on the grid. ResourceExhausted: more than
  // memory_bytes. InvalidArgument: cells that do not divide the grid.
  static absl::StatusOr<ContractedBuilder> Create(const ContractionOptions& options,
                                                  const std::vector<Detector>& detectors,
                                                  size_t memory_bytes);
  ContractedBuilder(ContractedBuilder&&) noexcept;
  ~ContractedBuilder();

  // What making it takes: bytes at its largest, and complex multiplications of its products a
  // configuration.
  struct Cost {
    size_t beams = 0;
    double bytes = 0, products = 0;
  };
  static Cost EstimateCost(const ContractionOptions& options,
                           const std::vector<Detector>& detectors);

  // Complex multiplications a second of one thread, measured on a product of as many beams as one
  // class of these options holds.
  static double MeasureProductRate(const ContractionOptions& options);

  // Adds a configuration of the whole box (threads: all). False when interrupted: it is used up.
  bool Add(const Multislice& engine);
  // Adds a specimen of which every cell is the same; `cell` is one cell's potential, on CellGrid.
  bool AddCell(const PotentialSlices& cell, const FftEfforts& efforts);
  Contracted Finish();  // the mean of the configurations; the builder is used up

 private:
  ContractedBuilder() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ronchi::sim
