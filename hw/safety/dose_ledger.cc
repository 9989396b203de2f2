#include "hw/safety/dose_ledger.h"

#include <algorithm>
#include <cmath>

#include "hw/instrument/state_archive.h"

namespace ronchi::hw {
namespace {

constexpr double kFinestCell_m = 1e-9;
constexpr double kMostCells = 128;  // along a side of a field

double CellSize(int level) { return std::ldexp(kFinestCell_m, 2 * level); }

}  // namespace

// The cells that a rectangle touches on one level.
struct DoseLedger::Block {
  int64_t i0, i1, j0, j1;
  Block(double x, double y, double width, double height, double cell) {
    // Beyond 1e15 cells all places are one: the index must fit its type.
    const auto index = [cell](double v) {
      return std::isnan(v) ? 0 : int64_t(std::clamp(std::floor(v / cell), -1e15, 1e15));
    };
    i0 = index(x);
    i1 = index(x + width);
    j0 = index(y);
    j1 = index(y + height);
  }
  double Count() const { return double(i1 - i0 + 1) * double(j1 - j0 + 1); }
  double Tiles() const {
    return double((i1 >> kTileBits) - (i0 >> kTileBits) + 1) *
           double((j1 >> kTileBits) - (j0 >> kTileBits) + 1);
  }
  bool Touches(int64_t ti, int64_t tj) const {
    return ti >= i0 >> kTileBits && ti <= i1 >> kTileBits && tj >= j0 >> kTileBits &&
           tj <= j1 >> kTileBits;
  }
  // Calls f(cell within the tile) for the block's cells in a tile.
  template <class F>
  void ForCells(int64_t ti, int64_t tj, const F& f) const {
    const int64_t i = ti * kTile, j = tj * kTile;
    for (int64_t a = std::max(i0, i); a <= std::min(i1, i + kTile - 1); ++a) {
      for (int64_t b = std::max(j0, j); b <= std::min(j1, j + kTile - 1); ++b) {
        f(size_t((a - i) * kTile + (b - j)));
      }
    }
  }
};

void DoseLedger::Add(double x, double y, double width, double height, double dose) {
  int level = 0;
  while (level + 1 < kLevels && std::max(width, height) > kMostCells * CellSize(level)) ++level;
  const Block block(x, y, width, height, CellSize(level));
  if (block.Count() > 4 * kMostCells * kMostCells) return;  // beyond 1e29 m: no place of this world
  for (int64_t ti = block.i0 >> kTileBits; ti <= block.i1 >> kTileBits; ++ti) {
    for (int64_t tj = block.j0 >> kTileBits; tj <= block.j1 >> kTileBits; ++tj) {
      Tile& tile = levels_[size_t(level)][{ti, tj}];  // new ones are zero
      block.ForCells(ti, tj, [&](size_t cell) { tile[cell] += dose; });
    }
  }
}

double DoseLedger::LargestIn(const Block& block, const Tiles::value_type& tile) {
  double largest = 0;
  block.ForCells(tile.first.first, tile.first.second,
                 [&](size_t cell) { largest = std::max(largest, tile.second[cell]); });
  return largest;
}

double DoseLedger::Largest(double x, double y, double width, double height) const {
  double sum = 0;
  for (int level = 0; level < kLevels; ++level) {
    const Tiles& tiles = levels_[size_t(level)];
    if (tiles.empty()) continue;
    const Block block(x, y, width, height, CellSize(level));
    double largest = 0;
    if (block.Tiles() > double(tiles.size())) {  // fewer tiles hold a dose than the block has
      for (const auto& tile : tiles) {
        if (block.Touches(tile.first.first, tile.first.second)) {
          largest = std::max(largest, LargestIn(block, tile));
        }
      }
    } else {
      for (int64_t ti = block.i0 >> kTileBits; ti <= block.i1 >> kTileBits; ++ti) {
        for (int64_t tj = block.j0 >> kTileBits; tj <= block.j1 >> kTileBits; ++tj) {
          const auto it = tiles.find({ti, tj});
          if (it != tiles.end()) largest = std::max(largest, LargestIn(block, *it));
        }
      }
    }
    sum += largest;
  }
  return sum;
}

double DoseLedger::Largest() const {
  double sum = 0;
  for (const Tiles& tiles : levels_) {
    double largest = 0;
    for (const auto& [place, tile] : tiles) {
      largest = std::max(largest, *std::max_element(tile.begin(), tile.end()));
    }
    sum += largest;
  }
  return sum;
}

void DoseLedger::Clear() {
  for (Tiles& tiles : levels_) tiles.clear();
}

void DoseLedger::Archive(StateArchive* archive) { archive->All(&levels_); }

}  // namespace ronchi::hw
