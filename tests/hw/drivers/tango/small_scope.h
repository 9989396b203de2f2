// A column that does nothing at once, with what NullInstrument lacks: an image shift, a corrector,
// a camera, and measurements of it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/hw/null_instrument.h"

namespace ronchi::testing_support {

class SmallScope final : public hw::Instrument {
 public:
  static constexpr size_t kSide = 8;  // of the camera
  explicit SmallScope(std::shared_ptr<NullState> state = std::make_shared<NullState>())
      : state_(state), null_(std::move(state)), description_(null_.description()) {
    for (const char* name : {"image.shift.x", "image.shift.y", "optics.C12.a", "optics.C12.b"}) {
      description_.properties.push_back({.name = name,
                                         .dimension = Dimension::kLength,
                                         .min = -1e-6,
                                         .max = 1e-6,
                                         .writable = true,
                                         .group = hw::PropertyGroup::kOptics});
      state_->at.emplace(name, 0.0);
    }
    description_.detectors.push_back({.name = "bf"});
    description_.detectors.push_back({.name = "cam",
                                      .kind = hw::DetectorKind::kCamera,
                                      .pixels_x = kSide,
                                      .pixels_y = kSide,
                                      .min_dwell_s = 1e-6,
                                      .max_dwell_s = 100});
    description_.measurements = {{"defocus", 1, 1, 1e-8}, {"aberrations", 1, 1, 1e-8}};
    description_.cannot = {"scan.camera"};
  }
  const hw::Description& description() const override { return description_; }

 private:
  bool Owns(const std::string& property) const {
    return null_.description().FindProperty(property) == nullptr;
  }
  hw::Reply Plain() const {
    hw::Reply reply;
    reply.time_s = state_->time_s;
    reply.blanked = state_->blanked;
    return reply;
  }
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    if (const auto* read = std::get_if<hw::Read>(&command)) {
      hw::Reply reply = Plain();
      for (const std::string& name : read->properties) {
        reply.readings.push_back(
            {name, {state_->at.at(name), description_.FindProperty(name)->dimension}});
      }
      return reply;
    }
    if (const auto* set = std::get_if<hw::Set>(&command); set && Owns(set->property)) {
      RONCHI_RETURN_IF_ERROR(
          hw::CheckTarget(*description_.FindProperty(set->property), set->value.si));
      state_->at[set->property] = set->value.si;
      hw::Reply reply = Plain();
      reply.readings.push_back({set->property, set->value});
      return reply;
    }
    if (const auto* measure = std::get_if<hw::Measure>(&command)) {
      hw::Reply reply = Plain();
      reply.estimates.push_back(
          {measure->what,
           {"C10", "C12.a", "C12.b"},
           {Metres(state_->at["optics.C10"]), Metres(state_->at["optics.C12.a"]),
            Metres(state_->at["optics.C12.b"])},
           {}});
      return reply;
    }
    if (const auto* expose = std::get_if<hw::Expose>(&command)) {
      if (state_->blanked) {
        return hw::MakeError({hw::ErrorKind::kImpossibleNow, "blanked", "unblank first"});
      }
      hw::Reply reply = Plain();
      reply.frames.push_back(
          {"cam", Array<float>({kSide / expose->binning, kSide / expose->binning}, 2.0f)});
      return reply;
    }
    if (const auto* scan = std::get_if<hw::Scan>(&command)) {
      RONCHI_ASSIGN_OR_RETURN(hw::Reply reply, null_.Execute(Known(*scan), options));
      // What tells x from y, and one detector from the other.
      for (size_t f = 0; f < reply.frames.size(); ++f) {
        reply.frames[f].detector = scan->detectors[f % scan->detectors.size()];
        auto& counts = reply.frames[f].counts;
        for (size_t i = 0; i < counts.size(); ++i) {
          counts[i] = float(i) + (reply.frames[f].detector == "bf" ? 1000.5f : 0.25f);
        }
      }
      return reply;
    }
    return null_.Execute(command, options);
  }
  // NullInstrument knows the one detector.
  static hw::Scan Known(hw::Scan scan) {
    for (std::string& name : scan.detectors) name = "haadf";
    return scan;
  }

  std::shared_ptr<NullState> state_;
  NullInstrument null_;
  hw::Description description_;
};

}  // namespace ronchi::testing_support
