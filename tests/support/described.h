// An instrument that is nothing but its description: every command is checked against it, takes the
// time and brings the dose that hw/instrument/cost.h forecasts, and gives numbers that tests can
// reckon with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "hw/instrument/cost.h"
#include "hw/instrument/error.h"
#include "hw/instrument/instrument.h"
#include "hw/instrument/validate.h"

namespace ronchi::testing_support {

class Described final : public hw::Instrument {
 public:
  // May put an error in the place of a command, before it does anything.
  using Fail = std::function<absl::Status(const hw::Command&)>;

  Described(hw::Description description, double current_A, Fail fail = nullptr)
      : description_(std::move(description)), current_A_(current_A), fail_(std::move(fail)) {}
  const hw::Description& description() const override { return description_; }

  std::vector<hw::Command> commands;        // that were carried out
  std::map<std::string, double> positions;  // SI
  bool blanked = true;
  double time_s = 0;

 protected:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command, const hw::ExecuteOptions&) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    if (fail_) RONCHI_RETURN_IF_ERROR(fail_(command));
    hw::Cost cost = hw::PredictCost(description_, command, current_A_);
    if (const auto* set = std::get_if<hw::Set>(&command)) {
      const double from = positions[set->property];
      cost = hw::PredictCost(description_, command, current_A_, from);
      positions[set->property] = set->value.si + (set->relative ? from : 0);
    }
    if (cost.electrons > 0 && blanked) {
      return hw::MakeError({hw::ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
    }
    commands.push_back(command);
    if (std::holds_alternative<hw::Unblank>(command)) blanked = false;
    if (std::holds_alternative<hw::Blank>(command) || std::holds_alternative<hw::Safe>(command)) {
      blanked = true;
    }
    time_s += cost.time_s;
    hw::Reply reply{.time_s = time_s,
                    .elapsed_s = cost.time_s,
                    .electrons = cost.electrons,
                    .dose_e_per_m2 = cost.dose_e_per_m2,
                    .blanked = blanked};
    Answer(command, &reply);
    return reply;
  }

 private:
  void Answer(const hw::Command& command, hw::Reply* reply) {
    if (const auto* read = std::get_if<hw::Read>(&command)) {
      for (const std::string& name : read->properties) reply->readings.push_back(ReadOne(name));
    } else if (const auto* set = std::get_if<hw::Set>(&command)) {
      reply->readings.push_back(ReadOne(set->property));
    } else if (const auto* scan = std::get_if<hw::Scan>(&command)) {
      const auto [lines, samples] = hw::ScanShape(*scan);
      for (size_t f = 0; f < scan->frames; ++f) {
        for (const std::string& name : scan->detectors) AddFrame(name, lines, samples, reply);
      }
    } else if (const auto* expose = std::get_if<hw::Expose>(&command)) {
      AddFrame(expose->camera, 0, 0, reply);
    } else if (const auto* measure = std::get_if<hw::Measure>(&command)) {
      hw::Estimate e{.what = measure->what};
      const double sigma = 1e-10;
      for (const char* name :
           {"C10", "C12.a", "C12.b", "C21.a", "C21.b", "C23.a", "C23.b", "C30"}) {
        e.names.push_back(name);
        const auto it = positions.find(std::string("optics.") + name);
        e.values.push_back(Metres(it == positions.end() ? 0 : it->second));
      }
      e.covariance.assign(e.names.size() * e.names.size(), 0);
      for (size_t i = 0; i < e.names.size(); ++i) {
        e.covariance[i * e.names.size() + i] = sigma * sigma;
      }
      reply->estimates.push_back(std::move(e));
    }
  }

  hw::Reading ReadOne(const std::string& name) {
    const hw::PropertyInfo* p = description_.FindProperty(name);
    const double si = name == "beam.current" ? current_A_ : positions[name];
    return {name, {si, p->dimension}, p->resolution, time_s};
  }

  // Every second pixel is 3, the others 1, whatever the optics.
  void AddFrame(const std::string& name, size_t lines, size_t samples, hw::Reply* reply) {
    const hw::DetectorInfo* d = description_.FindDetector(name);
    std::vector<size_t> shape;
    if (lines > 0) shape = {lines, samples};
    if (d->kind == hw::DetectorKind::kCamera) {
      shape.insert(shape.end(), {d->pixels_y, d->pixels_x});
    } else if (d->kind == hw::DetectorKind::kSpectrum) {
      shape.push_back(d->pixels_x);
    }
    Array<float> counts(shape, 1.0f);
    for (size_t i = 0; i < counts.size(); i += 2) counts[i] = 3;
    reply->frames.push_back({name, std::move(counts)});
  }

  const hw::Description description_;
  const double current_A_;
  const Fail fail_;
};

}  // namespace ronchi::testing_support
