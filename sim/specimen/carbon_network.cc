#include "sim/specimen/carbon_network.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/random.h"
#include "sim/specimen/cell_list.h"

namespace ronchi::sim {
namespace {

using Point = CellList::Point;

// sp2 and sp3, by which second neighbours are set apart. Under tension from all else bonds end up 3
// % longer than their springs at rest, which are shorter by so much.
constexpr double kBond_A[2] = {1.42, 1.52}, kRestOverBond = 0.985;
constexpr double kCosine[2] = {-1.0 / 2, -1.0 / 3};  // of 120 and 109.47 degrees
// Of what is neither first nor second neighbour: a soft push from here on and a harder one at once
// where it would be taken for one of these.
constexpr double kApart_A = 3.0, kClash_A = 2.2;
// Springs' strengths. A sweep moves every atom by all of them at once, which comes to rest while no
// eigenvalue is above two; with these it does up to the greatest density.
constexpr double kPull = 0.28, kBend = 0.10, kPush = 0.03, kPushClash = 0.15;
constexpr int kRounds = 36, kRelaxationSweeps = 8;
// rms along each axis in the first round; none any more after so large a part of the rounds.
constexpr double kKick_A = 0.3, kKicked = 0.7;
constexpr double kLongestBond_A[2] = {2.8,
                                      1.95};  // that a bond may be in the first and the last round
constexpr double kReach_A = 3.2;              // of pairs that are looked at in a round

class Network {
 public:
  explicit Network(const CarbonNetworkOptions& o)
      : box_(o.box_A), random_({.seed = o.seed, .name = "sim.carbon"}) {
    points_.resize(o.atoms);
    four_.resize(o.atoms);
    for (Point& p : points_) {
      for (size_t a = 0; a < 3; ++a) p[a] = random_.Uniform(0, box_[a]);
    }
    // Neighbours in space become neighbours in memory: the sweeps go through all pairs.
    std::sort(points_.begin(), points_.end(), [](const Point& p, const Point& q) {
      const auto key = [](const Point& x) {
        return std::array<double, 3>{std::floor(x[0] / 3), std::floor(x[1] / 3), x[2]};
      };
      return key(p) < key(q);
    });
    for (size_t i = 0; i < o.atoms; ++i) four_[i] = random_.Uniform() < o.fourfold_share;
  }

  void Quench() {
    // In the end the bonds are as short as they are going to be, and there are a few rounds to
    // rest.
    constexpr int kLast = 4;
    for (int round = 0; round < kRounds + kLast; ++round) {
      const double done = std::min(1.0, double(round) / (kRounds - 1));
      Kick(kKick_A * (1 - done / kKicked));
      FindPairs();
      Bond(kLongestBond_A[0] + done * (kLongestBond_A[1] - kLongestBond_A[0]));
      FindSecondNeighbours();
      FindOthers();
      for (int s = 0; s < kRelaxationSweeps; ++s) Sweep();
    }
  }
  std::vector<Point> points() && { return std::move(points_); }

 private:
  struct Pair {
    uint32_t i, j;
    double length_A;  // of a spring, at rest; of a candidate, as it is
  };

  void Kick(double rms_A) {
    if (rms_A <= 0) return;
    for (Point& p : points_) {
      for (double& x : p) x += rms_A * random_.Normal();
    }
    KeepInside();
  }
  void KeepInside() {
    for (Point& p : points_) {
      for (size_t a : {0, 1}) p[a] -= box_[a] * std::floor(p[a] / box_[a]);
      p[2] = std::clamp(p[2], 0.0, box_[2]);
    }
  }

  void FindPairs() {
    CellList list(box_, kReach_A);
    pairs_.clear();
    for (size_t i = 0; i < points_.size(); ++i) {
      list.Any(points_[i], [&](size_t j, const Point&, double d2) {
        if (d2 < kReach_A * kReach_A) pairs_.push_back({uint32_t(j), uint32_t(i), std::sqrt(d2)});
        return false;
      });
      list.Add(points_[i]);
    }
  }

  double BondLength(size_t i, size_t j) const {
    return (kBond_A[four_[i]] + kBond_A[four_[j]]) / 2;
  }
  size_t Valence(size_t i) const { return 3 + four_[i]; }
  bool Bonded(size_t i, size_t j) const {
    return std::find(bonds_[i].begin(), bonds_[i].begin() + count_[i], j) !=
           bonds_[i].begin() + count_[i];
  }
  bool ShareANeighbour(size_t i, size_t j) const {
    for (size_t n = 0; n < count_[i]; ++n) {
      if (Bonded(bonds_[i][n], j)) return true;
    }
    return false;
  }

