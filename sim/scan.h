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

// Lines of equally spaced probes: pixel p of line l stands at starts_A[l] + p·step_A, so that every
// line may have drifted by itself. Scattered points are lines of one pixel.
struct ScanLines {
  std::vector<std::array<double, 2>> starts_A;
  std::array<double, 2> step_A = {0, 0};
  size_t pixels = 1;

  size_t probes() const { return starts_A.size() * pixels; }
};
// In the order of ScanOptions::Position.
ScanLines MakeLines(const ScanOptions& scan);

// Where a probe really stands that is asked to stand at r: R = center + matrix (r − center) + shift.
struct ScanTransform {
  std::array<double, 2> center_A = {0, 0}, shift_A = {0, 0};
  std::array<double, 4> matrix = {1, 0, 0, 1};  // xx, xy, yx, yy: rotation, scale, shear

  // By `rad` from +x to +y.
  static ScanTransform Rotation(double rad, std::array<double, 2> center_A);
  std::array<double, 2> Turn(std::array<double, 2> v) const {
    return {matrix[0] * v[0] + matrix[1] * v[1], matrix[2] * v[0] + matrix[3] * v[1]};
  }
  std::array<double, 2> Place(std::array<double, 2> r) const {
    const auto turned = Turn({r[0] - center_A[0], r[1] - center_A[1]});
    return {center_A[0] + turned[0] + shift_A[0], center_A[1] + turned[1] + shift_A[1]};
  }
};

}  // namespace ronchi::sim
