// An instrument that does all that its description allows and a check must reckon with: it reads as
// far off as it resolves, is slow to the last unit of its rate, shows images of any counts, and
// fails at times, before or after the deed. It keeps its own books, by routes of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/error.h"
#include "hw/instrument/instrument.h"
#include "hw/instrument/validate.h"

namespace ronchi::testing_support {

// A column with a stage that travels, a scan that turns, and knobs.
inline hw::Description TrickyColumn() {
  hw::Description d;
  d.id = "test:tricky";
  const auto add = [&](const char* name, Dimension dimension, double most, double resolution,
                       double rate) {
    d.properties.push_back({.name = name,
                            .dimension = dimension,
                            .min = -most,
                            .max = most,
                            .max_step = 2 * most,
                            .writable = true,
                            .resolution = resolution,
                            .max_rate = rate,
                            .settling_s = 0.01});
  };
  constexpr double kNoRate = std::numeric_limits<double>::infinity();
  add("optics.C10", Dimension::kLength, 50e-9, 1e-11, kNoRate);
  add("stage.x", Dimension::kLength, 1e-6, 1e-10, 1e-7);
  add("stage.y", Dimension::kLength, 1e-6, 1e-10, 1e-7);
  add("stage.alpha", Dimension::kAngle, 1, 1e-5, 0.1);
  add("scan.rotation", Dimension::kAngle, 3, 1e-6, kNoRate);
  d.properties.push_back({.name = "beam.current", .dimension = Dimension::kCurrent, .min = 0});
  d.detectors.push_back({.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.2});
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.max_fov_m = 1e-6;
  d.max_pixels = 64;
  d.cannot = {"expose", "measure"};
  d.read_s = 1e-3;
  d.blank_s = 1e-4;
  d.flyback_s = 1e-4;
  d.frame_overhead_s = 0.02;
  return d;
}

class Tricky final : public hw::Instrument {
 public:
  static constexpr double kWorstCurrent_A = 50e-12;
  // `faults`: of a thousand commands.
  Tricky(uint64_t seed, uint64_t faults)
      : random_({.seed = seed, .name = "test.tricky"}), faults_(faults) {}
  const hw::Description& description() const override { return description_; }

  // The largest sum of doses anywhere: where some spot begins in x and some in y.
  double LargestDose() const {
    double largest = 0;
    for (const Spot& x : spots_) {
      for (const Spot& y : spots_) {
        double sum = 0;
        for (const Spot& s : spots_) {
          const bool meets = s.x0 <= x.x0 && x.x0 <= s.x1 && s.y0 <= y.y0 && y.y0 <= s.y1;
          if (meets) sum += s.dose;
        }
        largest = std::max(largest, sum);
      }
    }
    return largest;
  }

  double time_s = 0, electrons = 0, longest_s = 0;
  size_t commands = 0, exposures = 0;

