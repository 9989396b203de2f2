#include "hw/twin/particles/particle.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ronchi::hw {
namespace {

using Point = std::array<double, 2>;

// Of a point, in the particle's own frame.
Point Own(const MapParticle& p, double x, double y) {
  const double c = std::cos(p.turn_rad), s = std::sin(p.turn_rad);
  const double dx = x - p.x_nm, dy = y - p.y_nm;
  return {c * dx + s * dy, c * dy - s * dx};
}

double BoxDistance(const Point& at, double half) {
  const double x = std::fabs(at[0]) - half, y = std::fabs(at[1]) - half;
  return std::hypot(std::max(x, 0.0), std::max(y, 0.0)) + std::min(std::max(x, y), 0.0);
}

// Along the axes of a's square: how far b's square is beyond it at the best of them.
double AxisGap(const MapParticle& a, const MapParticle& b) {
  const Point d = Own(a, b.x_nm, b.y_nm);
  const double turn = b.turn_rad - a.turn_rad;
  const double reach = b.half_nm * (std::fabs(std::cos(turn)) + std::fabs(std::sin(turn)));
  return std::max(std::fabs(d[0]), std::fabs(d[1])) - a.half_nm - reach;
}

double SphereThickness(double radius, double x, double y) {
  return 2 * std::sqrt(std::max(0.0, radius * radius - x * x - y * y));
}

// The share of a normal deviate of mean x that lies within ±half.
double Within(double x, double half, double sigma) {
  if (sigma <= 0) return std::fabs(x) < half ? 1 : std::fabs(x) == half ? 0.5 : 0;
  const double scale = 1 / (std::numbers::sqrt2 * sigma);
  return 0.5 * (std::erf((half - x) * scale) + std::erf((half + x) * scale));
}

// Beside `other`, its face or its rim to ours.
void PutBeside(const MapParticle& other, double gap_nm, RandomStream* random, MapParticle* p) {
  const double away = other.half_nm + p->half_nm + gap_nm;
  double azimuth = 2 * std::numbers::pi * random->Uniform(), aside = 0;
  if (other.cube || p->cube) {
    if (!other.cube) {
      p->turn_rad = azimuth;
    } else {
      azimuth = other.turn_rad + std::numbers::pi / 2 * double(random->Below(4));
      p->turn_rad = other.turn_rad;
      aside = 0.5 * other.half_nm * random->Uniform(-1, 1);
    }
  }
  p->x_nm = other.x_nm + away * std::cos(azimuth) - aside * std::sin(azimuth);
  p->y_nm = other.y_nm + away * std::sin(azimuth) + aside * std::cos(azimuth);
}

bool Fits(const MapParticle& p, const std::vector<MapParticle>& others, double gap_nm,
          double field_nm) {
  if (std::max(std::fabs(p.x_nm), std::fabs(p.y_nm)) > field_nm / 2) return false;
  // Neighbours stand at the gap itself, up to round-off.
  return std::all_of(others.begin(), others.end(), [&](const MapParticle& o) {
    return GapBetween_nm(p, o) >= gap_nm * (1 - 1e-9);
  });
}

}  // namespace

double GapBetween_nm(const MapParticle& a, const MapParticle& b) {
  if (!a.cube && !b.cube) {
    return std::hypot(a.x_nm - b.x_nm, a.y_nm - b.y_nm) - a.half_nm - b.half_nm;
  }
  if (!a.cube) return DistanceFromOutline_nm(b, a.x_nm, a.y_nm) - a.half_nm;
  if (!b.cube) return DistanceFromOutline_nm(a, b.x_nm, b.y_nm) - b.half_nm;
  return std::max(AxisGap(a, b), AxisGap(b, a));
}

double DistanceFromOutline_nm(const MapParticle& p, double x_nm, double y_nm) {
  if (!p.cube) return std::hypot(x_nm - p.x_nm, y_nm - p.y_nm) - p.half_nm;
  return BoxDistance(Own(p, x_nm, y_nm), p.half_nm);
}

double DistanceFromCorner_nm(const MapParticle& p, double x_nm, double y_nm) {
  const Point at = Own(p, x_nm, y_nm);
  return std::hypot(std::fabs(at[0]) - p.half_nm, std::fabs(at[1]) - p.half_nm);
}

double MeanThickness_nm(const MapParticle& p, double x_nm, double y_nm, double sigma_nm) {
  // Beyond 6 σ a probe has 1e-9 of its electrons.
  const double dx = x_nm - p.x_nm, dy = y_nm - p.y_nm;
  const double reach = (p.cube ? std::numbers::sqrt2 : 1) * p.half_nm + 6 * sigma_nm;
  if (dx * dx + dy * dy > reach * reach) return 0;
  if (p.cube) {
    const Point at = Own(p, x_nm, y_nm);
    return 2 * p.half_nm * Within(at[0], p.half_nm, sigma_nm) * Within(at[1], p.half_nm, sigma_nm);
  }
  double sum = 0.5 * SphereThickness(p.half_nm, dx, dy);
  const double near = sigma_nm, far = std::numbers::sqrt3 * sigma_nm;  // 2σ at 0°, ±60°, …
  sum += (SphereThickness(p.half_nm, dx + 2 * sigma_nm, dy) +
          SphereThickness(p.half_nm, dx - 2 * sigma_nm, dy) +
          SphereThickness(p.half_nm, dx + near, dy + far) +
          SphereThickness(p.half_nm, dx + near, dy - far) +
          SphereThickness(p.half_nm, dx - near, dy + far) +
          SphereThickness(p.half_nm, dx - near, dy - far)) /
         12;
  return sum;
}

std::vector<MapParticle> DrawParticles(const ParticleOptions& o, double field_nm,
                                       RandomStream* random) {
  if (!o.fixed.empty()) return o.fixed;
  constexpr int kTries = 64;  // for a place with room; then the particle is left out
  std::vector<MapParticle> all;
  const int count = int(o.count[0]) + int(random->Below(uint64_t(o.count[1] - o.count[0]) + 1));
  for (int i = 0; i < count; ++i) {
    MapParticle p;
    p.cube = random->Uniform() < o.cube_share;
    p.half_nm = random->Uniform(o.size_nm[0], o.size_nm[1]) / 2;
    p.doping = random->Uniform();
    const bool beside = random->Uniform() < o.touching_share && !all.empty();
    for (int t = 0; t < kTries; ++t) {
      if (beside) {
        PutBeside(all[random->Below(all.size())], o.gap_nm, random, &p);
      } else {
        p.x_nm = random->Uniform(-field_nm / 2, field_nm / 2);
        p.y_nm = random->Uniform(-field_nm / 2, field_nm / 2);
        p.turn_rad = random->Uniform(0, std::numbers::pi / 2);
      }
      if (!Fits(p, all, o.gap_nm, field_nm)) continue;
      all.push_back(p);
      break;
    }
  }
  return all;
}

}  // namespace ronchi::hw
