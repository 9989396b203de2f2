// Points in and around the cores of one slice, with quadrature weights: what a smooth grid lacks of
// a function u of the potential is Σ_q weight_q (u(V_q) − u(S_q)) δ(r − r_q), for all frequencies
// that the waves' band holds. Around every core stand rings of points, denser towards the centre,
// where V goes as ln r; where cores overlap, each point counts by a partition of unity (Shepard's
// weights with the compact support of Franke and Little, as in Renka, ACM Trans. Math. Softw. 14,
// 139 (1988)), which are smooth, 1 at the own centre and 0 at those of others.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/potential.h"
#include "sim/potential/patch_fit.h"

namespace ronchi::sim {

class CoreNodes {
 public:
  struct Node {
    double x_A, y_A;
    double whole_VA, smooth_VA;  // V and S of all atoms, V Å
    double weight_A2;
  };

  // Of slices with exact placement, which must outlive this.
  CoreNodes(const PotentialSlices& slices, size_t distinct);

  size_t cores() const { return slice_.cores.size(); }
  // The points of one core, in place of what `nodes` holds.
  void Fill(size_t core, std::vector<Node>* nodes) const;

  // The points of the smooth grid around a core, and the polynomials that are fitted to the smooth
  // potential of all that is farther off: V and S at a node depend on the grid's values through
  // them.
  struct Patch {
    int64_t first_x, first_y;
    double x(const Grid& g, double x_A) const { return x_A / g.dx_A() - double(first_x); }
    double y(const Grid& g, double y_A) const { return y_A / g.dy_A() - double(first_y); }
  };
  using PatchTerms = std::array<PatchFit::Terms, PatchFit::kTerms>;
  Patch PatchOf(size_t core) const;
  const PatchFit& fit_x() const { return fit_x_; }
  const PatchFit& fit_y() const { return fit_y_; }

  // What one term, of weight 1, contributes to S and to V − S at a point (dx_A, dy_A) from its
  // place, in V Å, and the derivatives of that by the place, in V. The latter is 0 outside the
  // core.
  struct Part {
    double value = 0, by_x = 0, by_y = 0;
  };
  struct Parts {
    Part smooth, lacking;
  };
  Parts PartsAt(size_t term, double dx_A, double dy_A) const;
  const SliceCores& slice() const { return slice_; }

  // Other cores, or images of this one, that overlap with `core`: the index and the shift of the
  // image.
  struct Neighbour {
    size_t core;
    double x_A, y_A;  // its place, next to this one's
  };
  const std::vector<Neighbour>& Overlapping(size_t core) const { return neighbours_[core]; }

 private:
  double Whole(size_t core, double r2) const;
  double Smooth(size_t core, double r2) const;
  PatchTerms Surroundings(size_t core) const;
  void FindNeighbours();

  const PotentialSlices& slices_;
  const SliceCores& slice_;
  const RealBuffer& smooth_;
  double radius_A_;
  PatchFit fit_x_, fit_y_;
  std::vector<std::vector<Neighbour>> neighbours_;
};

}  // namespace ronchi::sim
