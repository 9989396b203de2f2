// Judges what reaches an instrument, from the promises alone: it stands below a guard and shares no
// code with it. Doses are kept at points of a mesh finer than a probe, from the electrons that the
// replies tell and from where docs/conventions.md says that each stop's electrons come down.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::testing_support {

struct Envelope {
  std::map<std::string, std::array<double, 3>> limits;  // min, max, largest step
  std::map<std::string, double> rates;                  // with the largest step as burst
  // Σ c·p ≤ bound
  std::vector<std::pair<std::map<std::string, double>, double>> coupled;
  double dose_budget_e_per_m2 = 0;
  std::map<std::string, double> fields_m;  // that measurements expose, squares
  double probe_m = 1e-10;                  // side of the square on which a standing probe counts
  double rounding = 0.5e-11 * 1.001;       // of read-backs: half the twin's corrector resolution
};

class Judge {
 public:
  explicit Judge(Envelope envelope) : envelope_(std::move(envelope)) {}
  std::map<std::string, int> violated;  // promise: how often
  int violations = 0, commands = 0, sets = 0, exposures = 0, faults = 0;
  int patterns = 0, measurements = 0;
  bool blanked = true;

  void See(const hw::Command& command, const absl::StatusOr<hw::Reply>& reply) {
    ++commands;
    if (after_fault_ && !Calming(command)) Violated("blank after a fault");
    after_fault_ = false;
    if (!reply.ok()) {
      if (hw::MayHaveHappened(reply.status()) && !Calming(command)) {
        after_fault_ = true;
        ++faults;
      }
      return;
    }
    blanked = reply->blanked;
    const double elapsed = reply->elapsed_s;
    if (std::holds_alternative<hw::Read>(command)) SeeRead(*reply);
    if (const auto* set = std::get_if<hw::Set>(&command)) SeeSet(*set, *reply, elapsed);
    if (const auto* s = std::get_if<hw::Scan>(&command)) SeeScan(*s, *reply);
    if (const auto* park = std::get_if<hw::Park>(&command)) {
      ExposeSquare(park->x_m, park->y_m, envelope_.probe_m, *reply);
      if (!std::isfinite(park->x_m + park->y_m + park->duration_s)) Violated("finite park");
    }
    if (const auto* e = std::get_if<hw::Expose>(&command)) {
      ++patterns;
      ExposeSquare(e->x_m, e->y_m, envelope_.probe_m, *reply);
      if (!std::isfinite(e->x_m + e->y_m + e->time_s)) Violated("finite exposure");
    }
    if (const auto* m = std::get_if<hw::Measure>(&command)) {
      ++measurements;
      ExposeSquare(m->center_x_m, m->center_y_m, envelope_.fields_m.at(m->what), *reply);
    }
  }

 private:
  void Violated(const std::string& promise) {
    ++violations;
    ++violated[promise];
  }

  static bool Calming(const hw::Command& c) {
    return std::holds_alternative<hw::Blank>(c) || std::holds_alternative<hw::Safe>(c) ||
           std::holds_alternative<hw::Read>(c);
  }

  // A set that failed may have moved; the guard looks, and so do we.
  void SeeRead(const hw::Reply& reply) {
    for (const hw::Reading& r : reply.readings) {
      if (!envelope_.limits.contains(r.property)) continue;
      Travel(r.property, std::fabs(r.value.si - position_[r.property]), reply.time_s);
      position_[r.property] = r.value.si;
    }
  }

  // Over any stretch of time no further than the burst and what the rate allows: a bucket that
  // leaks. Read-backs are rounded, once a set.
  void Travel(const std::string& property, double way, double start_s) {
    const auto it = envelope_.rates.find(property);
    if (it == envelope_.rates.end() || way == 0) return;
    auto& [level, since] = bucket_[property];
    level = std::max(0.0, level - it->second * (start_s - since));
    level += std::max(0.0, way - 2 * envelope_.rounding);
    since = start_s;
    if (level > envelope_.limits.at(property)[2] * (1 + 1e-9)) Violated("rate");
  }

  void SeeSet(const hw::Set& set, const hw::Reply& reply, double elapsed_s) {
    ++sets;
    const double now = reply.readings.at(0).value.si, r = envelope_.rounding;
    double& at = position_[set.property];
    const auto& [low, high, step] = envelope_.limits.at(set.property);
    if (!(now >= low - r && now <= high + r)) Violated("limits");
    if (!(std::fabs(now - at) <= step * (1 + 1e-9) + r)) Violated("step");
    Travel(set.property, std::fabs(now - at), reply.time_s - elapsed_s);
    at = now;
    for (const auto& [terms, bound] : envelope_.coupled) {
      double sum = 0, slack = 0;
      for (const auto& [name, c] : terms) {
        sum += c * position_[name];
        slack += std::fabs(c) * r;
      }
      if (!(sum <= bound + slack)) Violated("coupled");
    }
  }

  void SeeScan(const hw::Scan& s, const hw::Reply& reply) {
    ++exposures;
    if (!std::isfinite(reply.dose_e_per_m2 + s.center_x_m + s.center_y_m)) Violated("finite scan");
    switch (s.pattern) {
      case hw::ScanPattern::kPoints:
        for (const auto& p : s.points_m) {
          ExposeSpot(s.center_x_m + p[0], s.center_y_m + p[1],
                     reply.electrons / double(s.points_m.size()));
        }
        return;
      case hw::ScanPattern::kSpiral:
        return SeeSpiral(s, reply.electrons);
      case hw::ScanPattern::kRaster:
        return SeeRaster(s, reply.electrons);
    }
  }