  void Bond(double longest_A) {
    std::vector<Pair> near;
    for (const Pair& p : pairs_) {
      if (p.length_A < longest_A) near.push_back(p);
    }
    std::sort(near.begin(), near.end(), [](const Pair& a, const Pair& b) {
      return std::tie(a.length_A, a.i, a.j) < std::tie(b.length_A, b.i, b.j);
    });
    bonds_.assign(points_.size(), {});
    count_.assign(points_.size(), 0);
    first_.clear();
    for (const Pair& p : near) {
      if (count_[p.i] == Valence(p.i) || count_[p.j] == Valence(p.j)) continue;
      if (ShareANeighbour(p.i, p.j)) continue;
      bonds_[p.i][count_[p.i]++] = p.j;
      bonds_[p.j][count_[p.j]++] = p.i;
      first_.push_back({p.i, p.j, kRestOverBond * BondLength(p.i, p.j)});
    }
  }

  void FindSecondNeighbours() {
    second_.clear();
    for (uint32_t c = 0; c < points_.size(); ++c) {
      for (size_t a = 0; a < count_[c]; ++a) {
        for (size_t b = a + 1; b < count_[c]; ++b) {
          const uint32_t i = bonds_[c][a], j = bonds_[c][b];
          const double x = BondLength(c, i), y = BondLength(c, j);
          second_.push_back({i, j, std::sqrt(x * x + y * y - 2 * x * y * kCosine[four_[c]])});
        }
      }
    }
  }

  // Of each atom the first and second neighbours are marked, and all other pairs kept.
  void FindOthers() {
    others_.clear();
    std::vector<uint32_t> seen(points_.size(), UINT32_MAX);
    size_t at = 0;
    for (uint32_t j = 0; j < points_.size(); ++j) {  // pairs_ is sorted by j
      seen[j] = j;
      for (size_t n = 0; n < count_[j]; ++n) {
        const uint32_t c = bonds_[j][n];
        seen[c] = j;
        for (size_t m = 0; m < count_[c]; ++m) seen[bonds_[c][m]] = j;
      }
      for (; at < pairs_.size() && pairs_[at].j == j; ++at) {
        if (seen[pairs_[at].i] != j) others_.push_back({pairs_[at].i, j, kApart_A});
      }
    }
  }

  // `force(pair, length)`: along the line from j to i.
  template <class Force>
  void Pull(const std::vector<Pair>& springs, const Force& force) {
    for (const Pair& p : springs) {
      Point d;
      double d2 = 0;
      for (size_t a = 0; a < 3; ++a) {
        d[a] = points_[p.i][a] - points_[p.j][a];
        if (a < 2) {
          if (d[a] > box_[a] / 2) d[a] -= box_[a];
          if (d[a] < -box_[a] / 2) d[a] += box_[a];
        }
        d2 += d[a] * d[a];
      }
      const double length = std::sqrt(d2);
      // Two atoms in one place part with the next kick.
      const double by = length > 1e-6 ? force(p, length) / length : 0;
      for (size_t a = 0; a < 3; ++a) {
        moves_[p.i][a] += by * d[a];
        moves_[p.j][a] -= by * d[a];
      }
    }
  }

  void Sweep() {
    moves_.assign(points_.size(), {0, 0, 0});
    Pull(first_, [](const Pair& p, double r) { return kPull * (p.length_A - r); });
    Pull(second_, [](const Pair& p, double r) { return kBend * (p.length_A - r); });
    Pull(others_, [](const Pair& p, double r) {
      if (r >= p.length_A) return 0.0;
      return kPush * (p.length_A - r) + kPushClash * std::max(0.0, kClash_A - r);
    });
    for (size_t i = 0; i < points_.size(); ++i) {
      for (size_t a = 0; a < 3; ++a) points_[i][a] += moves_[i][a];
    }
    KeepInside();
  }

  const Point box_;
  RandomStream random_;
  std::vector<Point> points_, moves_;
  std::vector<uint8_t> four_;  // has four bonds
  std::vector<Pair> pairs_, first_, second_, others_;
  std::vector<std::array<uint32_t, 4>> bonds_;
  std::vector<uint8_t> count_;
};

}  // namespace

double FourfoldShare(double density_g_cm3) {
  return std::clamp((density_g_cm3 - 1.92) / 1.37, 0.0, 1.0);
}

std::vector<std::array<double, 3>> MakeCarbonNetwork(const CarbonNetworkOptions& o) {
  Network network(o);
  network.Quench();
  return std::move(network).points();
}

}  // namespace ronchi::sim
