// An instrument that does nothing, at once: for what wrappers cost and how they behave when it is
// told to stall or to fail.
#pragma once

#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <thread>

#include "hw/instrument/instrument.h"
#include "hw/instrument/scan_path.h"
#include "hw/instrument/validate.h"

namespace ronchi::testing_support {

// What a NullInstrument's owner may look at and change while a wrapper has it.
struct NullState {
  std::map<std::string, double> at;  // SI
  std::atomic<bool> blanked = true;
  std::atomic<double> stall_s = 0;  // host time that every scan takes; ends when cancelled
  std::atomic<int> scans = 0;       // that have begun
  std::atomic<int> blank_now = 0;   // how often BlankNow was called
  bool has_blank_now = false;
  double current_A = 1e-12;
  double time_s = 0;
};

inline hw::Description NullDescription() {
  using hw::PropertyGroup;
  hw::Description d;
  d.id = "null";
  d.model = "does nothing";
  d.simulated = true;
  const auto axis = [&](const char* name, Dimension dimension, double limit, PropertyGroup group,
                        bool writable = true) {
    d.properties.push_back({.name = name,
                            .dimension = dimension,
                            .min = -limit,
                            .max = limit,
                            .writable = writable,
                            .meaning = "nothing",
                            .group = group});
  };
  axis("optics.C10", Dimension::kLength, 1e-6, PropertyGroup::kOptics);
  axis("stage.x", Dimension::kLength, 1e-3, PropertyGroup::kStage);
  axis("stage.y", Dimension::kLength, 1e-3, PropertyGroup::kStage);
  axis("stage.z", Dimension::kLength, 3e-4, PropertyGroup::kStage);
  axis("stage.alpha", Dimension::kAngle, 1.2, PropertyGroup::kStage);
  axis("beam.energy", Dimension::kVoltage, 3e5, PropertyGroup::kHighTension);
  axis("gun.lens", Dimension::kNone, 10, PropertyGroup::kOther);  // the driver does not know better
  axis("beam.current", Dimension::kCurrent, 1e-6, PropertyGroup::kBeam, false);
  d.properties.push_back({.name = "vacuum.column_valves",
                          .min = 0,
                          .max = 1,
                          .writable = true,
                          .meaning = "of the column",
                          .group = PropertyGroup::kValves,
                          .choices = {"open", "closed"}});
  d.properties.push_back({.name = "holder.type",
                          .min = 0,
                          .max = 1,
                          .meaning = "in the stage",
                          .group = PropertyGroup::kHolder,
                          .choices = {"single_tilt", "double_tilt"}});
  d.detectors.push_back({.name = "haadf"});
  d.cannot = {"expose", "measure", "scan.camera"};
  return d;
}

class NullInstrument final : public hw::Instrument {
 public:
  explicit NullInstrument(std::shared_ptr<NullState> state = std::make_shared<NullState>())
      : state_(std::move(state)) {
    for (const auto& p : description_.properties) state_->at.emplace(p.name, 0.0);
    state_->at["beam.current"] = state_->current_A;
  }
  const hw::Description& description() const override { return description_; }
  absl::Status BlankNow() override {
    if (!state_->has_blank_now) return Instrument::BlankNow();
    ++state_->blank_now;
    state_->blanked = true;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    hw::Reply reply;
    if (hw::Exposes(command) && state_->blanked) {
      return hw::MakeError({hw::ErrorKind::kImpossibleNow, "blanked", "unblank first"});
    }
    if (const auto* read = std::get_if<hw::Read>(&command)) {
      for (const std::string& name : read->properties) reply.readings.push_back(ReadOne(name));
    } else if (const auto* set = std::get_if<hw::Set>(&command)) {
      double& at = state_->at[set->property];
      const double to = set->value.si + (set->relative ? at : 0);
      RONCHI_RETURN_IF_ERROR(hw::CheckTarget(*description_.FindProperty(set->property), to));
      at = to;
      reply.readings.push_back(ReadOne(set->property));
    } else if (const auto* scan = std::get_if<hw::Scan>(&command)) {
      ++state_->scans;
      Scan(*scan, options, &reply);
    } else if (const auto* park = std::get_if<hw::Park>(&command)) {
      Dose(park->duration_s, 1e-20, &reply);
    } else if (std::holds_alternative<hw::Unblank>(command)) {
      state_->blanked = false;
    } else if (!std::holds_alternative<hw::Abort>(command)) {
      state_->blanked = true;
    }
    state_->time_s += reply.elapsed_s;
    reply.time_s = state_->time_s;
    for (hw::Reading& r : reply.readings) r.time_s = reply.time_s;
    reply.blanked = state_->blanked;
    return reply;
  }

  hw::Reading ReadOne(const std::string& name) const {
    return {name, {state_->at.at(name), description_.FindProperty(name)->dimension}, 0};
  }
  void Dose(double seconds, double area_m2, hw::Reply* reply) const {
    reply->elapsed_s = seconds;
    reply->electrons = state_->current_A / kElementaryCharge_C * seconds;
    reply->dose_e_per_m2 = reply->electrons / area_m2;
  }
  void Scan(const hw::Scan& scan, const hw::ExecuteOptions& options, hw::Reply* reply) const {
    const auto [lines, samples] = hw::ScanShape(scan);
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(state_->stall_s.load());
    while (std::chrono::steady_clock::now() < end && !options.cancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    size_t done = 0;
    for (size_t f = 0; f < scan.frames && reply->ended == hw::Ended::kComplete; ++f) {
      for (const std::string& name : scan.detectors) {
        reply->frames.push_back({name, Array<float>({lines, samples}, 1.0f)});
      }
      for (size_t l = 0; l < lines; ++l, ++done) {
        const double end_s = scan.dwell_s * double((done + 1) * samples);
        if (options.cancelled()) reply->ended = hw::Ended::kCancelled;
        if (end_s > options.timeout_s) reply->ended = hw::Ended::kTimeout;
        if (reply->ended != hw::Ended::kComplete) break;
        for (size_t d = 0; options.on_line && d < scan.detectors.size(); ++d) {
          options.on_line(
              {f,
               l,
               d,
               state_->time_s + end_s,
               {reply->frames[f * scan.detectors.size() + d].counts.data() + l * samples,
                samples}});
        }
      }
    }
    Dose(scan.dwell_s * double(done * samples), hw::ScanArea_m2(scan), reply);
  }

  const hw::Description description_ = NullDescription();
  std::shared_ptr<NullState> state_;
};

inline hw::Scan SmallScan(double x_m = 0, double fov_m = 4e-9, size_t pixels = 8) {
  return {.center_x_m = x_m,
          .fov_x_m = fov_m,
          .fov_y_m = fov_m,
          .pixels_x = pixels,
          .pixels_y = pixels,
          .dwell_s = 1e-6,
          .detectors = {"haadf"}};
}

}  // namespace ronchi::testing_support
