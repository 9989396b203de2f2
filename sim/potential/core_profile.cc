#include "sim/potential/core_profile.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/potential/gauss_legendre.h"

namespace ronchi::sim {
namespace {

// The softening a, and the exponent that makes S four times differentiable at r_c: measured, with
// r_c of three pixels, to leave least of S beyond 1.25 of Nyquist's frequency
// (docs/conventions.md).
constexpr int kExponent = 5;
constexpr double kSoftening = 0.16;
// Values of a table: cubic interpolation leaves 0.023 step⁴ of the fourth derivative.
constexpr int kWholeSteps = 1024, kSmoothSteps = 2048, kTransformSteps = 1536;
constexpr double kNearest = 1e-8;  // of r_c: V is tabulated from there, and goes as ln r below
constexpr int kHankelNodes = 96;

}  // namespace

double CoreProfile::Softened(double r2, double radius_A) {
  const double c2 = radius_A * radius_A;
  if (r2 >= c2) return r2;
  const double u = 1 - r2 / c2;
  return r2 + kSoftening * c2 * u * u * u * u * u;
}

// Catmull and Rom's cubic would be of third order; this is Lagrange's through four points.
double CoreProfile::Table::At(double x) const {
  const double at = (x - first) / step;
  const int i = std::clamp(int(at), 1, int(values.size()) - 3);
  const double t = at - i, *v = values.data() + i;
  return v[-1] * (-t * (t - 1) * (t - 2) / 6) + v[0] * ((t + 1) * (t - 1) * (t - 2) / 2) +
         v[1] * (-(t + 1) * t * (t - 2) / 2) + v[2] * ((t + 1) * t * (t - 1) / 6);
}

double CoreProfile::Table::Slope(double x) const {
  const double at = (x - first) / step;
  const int i = std::clamp(int(at), 1, int(values.size()) - 3);
  const double t = at - i, *v = values.data() + i;
  return (v[-1] * (-(3 * t * t - 6 * t + 2) / 6) + v[0] * ((3 * t * t - 4 * t - 1) / 2) +
          v[1] * (-(3 * t * t - 2 * t - 2) / 2) + v[2] * ((3 * t * t - 1) / 6)) /
         step;
}

CoreProfile::CoreProfile(const Options& o, const std::function<double(double)>& potential,
                         const std::function<double(double)>& transform) {
  const double reach = std::max(o.reach_A, o.radius_A) * 1.01;
  whole_.first = std::log(kNearest * o.radius_A);
  whole_.step = (std::log(reach) - whole_.first) / (kWholeSteps - 3);
  for (int i = 0; i < kWholeSteps; ++i) {
    whole_.values.push_back(potential(std::exp(whole_.first + i * whole_.step)));
  }
  smooth_.step = reach * reach / (kSmoothSteps - 3);
  for (int i = 0; i < kSmoothSteps; ++i) {
    smooth_.values.push_back(potential(std::sqrt(Softened(i * smooth_.step, o.radius_A))));
  }
  // S's transform is V's less the core's: ∫ C(r) J₀(2πkr) 2πr dr, with r = r_c t³ for the
  // logarithm.
  const auto nodes = GaussLegendre(kHankelNodes);
  std::vector<double> r, core;
  for (const auto& [t, weight] : nodes) {
    r.push_back(o.radius_A * t * t * t);
    core.push_back(
        (potential(r.back()) - potential(std::sqrt(Softened(r.back() * r.back(), o.radius_A)))) *
        2 * std::numbers::pi * r.back() * 3 * o.radius_A * t * t * weight);
  }
  transform_.step = o.frequency_per_A / (kTransformSteps - 3);
  for (int i = 0; i < kTransformSteps; ++i) {
    const double k = i * transform_.step;
    double sum = 0;
    for (size_t n = 0; n < r.size(); ++n) {
      sum += core[n] * ::j0(2 * std::numbers::pi * k * r[n]);
    }
    transform_.values.push_back(transform(k * k) - sum);
  }
}

double CoreProfile::Whole(double r2) const {
  return whole_.At(0.5 * std::log(std::max(r2, 1e-300)));
}
double CoreProfile::WholeSlope(double r2) const {
  const double bounded = std::max(r2, 1e-300);
  return whole_.Slope(0.5 * std::log(bounded)) * 0.5 / bounded;
}
double CoreProfile::Smooth(double r2) const { return smooth_.At(r2); }
double CoreProfile::SmoothSlope(double r2) const { return smooth_.Slope(r2); }
double CoreProfile::Transform(double k) const { return transform_.At(k); }

}  // namespace ronchi::sim
