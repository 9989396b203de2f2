#include "hw/twin/column/scan_errors.h"

#include <cmath>
#include <numbers>

#include "core/quantity.h"
#include "hw/instrument/scan_path.h"
#include "hw/twin/column/mains_hum.h"

namespace ronchi::hw {
namespace {

// Independent from line to line, normal, the same along both axes.
std::vector<std::array<double, 2>> Jitter_A(const HiddenNumbers& h, uint64_t frame, size_t lines) {
  std::vector<std::array<double, 2>> out(lines, {0, 0});
  const double rms_A = h["line_jitter_A"];
  if (rms_A == 0) return out;
  RandomStream random = h.Stream("twin.jitter", frame);
  for (auto& [x, y] : out) {
    x = rms_A * random.Normal();
    y = rms_A * random.Normal();
  }
  return out;
}

// Where the specimen is during a line: it drifts evenly but for a stage that creeps, so that three
// questions mostly answer for a line's hundreds.
class SpecimenInLine {
 public:
  using Place = std::array<double, 2>;
  SpecimenInLine(const std::function<Place(double)>& at, double start_s, double length_s)
      : at_(at), start_s_(start_s), length_s_(length_s) {
    constexpr double kEven_A = 1e-9;
    const Place middle = at(start_s + length_s / 2), last = at(start_s + length_s);
    first_ = at(start_s);
    for (size_t a : {0, 1}) {
      by_[a] = last[a] - first_[a];
      even_ &= std::fabs(first_[a] + by_[a] / 2 - middle[a]) < kEven_A;
    }
  }
  Place operator()(double since_s) const {
    if (!even_) return at_(since_s);
    const double part = length_s_ > 0 ? (since_s - start_s_) / length_s_ : 0;
    return {first_[0] + part * by_[0], first_[1] + part * by_[1]};
  }

 private:
  const std::function<Place(double)>& at_;
  double start_s_, length_s_;
  Place first_{}, by_{};
  bool even_ = true;
};

}  // namespace

std::array<double, 4> ScanMatrix(const HiddenNumbers& h, double rotation_rad) {
  const double turn = rotation_rad + h["scan_rotation_mrad"] * 1e-3;
  const double skew = h["scan_skew_mrad"] * 1e-3;
  const double sx = h["scan_x_ratio"], sy = h["scan_y_ratio"];
  if (turn == 0) return {sx, sx * skew, 0, sy};  // to the bit
  const double c = std::cos(turn), s = std::sin(turn);
  return {c * sx, c * sx * skew - s * sy, s * sx, s * sx * skew + c * sy};
}

sim::LinearRaster MakeRows(const ScanMoment& moment, const HiddenNumbers& h) {
  const Scan& s = *moment.scan;
  const auto [lines, samples] = ScanShape(s);
  const auto m = ScanMatrix(h, moment.rotation_rad);
  auto jitter = Jitter_A(h, moment.frame, lines);
  for (size_t l = 0; l < moment.wander_A.size(); ++l) {
    for (size_t a : {0, 1}) jitter[l][a] += moment.wander_A[l][a];
  }
  const MainsHum hum(h, s.dwell_s);
  const bool raster = s.pattern == ScanPattern::kRaster;
  const double flyback_s = h["flyback_lag_s"], ring_Hz = h["flyback_ring_Hz"];
  const double flyback_A =
      h["flyback_lag_A"] + h["flyback_lag_share"] * s.fov_x_m * kAngstromPerMetre;
  const bool plain = m == std::array<double, 4>{1, 0, 0, 1};
  if (raster && s.rotation_rad == 0 && plain && flyback_A == 0 && !hum.any()) {
    sim::LinearRaster rows{{}, s.fov_x_m / double(s.pixels_x) * kAngstromPerMetre, s.pixels_x};
    for (size_t l = 0; l < lines; ++l) {
      const auto at = moment.specimen_A(moment.line_s * double(l));
      const double y = s.center_y_m + (double(l) / double(s.pixels_y) - 0.5) * s.fov_y_m;
      rows.starts_A.push_back(
          {(s.center_x_m - s.fov_x_m / 2) * kAngstromPerMetre + at[0] + jitter[l][0],
           y * kAngstromPerMetre + at[1] + jitter[l][1]});
    }
    return rows;
  }
  sim::LinearRaster rows{{}, 0, 1};
  const auto asked = ScanPositions(s);
  rows.starts_A.reserve(asked.size());
  // What a sample is behind by, along the line, which comes back from its end.
  std::vector<double> late_m(samples, 0);
  for (size_t i = 0; raster && flyback_A > 0 && i < samples; ++i) {
    const double t = s.dwell_s * double(i);
    late_m[i] = flyback_A * kMetresPerAngstrom * std::exp(-t / flyback_s) *
                std::cos(2 * std::numbers::pi * ring_Hz * t);
  }
  const double cosine = std::cos(s.rotation_rad), sine = std::sin(s.rotation_rad);
  for (size_t line = 0; line < lines; ++line) {
    const double start_s = moment.line_s * double(line);
    const SpecimenInLine specimen(moment.specimen_A, start_s, s.dwell_s * double(samples));
    for (size_t i = 0; i < samples; ++i) {
      const double since_s = start_s + s.dwell_s * double(i);
      const auto at = specimen(since_s), moved = hum.Displacement_A(moment.time_s + since_s);
      auto [x_m, y_m] = asked[line * samples + i];
      x_m += late_m[i] * cosine;
      y_m += late_m[i] * sine;
      rows.starts_A.push_back(
          {(m[0] * x_m + m[1] * y_m) * kAngstromPerMetre + at[0] + jitter[line][0] + moved[0],
           (m[2] * x_m + m[3] * y_m) * kAngstromPerMetre + at[1] + jitter[line][1] + moved[1]});
    }
  }
  return rows;
}

}  // namespace ronchi::hw
