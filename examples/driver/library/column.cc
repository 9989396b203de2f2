// A toy column in C++, as a driver to copy: replace what stands below "The hardware". It becomes
// the library driver_column.so beside the build's examples, and goes through Ronchi's one door:
//   ronchi conform --instrument examples/driver/library/column.yaml
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

#include "hw/drivers/library.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/scan_path.h"
#include "hw/instrument/validate.h"

namespace {

using namespace ronchi::hw;  // NOLINT: one file, all of it a driver

constexpr double kElectron_C = 1.602176634e-19;  // SI 2019

Description Describe(double current_A) {
  Description d;
  d.id = "toy:library";
  d.model = "a toy column in C++";
  d.simulated = true;  // false: there is a beam, and Ronchi puts a guard before it
  d.properties = {{.name = "optics.C10",
                   .dimension = ronchi::Dimension::kLength,
                   .min = -1e-7,
                   .max = 1e-7,
                   .writable = true,
                   .meaning = "defocus, negative under focus",
                   .unit = "nm",
                   .resolution = 1e-11,
                   .settling_s = 0.05,
                   .group = PropertyGroup::kOptics},
                  {.name = "beam.current",
                   .dimension = ronchi::Dimension::kCurrent,
                   .min = 0,
                   .max = 10 * current_A,
                   .meaning = "current onto the specimen",
                   .unit = "pA",
                   .group = PropertyGroup::kBeam}};
  d.detectors = {{.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.2}};
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.max_fov_m = 1e-6;
  d.cannot = {"expose", "measure", "scan.camera"};
  return d;
}

class Column final : public Instrument {
 public:
  explicit Column(double current_A)
      : description_(Describe(current_A)), at_{{"optics.C10", 0}, {"beam.current", current_A}} {}
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    const double before_s = time_s_;
    Reply reply;
    RONCHI_RETURN_IF_ERROR(
        std::visit([&](const auto& verb) { return Do(verb, options, &reply); }, command));
    reply.time_s = time_s_;
    reply.elapsed_s = time_s_ - before_s;
    reply.blanked = blanked_;
    for (Reading& r : reply.readings) r.time_s = time_s_;
    return reply;
  }

  absl::Status Do(const Read& read, const ExecuteOptions&, Reply* reply) {
    for (const std::string& name : read.properties) reply->readings.push_back(At(name));
    return absl::OkStatus();
  }
  absl::Status Do(const Set& set, const ExecuteOptions&, Reply* reply) {
    const PropertyInfo& p = *description_.FindProperty(set.property);
    const double target = set.value.si + (set.relative ? at_[p.name] : 0);
    RONCHI_RETURN_IF_ERROR(CheckTarget(p, target));
    time_s_ += p.settling_s;
    at_[p.name] = target;
    reply->readings = {At(p.name)};
    return CheckReadBack(p, set, target, reply->readings[0].value.si);
  }
  absl::Status Do(const Scan& scan, const ExecuteOptions& options, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(NeedBeam());
    const auto [lines, samples] = ScanShape(scan);
    const std::vector<std::array<double, 2>> positions = ScanPositions(scan);
    const double line_s = double(samples) * scan.dwell_s, begin_s = time_s_;
    for (size_t f = 0; f < scan.frames; ++f) {
      ronchi::Array<float> counts({lines, samples});
      std::fill_n(counts.data(), counts.size(), std::nanf(""));  // what is not reached
      for (size_t l = 0; l < lines && reply->ended == Ended::kComplete; ++l) {
        if (options.cancelled()) reply->ended = Ended::kCancelled;
        if (time_s_ - begin_s + line_s > options.timeout_s) reply->ended = Ended::kTimeout;
        if (reply->ended != Ended::kComplete) break;
        float* line = counts.data() + l * samples;
        for (size_t i = 0; i < samples; ++i) line[i] = Counts(positions[l * samples + i], scan);
        time_s_ += line_s;
        if (options.on_line) options.on_line({f, l, 0, time_s_, {line, samples}});
      }
      reply->frames.push_back({"haadf", std::move(counts)});
    }
    reply->electrons = Electrons(time_s_ - begin_s);
    reply->dose_e_per_m2 = reply->electrons / ScanArea_m2(scan, ProbeSize_m(description_));
    return absl::OkStatus();
  }
  absl::Status Do(const Park& park, const ExecuteOptions&, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(NeedBeam());
    time_s_ += park.duration_s;
    reply->electrons = Electrons(park.duration_s);
    return absl::OkStatus();
  }
  absl::Status Do(const Unblank&, const ExecuteOptions&, Reply*) {
    blanked_ = false;
    return absl::OkStatus();
  }
  absl::Status Do(const Abort&, const ExecuteOptions&, Reply*) { return absl::OkStatus(); }
  template <class BlankOrSafe>  // all else is in `cannot`, and CheckCommand has refused it
  absl::Status Do(const BlankOrSafe&, const ExecuteOptions&, Reply*) {
    blanked_ = true;
    return absl::OkStatus();
  }

  absl::Status NeedBeam() const {
    if (!blanked_) return absl::OkStatus();
    return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
  }
  Reading At(const std::string& name) {
    return {name, {at_[name], description_.FindProperty(name)->dimension}};
  }

  // The hardware.

  double Electrons(double seconds) { return at_["beam.current"] / kElectron_C * seconds; }

  // A crystal of 4 Å, its contrast less the further out of focus; without noise.
  float Counts(const std::array<double, 2>& at_m, const Scan& scan) {
    const double contrast = std::exp(-std::pow(at_["optics.C10"] / 5e-9, 2));
    const double k = 2 * std::numbers::pi / 4e-10;
    const double atoms = std::cos(k * at_m[0]) * std::cos(k * at_m[1]);
    return float(Electrons(scan.dwell_s) * 0.05 * (1 + contrast * atoms));
  }

  const Description description_;
  std::map<std::string, double> at_;  // SI
  double time_s_ = 0;
  bool blanked_ = true;
};

// The driver's own keys of the config: `options: {current_pA: 20}`.
absl::StatusOr<std::unique_ptr<Instrument>> Open(const ronchi::Config& options, uint64_t seed) {
  double current_pA = 50;
  ronchi::ConfigReader r(options);
  r.Number("current_pA", &current_pA, {.min = 1e-3, .max = 1e4});
  RONCHI_RETURN_IF_ERROR(r.Done());
  return std::make_unique<Column>(current_pA * 1e-12);
}

}  // namespace

RONCHI_DRIVER(Open)
