#include "sim/scan.h"

#include <algorithm>
#include <cmath>

namespace ronchi::sim {
namespace {
constexpr size_t kTile = 8;
}

std::array<double, 2> ScanOptions::Step_A() const {
  std::array<double, 2> step;
  for (size_t a : {0, 1}) {
    const size_t intervals = endpoint ? std::max<size_t>(1, pixels[a] - 1) : pixels[a];
    step[a] = (end_A[a] - start_A[a]) / double(intervals);
  }
  return step;
}

std::array<double, 2> ScanOptions::Position(size_t probe) const {
  if (!is_raster()) return points_A[probe];
  const auto step = Step_A();
  return {start_A[0] + double(probe / pixels[1]) * step[0],
          start_A[1] + double(probe % pixels[1]) * step[1]};
}

std::vector<ScanOptions::Block> ScanOptions::Blocks(size_t most, bool whole_rows) const {
  most = std::max<size_t>(1, most);
  const size_t all = probes(), row = is_raster() ? pixels[1] : all;
  size_t block = std::min(most, all);
  if (most < all && (whole_rows || most >= kTile * row)) {
    block = std::max<size_t>(1, most / (kTile * row)) * kTile * row;
  } else if (most < all && most >= row) {
    block = most / row * row;
  }
  std::vector<Block> blocks;
  for (size_t first = 0; first < all;) {
    size_t count = std::min(block, all - first);
    if (block < row) count = std::min(count, row - first % row);  // never around a corner
    blocks.push_back({first, count});
    first += count;
  }
  return blocks;
}

std::vector<std::vector<size_t>> ScanOptions::Tiles(const Block& block) const {
  std::vector<std::vector<size_t>> tiles;
  const size_t end = block.first + block.count;
  if (!is_raster() || block.first % pixels[1] || end % pixels[1]) {
    for (size_t p = block.first; p < end; ++p) tiles.push_back({p});
    return tiles;
  }
  const size_t first_row = block.first / pixels[1], last_row = end / pixels[1];
  for (size_t i0 = first_row; i0 < last_row; i0 += kTile) {
    for (size_t j0 = 0; j0 < pixels[1]; j0 += kTile) {
      tiles.emplace_back();
      for (size_t i = i0; i < std::min(i0 + kTile, last_row); ++i) {
        for (size_t j = j0; j < std::min(j0 + kTile, pixels[1]); ++j) {
          tiles.back().push_back(i * pixels[1] + j);
        }
      }
    }
  }
  return tiles;
}

ScanLines MakeLines(const ScanOptions& scan) {
  if (!scan.is_raster()) return {.starts_A = scan.points_A};
  ScanLines lines{.step_A = {0, scan.Step_A()[1]}, .pixels = scan.pixels[1]};
  for (size_t i = 0; i < scan.pixels[0]; ++i) {
    lines.starts_A.push_back(scan.Position(i * scan.pixels[1]));
  }
  return lines;
}

ScanTransform ScanTransform::Rotation(double rad, std::array<double, 2> center_A) {
  const double c = std::cos(rad), s = std::sin(rad);
  return {.center_A = center_A, .matrix = {c, -s, s, c}};
}

}  // namespace ronchi::sim
