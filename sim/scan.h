// Where probes stand: a raster, or points. x slow, y fast, as in the output.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace ronchi::sim {

struct ScanOptions {
  std::array<double, 2> start_A = {0, 0}, end_A = {0, 0};
  std::array<size_t, 2> pixels = {1, 1};
  bool endpoint = false;                        // true: the last probe stands on end_A
  std::vector<std::array<double, 2>> points_A;  // instead of the raster, when not empty

  bool is_raster() const { return points_A.empty(); }
  size_t probes() const { return is_raster() ? pixels[0] * pixels[1] : points_A.size(); }
  std::array<double, 2> Step_A() const;  // between neighbouring probes of the raster
  std::array<double, 2> Position(size_t probe) const;

  // Runs of neighbouring probes [first, first + count).
  struct Block {
    size_t first, count;
  };
  // The scan in blocks of at most `most` probes (at least one): all of it; else whole rows, a
  // multiple of 8 where that fits; else parts of a row. `whole_rows` keeps to multiples of 8 rows
  // even where they are more than `most`.
  std::vector<Block> Blocks(size_t most, bool whole_rows) const;
  // A block's probes that lie close together: squares of 8 × 8 of a raster, single points.
  std::vector<std::vector<size_t>> Tiles(const Block& block) const;
};

}  // namespace ronchi::sim
