#include "sim/potential/core_nodes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "sim/potential/gauss_legendre.h"

namespace ronchi::sim {
namespace {

// Points on rings around a centre, for a core of radius 1.
struct Ring {
  double radius, weight;  // weight of a point: the areas sum to π
  std::vector<std::array<double, 2>> points;
};

// r = t², t by Gauss and Legendre: dense where V goes as ln r. The band's highest frequency makes
// about one turn over a core's radius, 2πkr_c = 2π (2/3) 3/2: a ring of n points integrates Bessel
// orders below n, and those above 2πkr fall off fast.
std::vector<Ring> MakeRings(int rings, int least, int most) {
  std::vector<Ring> out;
  double turn = 0;
  for (const auto& [t, weight] : GaussLegendre(rings)) {
    Ring ring{t * t, 0, {}};
    const int n = least + int(std::lround((most - least) * ring.radius));
    ring.weight = 2 * std::numbers::pi * ring.radius * 2 * t * weight / n;
    for (int i = 0; i < n; ++i) {
      const double angle = 2 * std::numbers::pi * (i + turn) / n;
      ring.points.push_back({ring.radius * std::cos(angle), ring.radius * std::sin(angle)});
    }
    turn += 0.381966;  // the golden section: rings do not line up
    out.push_back(std::move(ring));
  }
  return out;
}

// Measured on single atoms and pairs, Z up to 98 (tests/sim/potential/placement.cc): what these
// rings leave is below what the smooth grid does.
const std::vector<Ring>& Rings(bool crowded) {
  constexpr int kDenser = sizeof(Real) == 8 ? 2 : 1;
  static const auto kLonely = MakeRings(12 * kDenser, 8 * kDenser, 16 * kDenser);
  static const auto kCrowded = MakeRings(16 * kDenser, 16 * kDenser, 32 * kDenser);
  return crowded ? kCrowded : kLonely;
}

double Square(double v) { return v * v; }

// Shepard's weight of a core at the distance r of its centre, r < radius.
double ShareOf(double r, double radius) {
  return Square(std::max(0.0, radius - r) / (radius * std::max(r, 1e-12 * radius)));
}

// Grid points along an axis from before a core to behind it.
size_t PatchPoints(double radius_A, double pixel_A) {
  return 2 * size_t(std::ceil(radius_A / pixel_A)) + 2;
}

size_t Wrap(int64_t i, size_t n) {
  const int64_t m = i % int64_t(n);
  return size_t(m < 0 ? m + int64_t(n) : m);
}

}  // namespace

CoreNodes::CoreNodes(const PotentialSlices& slices, size_t distinct)
    : slices_(slices),
      slice_(*slices.cores[distinct]),
      smooth_(*slices.distinct[distinct]),
      radius_A_(slices.core_radius_A),
      fit_x_(PatchPoints(radius_A_, slices.smooth_grid.dx_A())),
      fit_y_(PatchPoints(radius_A_, slices.smooth_grid.dy_A())),
      neighbours_(slice_.cores.size()) {
  FindNeighbours();
}

void CoreNodes::FindNeighbours() {
  // All places and their images next to the box, by x.
  const double reach_A = 2 * radius_A_, lx = slices_.grid.lx_A, ly = slices_.grid.ly_A;
  const auto fold = [](double v, double l) { return v - std::floor(v / l) * l; };
  std::vector<Neighbour> places;
  const int images_x = int(std::ceil(reach_A / lx)), images_y = int(std::ceil(reach_A / ly));
  for (size_t c = 0; c < slice_.cores.size(); ++c) {
    const double x = fold(slice_.cores[c].x_A, lx), y = fold(slice_.cores[c].y_A, ly);
    for (int a = -images_x; a <= images_x; ++a) {
      for (int b = -images_y; b <= images_y; ++b) {
        const Neighbour image{c, x + a * lx, y + b * ly};
        if (image.x_A > -reach_A && image.x_A < lx + reach_A && image.y_A > -reach_A &&
            image.y_A < ly + reach_A) {
          places.push_back(image);
        }
      }
    }
  }
  std::sort(places.begin(), places.end(), [](const Neighbour& a, const Neighbour& b) {
    return std::tie(a.x_A, a.y_A, a.core) < std::tie(b.x_A, b.y_A, b.core);
  });
  for (size_t c = 0; c < slice_.cores.size(); ++c) {
    const auto& core = slice_.cores[c];
    const double x = fold(core.x_A, lx), y = fold(core.y_A, ly);
    auto it = std::lower_bound(places.begin(), places.end(), x - reach_A,
                               [](const Neighbour& p, double v) { return p.x_A < v; });
    for (; it != places.end() && it->x_A < x + reach_A; ++it) {
      const double r2 = Square(it->x_A - x) + Square(it->y_A - y);
      const bool is_self = it->core == c && r2 == 0;
      if (is_self || r2 >= reach_A * reach_A) continue;
      neighbours_[c].push_back({it->core, it->x_A + core.x_A - x, it->y_A + core.y_A - y});
    }
  }
}

double CoreNodes::Whole(size_t core, double r2) const {
  const SliceCores::Core& c = slice_.cores[core];
  double sum = 0;
  for (uint32_t t = c.first_term; t < c.first_term + c.terms; ++t) {
    sum += slice_.terms[t].weight * slices_.profiles[slice_.terms[t].profile]->Whole(r2);
  }
  return sum;
}

double CoreNodes::Smooth(size_t core, double r2) const {
  const SliceCores::Core& c = slice_.cores[core];
  double sum = 0;
  for (uint32_t t = c.first_term; t < c.first_term + c.terms; ++t) {
    sum += slice_.terms[t].weight * slices_.profiles[slice_.terms[t].profile]->Smooth(r2);
  }
  return sum;
}

CoreNodes::Patch CoreNodes::PatchOf(size_t core) const {
  const Grid& g = slices_.smooth_grid;
  const SliceCores::Core& c = slice_.cores[core];
  const auto first = [](double at, size_t points) {
    return int64_t(std::floor(at)) - int64_t(points) / 2 + 1;
  };
  return {first(c.x_A / g.dx_A(), fit_x_.count()), first(c.y_A / g.dy_A(), fit_y_.count())};
}

// The smooth potential of all but this core and its neighbours.
CoreNodes::PatchTerms CoreNodes::Surroundings(size_t core) const {
  const Grid& g = slices_.smooth_grid;
  const SliceCores::Core& c = slice_.cores[core];
  const Patch patch = PatchOf(core);
  PatchTerms terms = {};
  for (size_t i = 0; i < fit_x_.count(); ++i) {
    const int64_t ix = patch.first_x + int64_t(i);
    const double x_A = double(ix) * g.dx_A();
    const size_t row = Wrap(ix, g.nx) * g.ny;
    PatchFit::Terms line = {};
    for (size_t j = 0; j < fit_y_.count(); ++j) {
      const int64_t iy = patch.first_y + int64_t(j);
      const double y_A = double(iy) * g.dy_A();
      double value =
          smooth_[row + Wrap(iy, g.ny)] - Smooth(core, Square(x_A - c.x_A) + Square(y_A - c.y_A));
      for (const Neighbour& n : neighbours_[core]) {
        value -= Smooth(n.core, Square(x_A - n.x_A) + Square(y_A - n.y_A));
      }
      for (size_t t = 0; t < PatchFit::kTerms; ++t) line[t] += fit_y_.AtPoint(j)[t] * value;
    }
    for (size_t s = 0; s < PatchFit::kTerms; ++s) {
      for (size_t t = 0; t < PatchFit::kTerms; ++t) terms[s][t] += fit_x_.AtPoint(i)[s] * line[t];
    }
  }
  return terms;
}

void CoreNodes::Fill(size_t core, std::vector<Node>* nodes) const {
  const Grid& g = slices_.smooth_grid;
  const SliceCores::Core& c = slice_.cores[core];
  const auto& near = neighbours_[core];
  const PatchTerms surroundings = Surroundings(core);
  const Patch patch = PatchOf(core);
  nodes->clear();
  for (const Ring& ring : Rings(!near.empty())) {
    const double r_A = ring.radius * radius_A_;
    const double own_whole = Whole(core, r_A * r_A), own_smooth = Smooth(core, r_A * r_A);
    const double own_share = ShareOf(r_A, radius_A_);
    for (const auto& [px, py] : ring.points) {
      Node node{c.x_A + radius_A_ * px, c.y_A + radius_A_ * py, 0, 0,
                ring.weight * radius_A_ * radius_A_};
      const PatchFit::Terms at_x = fit_x_.At(patch.x(g, node.x_A)),
                            at_y = fit_y_.At(patch.y(g, node.y_A));
      double around = 0;
      for (size_t s = 0; s < PatchFit::kTerms; ++s) {
        double line = 0;
        for (size_t t = 0; t < PatchFit::kTerms; ++t) line += surroundings[s][t] * at_y[t];
        around += at_x[s] * line;
      }
      node.whole_VA = around + own_whole;
      node.smooth_VA = around + own_smooth;
      double shares = own_share;
      for (const Neighbour& n : near) {
        const double r2 = Square(node.x_A - n.x_A) + Square(node.y_A - n.y_A);
        const double smooth = Smooth(n.core, r2);
        node.smooth_VA += smooth;
        if (r2 >= radius_A_ * radius_A_) {  // V = S there
          node.whole_VA += smooth;
          continue;
        }
        node.whole_VA += Whole(n.core, r2);
        shares += ShareOf(std::sqrt(r2), radius_A_);
      }
      node.weight_A2 *= own_share / shares;
      nodes->push_back(node);
    }
  }
}

CoreNodes::Parts CoreNodes::PartsAt(size_t term, double dx_A, double dy_A) const {
  const CoreProfile& p = *slices_.profiles[slice_.terms[term].profile];
  const double r2 = dx_A * dx_A + dy_A * dy_A, slope = p.SmoothSlope(r2);
  Parts parts;
  parts.smooth = {p.Smooth(r2), -2 * dx_A * slope, -2 * dy_A * slope};
  if (r2 < radius_A_ * radius_A_) {
    const double lacking = p.WholeSlope(r2) - slope;
    parts.lacking = {p.Whole(r2) - parts.smooth.value, -2 * dx_A * lacking, -2 * dy_A * lacking};
  }
  return parts;
}

}  // namespace ronchi::sim
