// A column whose every aberration is what it has of its own plus what it is set to, exactly, and
// whose measurements find just that: for what corrects it over a wire.
#pragma once

#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"
#include "hw/instrument/validate.h"
#include "hw/wire/haider.h"

namespace ronchi::testing_support {

struct CorrectedState {
  std::map<std::string, double> own_m;  // by "C12.a"
  std::map<std::string, double> at_m;   // by "optics.C12.a"
  std::atomic<int> sets = 0, measurements = 0;
  bool blanked = true;
  std::string refuses;  // a property whose sets are refused
};

class CorrectedColumn final : public hw::Instrument {
 public:
  static constexpr double kLimit_m = 1e-3, kDeviation_m = 2e-12;

  // Offers the first `terms` of the table; a set goes to whole steps of `resolution_m`.
  explicit CorrectedColumn(
      std::shared_ptr<CorrectedState> state = std::make_shared<CorrectedState>(),
      double resolution_m = 0, size_t terms = hw::wire::kHaiderTerms.size())
      : state_(std::move(state)), resolution_m_(resolution_m) {
    description_.id = "corrected";
    description_.model = "a column for tests";
    description_.simulated = true;
    for (size_t t = 0; t < terms; ++t) {
      const hw::wire::HaiderTerm& term = hw::wire::kHaiderTerms[t];
      for (size_t part = 0; part < PartsOf(term); ++part) {
        parts_.push_back(PartName(term, part));
        description_.properties.push_back({.name = PropertyOf(term, part),
                                           .dimension = Dimension::kLength,
                                           .min = -kLimit_m,
                                           .max = kLimit_m,
                                           .writable = true,
                                           .resolution = resolution_m,
                                           .group = hw::PropertyGroup::kOptics});
      }
    }
    description_.measurements = {{"defocus", 2, 1, 1e-7}, {"aberrations", 8.6, 3.8, 1e-7}};
    description_.cannot = {"scan", "park", "expose"};
  }
  const hw::Description& description() const override { return description_; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command, const hw::ExecuteOptions&) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    hw::Reply reply;
    if (const auto* read = std::get_if<hw::Read>(&command)) {
      for (const std::string& name : read->properties) AddReading(name, &reply);
    } else if (const auto* set = std::get_if<hw::Set>(&command)) {
      RONCHI_RETURN_IF_ERROR(Move(*set));
      AddReading(set->property, &reply);
    } else if (const auto* measure = std::get_if<hw::Measure>(&command)) {
      if (state_->blanked) {
        return hw::MakeError({hw::ErrorKind::kImpossibleNow, "blanked", "unblank first"});
      }
      reply.estimates.push_back(Estimate(measure->what));
    } else {
      state_->blanked = !std::holds_alternative<hw::Unblank>(command);
    }
    reply.blanked = state_->blanked;
    return reply;
  }

  void AddReading(const std::string& name, hw::Reply* reply) const {
    reply->readings.push_back({name, Metres(state_->at_m[name]), 0, 0});
  }
  absl::Status Move(const hw::Set& set) {
    if (set.property == state_->refuses) {
      return hw::MakeError({hw::ErrorKind::kRefused, set.property + " is locked", "unlock it"});
    }
    double& at_m = state_->at_m[set.property];
    const double to = set.value.si + (set.relative ? at_m : 0);
    RONCHI_RETURN_IF_ERROR(hw::CheckTarget(*description_.FindProperty(set.property), to));
    at_m = resolution_m_ > 0 ? std::round(to / resolution_m_) * resolution_m_ : to;
    ++state_->sets;
    return absl::OkStatus();
  }
  hw::Estimate Estimate(const std::string& what) const {
    ++state_->measurements;
    hw::Estimate e;
    e.what = what;
    for (const std::string& part : parts_) {
      if (what == "defocus" && !part.starts_with("C1")) continue;
      e.names.push_back(part);
      e.values.push_back(Metres(state_->own_m[part] + state_->at_m["optics." + part]));
    }
    const size_t n = e.names.size();
    e.covariance.assign(n * n, 0);
    for (size_t i = 0; i < n; ++i) e.covariance[i * n + i] = kDeviation_m * kDeviation_m;
    return e;
  }

  hw::Description description_;
  std::vector<std::string> parts_;
  const std::shared_ptr<CorrectedState> state_;
  const double resolution_m_;
};

}  // namespace ronchi::testing_support
