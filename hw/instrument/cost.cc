#include "hw/instrument/cost.h"

#include <algorithm>
#include <cmath>

namespace ronchi::hw {
namespace {

Cost Of(const Description& d, const Read&, double, double) { return {.time_s = d.read_s}; }

Cost Of(const Description& d, const Set& set, double, double from) {
  const PropertyInfo* p = d.FindProperty(set.property);
  if (!p) return {};
  const double way = set.relative ? std::fabs(set.value.si) : std::fabs(set.value.si - from);
  Cost cost{.time_s = p->settling_s};
  if (std::isfinite(way) && std::isfinite(p->max_rate)) cost.time_s += way / p->max_rate;
  return cost;
}

Cost Of(const Description& d, const Scan& s, double current_A, double) {
  const auto [lines, samples] = ScanShape(s);
  const double frames = double(s.frames), per_frame = double(lines) * double(samples) * s.dwell_s;
  const double flyback = s.pattern == ScanPattern::kRaster ? d.flyback_s * double(lines) : 0;
  Cost cost{.time_s = frames * (d.frame_overhead_s + per_frame + flyback),
            .electrons = current_A / kElementaryCharge_C * per_frame * frames};
  cost.dose_e_per_m2 = cost.electrons / ScanArea_m2(s, ProbeSize_m(d));
  cost.where = ScanPlaces(s, ProbeSize_m(d));
  return cost;
}

Cost Parked(const Description& d, double x_m, double y_m, double seconds, double current_A) {
  const double electrons = current_A / kElementaryCharge_C * seconds, probe = ProbeSize_m(d);
  return {seconds,
          electrons,
          {{x_m - probe / 2, y_m - probe / 2, probe, probe}},
          electrons / (probe * probe)};
}

Cost Of(const Description& d, const Park& p, double current_A, double) {
  return Parked(d, p.x_m, p.y_m, p.duration_s, current_A);
}

Cost Of(const Description& d, const Expose& e, double current_A, double) {
  Cost cost = Parked(d, e.x_m, e.y_m, e.time_s * double(e.frames), current_A);
  cost.time_s += d.frame_overhead_s * double(e.frames);
  return cost;
}

Cost Of(const Description& d, const Measure& m, double current_A, double) {
  const MeasurementInfo* info = d.FindMeasurement(m.what);
  if (!info) return {};
  Cost cost{.time_s = info->time_s};
  const double fov_m = std::max(m.fov_m > 0 ? m.fov_m : info->fov_m, ProbeSize_m(d));
  if (!(info->fov_m > 0) || !(info->beam_on_s > 0)) return cost;
  cost.electrons = current_A / kElementaryCharge_C * info->beam_on_s;
  cost.dose_e_per_m2 = cost.electrons / (fov_m * fov_m);
  cost.where = {{m.center_x_m - fov_m / 2, m.center_y_m - fov_m / 2, fov_m, fov_m}};
  return cost;
}

Cost Of(const Description&, const Abort&, double, double) { return {}; }

template <class Blanking>
Cost Of(const Description& d, const Blanking&, double, double) {
  return {.time_s = d.blank_s};
}

}  // namespace

double ProbeSize_m(const Description& d) {
  // Not below the stated least, whatever a driver says; NaN, too.
  return d.probe_m > kLeastProbe_m ? d.probe_m : kLeastProbe_m;
}

Cost PredictCost(const Description& d, const Command& command, double current_A, double from_si) {
  return std::visit([&](const auto& verb) { return Of(d, verb, current_A, from_si); }, command);
}

}  // namespace ronchi::hw
