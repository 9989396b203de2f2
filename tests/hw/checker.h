// Judges what reaches an instrument, from the promises alone: it stands below a guard and shares no
// code with it. Doses are kept at points of a mesh, from the replies.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument.h"

namespace ronchi::testing_support {

struct Envelope {
  std::map<std::string, std::array<double, 3>> limits;  // min, max, largest step
  std::map<std::string, double> rates;                  // with the largest step as burst
  // Σ c·p ≤ bound
  std::vector<std::pair<std::map<std::string, double>, double>> coupled;
  double dose_budget_e_per_m2 = 0;
  std::map<std::string, double> fields_m;  // that measurements expose, squares
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
      ExposeSquare(park->x_m, park->y_m, 1e-10, *reply);
      if (!std::isfinite(park->x_m + park->y_m + park->duration_s)) Violated("finite park");
    }
    if (const auto* e = std::get_if<hw::Expose>(&command)) {
      ++patterns;
      ExposeSquare(e->x_m, e->y_m, 1e-10, *reply);
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
    if (s.pattern == hw::ScanPattern::kPoints) {
      for (const auto& p : s.points_m) {
        Expose(reply.dose_e_per_m2, [&](double x, double y) {
          return std::fabs(x - s.center_x_m - p[0]) <= 0.5e-10 &&
                 std::fabs(y - s.center_y_m - p[1]) <= 0.5e-10;
        });
      }
      return;
    }
    const double c = std::cos(s.rotation_rad), n = std::sin(s.rotation_rad);
    Expose(reply.dose_e_per_m2, [&](double x, double y) {
      const double u = x - s.center_x_m, v = y - s.center_y_m;
      if (s.pattern == hw::ScanPattern::kSpiral) return std::hypot(u, v) <= s.fov_x_m / 2;
      return std::fabs(c * u + n * v) <= s.fov_x_m / 2 &&
             std::fabs(-n * u + c * v) <= s.fov_y_m / 2;
    });
  }

  void ExposeSquare(double x_m, double y_m, double side_m, const hw::Reply& reply) {
    ++exposures;
    Expose(reply.dose_e_per_m2, [&](double x, double y) {
      return std::fabs(x - x_m) <= side_m / 2 && std::fabs(y - y_m) <= side_m / 2;
    });
  }

  void Expose(double dose, const std::function<bool(double, double)>& hit) {
    for (int i = 0; i < kMesh; ++i) {
      for (int j = 0; j < kMesh; ++j) {
        const double x = (i + 0.5 - kMesh / 2) * 1e-9, y = (j + 0.5 - kMesh / 2) * 1e-9;
        if (!hit(x, y)) continue;
        double& sum = dose_[size_t(i * kMesh + j)];
        sum += dose;
        // Added up in another order than the guard's: round-off of the budget.
        if (!(sum <= envelope_.dose_budget_e_per_m2 * (1 + 1e-9))) Violated("dose");
      }
    }
  }

  static constexpr int kMesh = 40;  // ±20 nm
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