 protected:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command, const hw::ExecuteOptions&) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    const bool safe =
        std::holds_alternative<hw::Blank>(command) || std::holds_alternative<hw::Safe>(command);
    if (hw::Exposes(command) && blanked_) {
      return hw::MakeError({hw::ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
    }
    const bool fails = !safe && random_.Below(1000) < faults_;
    const bool afterwards = fails && random_.Below(2) == 0;
    const hw::Error fault{random_.Below(2) ? hw::ErrorKind::kTimeout : hw::ErrorKind::kHardware,
                          "an invented fault", "none",
                          afterwards ? hw::Effect::kPerhaps : hw::Effect::kNone};
    if (fails && !afterwards) return hw::MakeError(fault);
    hw::Reply reply = Do(command);
    if (fails) {
      blanked_ = true;
      return hw::MakeError(fault);
    }
    return reply;
  }

 private:
  struct Spot {
    double x0, y0, x1, y1, dose;
  };

  hw::Reply Do(const hw::Command& command) {
    ++commands;
    hw::Reply reply;
    if (const auto* read = std::get_if<hw::Read>(&command)) {
      for (const std::string& name : read->properties) reply.readings.push_back(ReadOne(name));
      reply.elapsed_s = description_.read_s;
    } else if (const auto* set = std::get_if<hw::Set>(&command)) {
      const hw::PropertyInfo& p = *description_.FindProperty(set->property);
      double& at = positions_[set->property];
      reply.elapsed_s = p.settling_s;
      if (std::isfinite(p.max_rate)) {
        reply.elapsed_s += std::fabs(set->value.si - at) / p.max_rate;
      }
      at = set->value.si;
      reply.readings.push_back(ReadOne(set->property));
    } else if (const auto* scan = std::get_if<hw::Scan>(&command)) {
      DoScan(*scan, &reply);
    } else if (const auto* park = std::get_if<hw::Park>(&command)) {
      reply.elapsed_s = park->duration_s;
      const double n = Electrons(park->duration_s);
      reply.electrons = n;
      reply.dose_e_per_m2 = n / 1e-20;
      Expose(park->x_m, park->y_m, 1e-10, 1e-10, reply.dose_e_per_m2);
    } else {
      reply.elapsed_s = description_.blank_s;
      blanked_ = !std::holds_alternative<hw::Unblank>(command);
    }
    if (reply.electrons > 0) ++exposures;
    electrons += reply.electrons;
    time_s += reply.elapsed_s;
    longest_s = std::max(longest_s, reply.elapsed_s);
    reply.time_s = time_s;
    reply.blanked = blanked_;
    return reply;
  }

  hw::Reading ReadOne(const std::string& name) {
    const hw::PropertyInfo& p = *description_.FindProperty(name);
    if (name == "beam.current") return {name, {Current_A(), p.dimension}, 0, time_s};
    const double off = p.resolution * random_.Uniform(-1, 1);
    return {name, {positions_[name] + off, p.dimension}, p.resolution, time_s};
  }
  double Current_A() { return kWorstCurrent_A * (random_.Below(2) ? 1 : random_.Uniform(0.8, 1)); }
  double Electrons(double seconds) { return Current_A() / kElementaryCharge_C * seconds; }

  // Around (x, y) of the scan frame, turned and carried along. Only the middle is turned.
  void Expose(double x, double y, double width, double height, double dose) {
    const double c = std::cos(positions_["scan.rotation"]),
                 s = std::sin(positions_["scan.rotation"]);
    const double u = c * x - s * y - positions_["stage.x"];
    const double v = s * x + c * y - positions_["stage.y"];
    // An upright square of what is turned, and less than the whole, as round-off must not decide
    // whether neighbours meet.
    const double part = s == 0 ? 0.499 : 0.499 / std::sqrt(2.0);
    const double a = part * std::min(width, s == 0 ? width : height);
    const double b = part * std::min(height, s == 0 ? height : width);
    spots_.push_back({u - a, v - b, u + a, v + b, dose});
  }

  void DoScan(const hw::Scan& scan, hw::Reply* reply) {
    const auto [lines, samples] = hw::ScanShape(scan);
    const double per_stop = Electrons(scan.dwell_s) * double(scan.frames);
    const double stops = double(lines) * double(samples);
    const bool raster = scan.pattern == hw::ScanPattern::kRaster;
    reply->elapsed_s =
        double(scan.frames) * (description_.frame_overhead_s + stops * scan.dwell_s +
                               (raster ? description_.flyback_s * double(lines) : 0));
    reply->electrons = per_stop * stops;
    reply->dose_e_per_m2 = reply->electrons / hw::ScanArea_m2(scan);
    // Stop by stop, on the probe's own square or, where stops are closer, the stop's share of the
    // field; the first of a raster stands at its corner.
    const double px = raster ? std::min(scan.fov_x_m / double(scan.pixels_x), 1e-10) : 1e-10;
    const double py = raster ? std::min(scan.fov_y_m / double(scan.pixels_y), 1e-10) : 1e-10;
    if (scan.pattern != hw::ScanPattern::kSpiral) {
      const auto at = hw::ScanPositions(scan);
      // A few of them are as good as all: each is a place of its own.
      const size_t step = raster ? 1 + at.size() / 12 : 1;
      for (size_t i = 0; i < at.size(); i += step) {
        Expose(at[i][0], at[i][1], px, py, per_stop / (px * py));
      }
    }
    for (size_t f = 0; f < scan.frames; ++f) {
      for (const std::string& name : scan.detectors) {
        Array<float> counts({lines, samples});
        const double scale = random_.Below(4) ? 10 : 1e30;
        const double offset = random_.Below(4) ? 0 : -5;
        for (float& v : counts) v = float(scale * (random_.Uniform(0, 1) + offset));
        reply->frames.push_back({name, std::move(counts)});
      }
    }
  }

  const hw::Description description_ = TrickyColumn();
  RandomStream random_;
  const uint64_t faults_;
  std::map<std::string, double> positions_;
  std::vector<Spot> spots_;
  bool blanked_ = true;
};

}  // namespace ronchi::testing_support