  // Of a line of stops, fov/n apart from −fov/2 on: the part of its electrons per metre at u. Each
  // stop's lie evenly around it, as far as half way to the next or half a probe, whichever is
  // less; those of a line that is shorter than a probe on one probe around its middle.
  double LineDensity(double u, double fov_m, size_t stops) const {
    const double n = double(stops), pitch = fov_m / n, side = std::min(pitch, envelope_.probe_m);
    if (n * side < envelope_.probe_m) {
      const double middle = -pitch / 2;
      return std::fabs(u - middle) < envelope_.probe_m / 2 ? 1 / envelope_.probe_m : 0;
    }
    const double k = std::clamp(std::round((u + fov_m / 2) / pitch), 0.0, n - 1);
    return std::fabs(u + fov_m / 2 - k * pitch) < side / 2 ? 1 / (n * side) : 0;
  }

  void SeeRaster(const hw::Scan& s, double electrons) {
    const double c = std::cos(s.rotation_rad), n = std::sin(s.rotation_rad);
    const double reach = std::hypot(s.fov_x_m, s.fov_y_m) + envelope_.probe_m;
    Expose(s.center_x_m, s.center_y_m, reach, [&](double u, double v) {
      const double x = LineDensity(c * u + n * v, s.fov_x_m, s.pixels_x);
      return x == 0 ? 0 : electrons * x * LineDensity(-n * u + c * v, s.fov_y_m, s.pixels_y);
    });
  }

  // What a spiral brings at least, whatever the shape of a stop's place on it: within a probe of a
  // stop that stop's electrons; on a disc on which stops are denser than probes, the mean; all of
  // them where the whole is smaller than a probe.
  void SeeSpiral(const hw::Scan& s, double electrons) {
    const double n = double(s.pixels_x), radius = s.fov_x_m / 2, d = envelope_.probe_m;
    if (2 * radius < d) return ExposeSpot(s.center_x_m, s.center_y_m, electrons);
    const double turns = s.turns > 0 ? s.turns : std::sqrt(n / M_PI), disc = M_PI * radius * radius;
    const bool dense = disc < n * d * d;
    const double mean = dense && turns >= 1 ? electrons / disc : 0;
    Expose(s.center_x_m, s.center_y_m, radius + d, [&](double u, double v) {
      const bool inside = std::hypot(u, v) < radius;
      if (dense && !inside) return 0.0;
      for (double i = 0; i < n; ++i) {
        const double part = std::sqrt((i + 0.5) / n),
                     phi = s.rotation_rad + 2 * M_PI * turns * part;
        const double x = radius * part * std::cos(phi), y = radius * part * std::sin(phi);
        if (std::fabs(u - x) < d / 2 && std::fabs(v - y) < d / 2) {
          return std::max(mean, electrons / (n * d * d));
        }
      }
      return mean;
    });
  }

  void ExposeSpot(double x_m, double y_m, double electrons) {
    const double d = envelope_.probe_m;
    Expose(x_m, y_m, d, [&](double u, double v) {
      return std::fabs(u) < d / 2 && std::fabs(v) < d / 2 ? electrons / (d * d) : 0;
    });
  }

  void ExposeSquare(double x_m, double y_m, double side_m, const hw::Reply& reply) {
    ++exposures;
    if (side_m == envelope_.probe_m) return ExposeSpot(x_m, y_m, reply.electrons);
    Expose(x_m, y_m, side_m, [&](double u, double v) {
      return std::fabs(u) < side_m / 2 && std::fabs(v) < side_m / 2 ? reply.dose_e_per_m2 : 0;
    });
  }

  // `dose`(x, y), from the centre on, is 0 further from it than `reach` along either axis.
  void Expose(double x_m, double y_m, double reach_m,
              const std::function<double(double, double)>& dose) {
    const auto index = [](double at) {
      return int(std::clamp(at / kPitch_m + kMesh / 2, 0.0, double(kMesh)));
    };
    for (int i = index(x_m - reach_m); i < index(x_m + reach_m + kPitch_m); ++i) {
      for (int j = index(y_m - reach_m); j < index(y_m + reach_m + kPitch_m); ++j) {
        const double added = dose(At(i) - x_m, At(j) - y_m);
        if (added == 0) continue;
        double& sum = dose_[size_t(i * kMesh + j)];
        sum += added;
        // Added up in another order than the guard's: round-off of the budget.
        if (!(sum <= envelope_.dose_budget_e_per_m2 * (1 + 1e-9))) Violated("dose");
      }
    }
  }

  static constexpr int kMesh = 500;          // ±20 nm
  static constexpr double kPitch_m = 8e-11;  // less than a probe, so that no spot is missed
  // Points that are no round numbers, and so on the edge of nothing.
  static double At(int i) { return (i - kMesh / 2 + 0.317) * kPitch_m; }
  const Envelope envelope_;
  bool after_fault_ = false;
  std::map<std::string, double> position_;
  std::map<std::string, std::pair<double, double>> bucket_;
  std::vector<double> dose_ = std::vector<double>(kMesh * kMesh, 0.0);
};

// Shows a Judge everything that passes.
class Checker final : public hw::Instrument {
 public:
  Checker(std::unique_ptr<hw::Instrument> inner, std::shared_ptr<Judge> judge)
      : inner_(std::move(inner)), judge_(std::move(judge)) {}
  const hw::Description& description() const override { return inner_->description(); }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override {
    absl::StatusOr<hw::Reply> reply = inner_->Execute(command, options);
    judge_->See(command, reply);
    return reply;
  }
  std::unique_ptr<hw::Instrument> inner_;
  std::shared_ptr<Judge> judge_;
};

}  // namespace ronchi::testing_support
