#include "hw/guarded.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/dose_ledger.h"

namespace ronchi::hw {
namespace {

class Guarded final : public Instrument {
 public:
  Guarded(std::unique_ptr<Instrument> inner, GuardOptions options)
      : inner_(std::move(inner)),
        options_(std::move(options)),
        description_(inner_->description()) {}

  ~Guarded() override { (void)inner_->Execute(Safe{}); }

  // The limits that hold from now on, and where every writable property stands.
  absl::Status Begin() {
    for (PropertyInfo& p : description_.properties) {
      if (!p.writable) continue;
      if (const auto it = options_.limits.find(p.name); it != options_.limits.end()) {
        p.min = std::max(p.min, it->second.min);
        p.max = std::min(p.max, it->second.max);
        p.max_step = std::min(p.max_step, it->second.max_step);
      }
      RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{{p.name}}));
      position_[p.name] = reply.readings.at(0).value.si;
    }
    if (description_.FindProperty("beam.current") == nullptr) {
      return absl::FailedPreconditionError("the guard needs beam.current to know the dose");
    }
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{{"beam.current"}}));
    const Reading& current = reply.readings.at(0);
    worst_current_A_ = current.value.si + 3 * current.uncertainty;
    if (!(worst_current_A_ > 0)) {
      return absl::FailedPreconditionError(
          "beam.current reads zero or less; nothing is guarded so");
    }
    return absl::OkStatus();
  }

  const Description& description() const override { return description_; }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(std::visit([&](const auto& verb) { return Check(verb); }, command));
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    if (!reply.ok()) {
      if (!IsFault(reply.status())) return reply;
      const absl::Status fault = BlankAfter(reply.status());
      std::visit([&](const auto& verb) { AccountFault(verb); }, command);
      return fault;
    }
    std::visit([&](const auto& verb) { Account(verb, *reply); }, command);
    return reply;
  }

 private:
  // A refusal leaves the instrument as it was; anything else leaves it unknown.
  static bool IsFault(const absl::Status& s) {
    return !IsBadInput(s) && !absl::IsFailedPrecondition(s);
  }

  absl::Status BlankAfter(const absl::Status& fault) {
    const absl::StatusOr<Reply> blank = inner_->Execute(Blank{});
    const bool confirmed = blank.ok() && blank->blanked;
    return Annotate(fault, confirmed ? "fault; the beam has been blanked"
                                     : "fault; BLANKING COULD NOT BE CONFIRMED");
  }

  absl::Status Check(const Set& set) const {
    const PropertyInfo* p = description_.FindProperty(set.property);
    if (!p || !p->writable || set.value.dimension != p->dimension) return absl::OkStatus();
    const double from = position_.at(set.property);
    if (std::isnan(from)) {
      return absl::FailedPreconditionError(absl::StrCat(
          set.property, " is refused by the guard: a fault left it unknown; read it first"));
    }
    const double to = set.value.si + (set.relative ? from : 0);
    const auto show = [&](double si) { return Format({si, p->dimension}); };
    if (!(to >= p->min && to <= p->max)) {
      return absl::OutOfRangeError(absl::StrCat(set.property, " = ", show(to),
                                                " is refused by the guard; allowed: ", show(p->min),
                                                " … ", show(p->max)));
    }
    // A difference of two positions is off by their round-off: 15 nm is a step of 15 nm.
    if (!(std::fabs(to - from) <= p->max_step * (1 + 1e-9))) {
      return absl::OutOfRangeError(
          absl::StrCat(set.property, ": a step of ", show(to - from),
                       " is refused by the guard; allowed at once: ", show(p->max_step)));
    }
    return absl::OkStatus();
  }

  absl::Status CheckDose(double x, double y, double w, double h, double added) const {
    const double so_far = ledger_.Largest(x, y, w, h);
    if (so_far + added <= options_.dose_budget_e_per_m2) return absl::OkStatus();
    return absl::OutOfRangeError(absl::StrFormat(
        "refused by the guard: the dose there would reach %.4g e/A^2; the budget is %.4g, %.4g is "
        "spent",
        (so_far + added) * 1e-20, options_.dose_budget_e_per_m2 * 1e-20, so_far * 1e-20));
  }

  double ScanDose(const Scan& s) const {
    return worst_current_A_ / kElementaryCharge_C * s.dwell_s * double(s.pixels_x) *
           double(s.pixels_y) * double(s.frames) / (s.fov_x_m * s.fov_y_m);
  }

  absl::Status Check(const Scan& s) const {
    const double extent = std::fabs(s.center_x_m) + std::fabs(s.center_y_m) + s.fov_x_m + s.fov_y_m;
    if (!(s.fov_x_m > 0 && s.fov_y_m > 0 && s.dwell_s > 0) || !std::isfinite(extent) ||
        !std::isfinite(s.dwell_s) || s.fov_x_m > description_.max_fov_m ||
        s.fov_y_m > description_.max_fov_m) {
      return absl::OutOfRangeError(absl::StrCat("scan refused by the guard: a finite field up to ",
                                                description_.max_fov_m,
                                                " m and a finite dwell above 0 are allowed"));
    }
    return CheckDose(s.center_x_m - s.fov_x_m / 2, s.center_y_m - s.fov_y_m / 2, s.fov_x_m,
                     s.fov_y_m, ScanDose(s));
  }

  double ParkDose(const Park& p) const {
    return worst_current_A_ / kElementaryCharge_C * p.duration_s / 1e-20;
  }

  absl::Status Check(const Park& p) const {
    if (!std::isfinite(p.x_m) || !std::isfinite(p.y_m) || !std::isfinite(p.duration_s) ||
        p.duration_s < 0) {
      return absl::OutOfRangeError(
          "park refused by the guard: a finite position and time are allowed");
    }
    return CheckDose(p.x_m, p.y_m, 0, 0, ParkDose(p));
  }

  template <class Harmless>
  absl::Status Check(const Harmless&) const {
    return absl::OkStatus();
  }

  void Account(const Set& set, const Reply& reply) {
    if (!reply.readings.empty()) position_[set.property] = reply.readings[0].value.si;
  }
  // The larger of what was predicted and what the instrument reports.
  void Account(const Scan& s, const Reply& reply) {
    ledger_.Add(s.center_x_m - s.fov_x_m / 2, s.center_y_m - s.fov_y_m / 2, s.fov_x_m, s.fov_y_m,
                std::max(ScanDose(s), reply.dose_e_per_m2));
  }
  void Account(const Park& p, const Reply& reply) {
    ledger_.Add(p.x_m, p.y_m, 0, 0, std::max(ParkDose(p), reply.dose_e_per_m2));
  }
  template <class Harmless>
  void Account(const Harmless&, const Reply&) {}

  // What failed half way may have moved the column or exposed the specimen: the position is unknown
  // until read back, and the dose counts in full.
  void AccountFault(const Set& set) {
    const auto it = position_.find(set.property);
    if (it == position_.end()) return;
    const absl::StatusOr<Reply> now = inner_->Execute(Read{{set.property}});
    it->second = now.ok() && !now->readings.empty() ? now->readings[0].value.si
                                                    : std::numeric_limits<double>::quiet_NaN();
  }
  template <class Verb>
  void AccountFault(const Verb& verb) {
    Account(verb, Reply{});
  }
  // A position that a fault left unknown is known again once it has been read.
  void Account(const Read&, const Reply& reply) {
    for (const Reading& reading : reply.readings) {
      if (const auto it = position_.find(reading.property); it != position_.end()) {
        it->second = reading.value.si;
      }
    }
  }

  std::unique_ptr<Instrument> inner_;
  const GuardOptions options_;
  Description description_;
  std::map<std::string, double> position_;  // SI, as last read back; NaN: unknown after a fault
  double worst_current_A_ = 0;
  DoseLedger ledger_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeGuarded(std::unique_ptr<Instrument> inner,
                                                        const GuardOptions& options) {
  if (!(options.dose_budget_e_per_m2 > 0)) {
    return absl::InvalidArgumentError("the guard needs a dose budget above 0");
  }
  for (const auto& [name, limits] : options.limits) {
    const PropertyInfo* p = inner->description().FindProperty(name);
    if (!p || !p->writable) {
      return absl::InvalidArgumentError(
          absl::StrCat("limits for '", name, "', which cannot be set"));
    }
  }
  auto guarded = std::make_unique<Guarded>(std::move(inner), options);
  RONCHI_RETURN_IF_ERROR(guarded->Begin());
  return std::unique_ptr<Instrument>(std::move(guarded));
}

}  // namespace ronchi::hw
