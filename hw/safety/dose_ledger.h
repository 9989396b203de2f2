// Electrons per area that the specimen has received, place by place. Positions in metres in the
// scan frame. Small fields are booked on cells of 1 nm, larger ones on cells four, sixteen … times
// as wide, so that no field costs more than 128² cells. What is booked on several levels adds up: a
// reading is never below the true dose, and exact where fields of one size repeat.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>

namespace ronchi::hw {

class StateArchive;  // hw/instrument/state_archive.h

class DoseLedger {
 public:
  // Spreads the dose (e⁻/m²) over the rectangle; cells that it touches count as hit in full.
  void Add(double x_m, double y_m, double width_m, double height_m, double dose_e_per_m2);
  // An upper bound of the dose so far anywhere in the rectangle, and anywhere at all.
  double Largest(double x_m, double y_m, double width_m, double height_m) const;
  double Largest() const;
  void Clear();
  void Archive(StateArchive* archive);

 private:
  // Cells lie in tiles of 8 × 8: a field costs a search for each tile, not for each cell.
  static constexpr int kTileBits = 3, kTile = 1 << kTileBits;
  using Tile = std::array<double, kTile * kTile>;             // e⁻/m²
  using Tiles = std::map<std::pair<int64_t, int64_t>, Tile>;  // by cell index / kTile
  static constexpr int kLevels = 24;                          // the coarsest cell is 70 km wide
  struct Block;
  // The largest dose of the tile's cells that lie in the block.
  static double LargestIn(const Block& block, const Tiles::value_type& tile);
  std::array<Tiles, kLevels> levels_;
};

}  // namespace ronchi::hw
