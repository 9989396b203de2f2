// Dose by place, of a forecast or a run: rectangles on the specimen and what each has received.
// Unlike the guard's DoseLedger, which counts whole cells and never too little, this is what was
// asked for, so that neighbouring fields do not add up. A forecast adds rectangles that hold every
// place that is possible: what it finds at a point is then at least what can come together there.
#pragma once

#include <array>
#include <map>
#include <span>
#include <vector>

#include "hw/instrument/command.h"
#include "hw/instrument/scan_path.h"

namespace ronchi::hw::workflow {

class Tally {
 public:
  // e⁻/m² onto each of the rectangles, all of it also where they overlap.
  void Add(std::span<const Rectangle> where, double dose_e_per_m2);
  // Somewhere that is not known: it counts everywhere.
  void AddAnywhere(double dose_e_per_m2) { anywhere_ += dose_e_per_m2; }

  double Largest() const;  // anywhere
  // The largest in the neighbourhood of these places, once they get so much more.
  double LargestWith(std::span<const Rectangle> where, double dose_e_per_m2) const;
  double sum() const { return sum_ + anywhere_; }  // over all places: a bound that costs nothing
  double anywhere() const { return anywhere_; }

  // Place by place: the larger of both; the mean of both; what came since `before`; times a factor.
  void JoinLarger(const Tally& other);
  void JoinSmaller(const Tally& other);
  void JoinMean(const Tally& other);
  Tally Since(const Tally& before) const;
  void AddScaled(const Tally& other, double factor);
  // The same, when no place of it can have received more than `most`.
  Tally CappedAt(double most) const;

  using Key = std::array<double, 4>;  // x, y, width, height
  const std::map<Key, double>& places() const { return places_; }

 private:
  std::map<Key, double> places_;
  double anywhere_ = 0, sum_ = 0;
};

// Where a command's dose may come down, each place with all of it. Stops of one raster that are far
// apart stay so wherever it lies: places of them that overlap, as it is not known exactly where
// they are, become one that holds them all and gets the dose once. Points may be given twice, and
// stay.
std::vector<Rectangle> PlacesOf(const Command& command, std::vector<Rectangle> possible);

}  // namespace ronchi::hw::workflow
