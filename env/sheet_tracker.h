// Keeps count of where an atom in a honeycomb lattice has gone, from images of it and its three
// neighbours alone. The lattice gives the scale: between two images the atom moves by whole bonds
// and the sheet drifts by a fraction of one, so that the one can be told from the other. What is
// counted in sites does not drift.
#pragma once

#include <array>

namespace ronchi::env {

using Vector2 = std::array<double, 2>;

struct SeenAtoms {
  Vector2 silicon_A{};                    // in the scan frame
  std::array<Vector2, 3> neighbours_A{};  // likewise
};

class SheetTracker {
 public:
  struct Site {
    int m = 0, n = 0;
    bool other = false;  // of the other sublattice than the atom was on at first
    bool operator==(const Site&) const = default;
  };
  // The state that a saved episode keeps.
  struct State {
    std::array<Vector2, 3> bonds_A{};  // of the first sublattice, the mean of what was seen
    int images = 0;
    Vector2 silicon_A{};
    Site site;
  };

  void Start(const SeenAtoms& seen);
  // The drift since the last image was less than a third of a bond, or the count is off.
  void Update(const SeenAtoms& seen);

  const Site& site() const { return state_.site; }
  // From the atom to a site, Å.
  Vector2 To_A(const Site& site) const;
  const State& state() const { return state_; }
  void Restore(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace ronchi::env
