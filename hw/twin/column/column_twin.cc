#include "hw/twin/column/column_twin.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "hw/cost.h"
#include "hw/description_json.h"
#include "hw/scan_path.h"
#include "hw/twin/base/real_time.h"
#include "hw/twin/column/column.h"
#include "hw/twin/column/describe_column.h"
#include "hw/validate.h"

namespace ronchi::hw {
namespace {

class Twin final : public Instrument, public GroundTruth {
 public:
  Twin(const TwinOptions& options, DetectorImages images, std::shared_ptr<CameraPatterns> patterns,
       uint64_t seed)
      : column_(options, std::move(images), std::move(patterns)),
        description_(DescribeTwin(column_.options)),
        real_time_(options.real_time) {
    Randomise(seed, 0, 0);
  }

  const Description& description() const override { return description_; }
  GroundTruth* ground_truth() override { return this; }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    const double start = column_.time_s;
    Reply reply;
    running_ = &options;
    real_time_.Start(start);
    const absl::Status status =
        std::visit([&](const auto& verb) { return Do(verb, &reply); }, command);
    real_time_.WaitUntil(column_.time_s, options);
    RONCHI_RETURN_IF_ERROR(status);
    reply.time_s = column_.time_s;
    reply.elapsed_s = column_.time_s - start;
    reply.blanked = column_.blanked;
    for (Reading& reading : reply.readings) reading.time_s = column_.time_s;
    return reply;
  }

  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) override {
    column_.Randomise(seed, environment, episode);
  }
  void Pass(double seconds) override { column_.Advance(seconds); }
  std::map<std::string, double> Hidden() const override { return column_.AllHidden(); }
  double NoiseFreeContrast() const override { return column_.Contrast(column_.Optics()); }
  double BestContrast() const override { return column_.BestContrast(); }
  absl::StatusOr<std::string> Save() const override {
    StateArchive archive;
    const_cast<Column&>(column_).Archive(&archive);  // an archive that collects writes nothing
    return archive.Seal(StateMark());
  }
  absl::Status Restore(const std::string& state) override {
    RONCHI_ASSIGN_OR_RETURN(StateArchive archive, StateArchive::Open(state, StateMark()));
    StateArchive before;
    column_.Archive(&before);
    column_.Archive(&archive);
    const absl::Status status = archive.Finish();
    if (!status.ok()) before.GiveBack([this](StateArchive* a) { column_.Archive(a); });
    return status;
  }

 private:
  // Twins that describe themselves alike, of the same specimen and with the same hidden numbers can
  // go on with each other's states.
  std::string StateMark() const {
    const TwinOptions& o = column_.options;
    std::string mark = absl::StrCat(
        ToJson(description_).dump(), "\n", o.specimen_file, " ", o.layers, " ", int(o.engine), " ",
        o.phonon_configurations, " ", o.phonon_seed, " ", o.box_A, " ", o.thermal_rms_A, " ",
        o.nominal_current_A, " ", o.counts_per_electron, " ", o.dark_counts);
    absl::StrAppend(&mark, "\n", o.film.thickness_A, " ", o.film.box_A, " ", o.film.density_g_cm3,
                    " ", o.film.element, " ", o.film.seed, " ", o.film.slices, " ", o.film.spheres,
                    "\n", o.camera.semiangle_rad, " ", o.camera.counts_per_electron, " ",
                    o.camera.dark_counts, " ", o.camera.source_points, " ", o.camera.box_A);
    absl::StrAppend(&mark, "\n", o.amorphous.entrance_A, " ", o.amorphous.exit_A, " ",
                    o.amorphous.element, " ", o.amorphous.atoms_per_A3);
    for (const TwinEvent& event : o.events) absl::StrAppend(&mark, "\n", event.at_scan);
    for (const auto& [name, value] : column_.hidden.values) absl::StrAppend(&mark, "\n", name);
    return mark;
  }

  absl::Status Do(const Read& read, Reply* reply) {
    for (const std::string& name : read.properties) {
      RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadOne(name));
      reply->readings.push_back(reading);
    }
    column_.Advance(description_.read_s);
    return absl::OkStatus();
  }

  absl::StatusOr<Reading> ReadOne(const std::string& name) {
    const PropertyInfo& p = *description_.FindProperty(name);
    if (p.writable) return Reading{name, {Stands(name), p.dimension}, p.resolution};
    const TwinOptions& o = column_.options;
    if (name == "beam.energy") return Reading{name, Volts(o.energy_eV), 0};
    if (name == "beam.semiangle") return Reading{name, Radians(o.semiangle_rad), 0};
    if (name == "scan.count") return Reading{name, Number(column_.scans), 0};
    if (name == "dose.max") {
      return Reading{name, {column_.specimen.ledger().Largest(), Dimension::kDose}, 0};
    }
    if (name == "beam.current") {
      // A screen reads to 2 %.
      RandomStream random = column_.hidden.Stream("twin.screen", column_.ticks);
      const double sigma = 0.02 * column_.Current_A();
      return Reading{name, Amperes(column_.Current_A() + sigma * random.Normal()), sigma};
    }
    return absl::InternalError(name + " is described, but not read");
  }

  // Of what can be set: where it was commanded to.
  double Stands(const std::string& name) const {
    if (const Knob* knob = column_.optics.Find(name)) return column_.optics.Commanded_m(*knob);
    const size_t axis = column_.stage.Find(name);
    return axis < kStageAxes ? column_.stage.Commanded(axis) : column_.scan_rotation_rad;
  }

  // Drives it there, and returns where it stands.
  double Drive(const std::string& name, double target) {
    if (const Knob* knob = column_.optics.Find(name)) return column_.optics.Command(*knob, target);
    const size_t axis = column_.stage.Find(name);
    if (axis < kStageAxes) return column_.stage.Command(axis, target);
    return column_.scan_rotation_rad = target;
  }

  absl::Status Do(const Set& set, Reply* reply) {
    const PropertyInfo& p = *description_.FindProperty(set.property);
    const double from = Stands(set.property);
    const double target = set.value.si + (set.relative ? from : 0);
    RONCHI_RETURN_IF_ERROR(CheckTarget(p, target));
    const double way_s = std::isfinite(p.max_rate) ? std::fabs(target - from) / p.max_rate : 0;
    const double needed_s = way_s + p.settling_s;
    const double allowed_s =
        std::min(set.timeout_s > 0 ? set.timeout_s : running_->timeout_s, running_->timeout_s);
    // What it creeps after a move counts from its end; out of time, it stops on its way.
    column_.Advance(std::min(allowed_s, way_s));
    const double part = allowed_s < way_s ? allowed_s / way_s : 1;
    const double stands = Drive(set.property, part < 1 ? from + part * (target - from) : target);
    column_.Advance(std::min(std::max(0.0, allowed_s - way_s), p.settling_s));
    if (allowed_s < needed_s) {
      return MakeError({ErrorKind::kTimeout,
                        absl::StrCat(set.property, " has not settled after ", allowed_s, " s"),
                        absl::StrCat("it takes ", needed_s, " s; read it before going on"),
                        Effect::kDone});
    }
    reply->readings.push_back({set.property, {stands, p.dimension}, p.resolution});
    return CheckReadBack(p, set, target, stands);
  }

  absl::Status CheckBeam() const {
    if (!column_.blanked) return absl::OkStatus();
    return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
  }

  absl::Status Do(const Scan& scan, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    for (const std::string& name : scan.detectors) {
      const auto [lines, samples] = ScanShape(scan);
      const double pixels = double(column_.options.camera.pixels);
      if (!IsCamera(name)) continue;
      RONCHI_RETURN_IF_ERROR(
          CheckSize(double(scan.frames) * double(lines) * double(samples) * pixels * pixels));
    }
    column_.BeginScan();
    const double end_s = column_.time_s + running_->timeout_s;
    const auto where = PredictCost(description_, scan, column_.Current_A()).where;
    for (size_t f = 0; f < scan.frames && reply->ended == Ended::kComplete; ++f) {
      column_.Advance(description_.frame_overhead_s);
      AcquireFrame(scan, f, end_s, where, reply);
    }
    ++column_.scans;
    return absl::OkStatus();
  }

  // Computes a frame, hands it out line by line until it is ended, and books it.
  void AcquireFrame(const Scan& s, size_t frame, double end_s, std::span<const Rectangle> where,
                    Reply* reply) {
    const auto [lines, samples] = ScanShape(s);
    const double flyback_s = s.pattern == ScanPattern::kRaster ? description_.flyback_s : 0;
    const double per_line = column_.Current_A() / kElementaryCharge_C * s.dwell_s * double(samples);
    Column::FrameRequest request{
        .scan = &s,
        .line_s = s.dwell_s * double(samples) + flyback_s,
        .dose_e_per_m2 = per_line * double(lines) / ScanArea_m2(s, ProbeSize_m(description_))};
    for (const std::string& name : s.detectors) request.detectors.push_back(DetectorIndex(name));
    Column::AcquiredFrame acquired = column_.Acquire(request);
    auto& counts = acquired.counts;
    size_t done = 0;
    for (; done < lines; ++done) {
      const double line_end_s = column_.time_s + request.line_s * double(done + 1);
      if (running_->cancelled()) reply->ended = Ended::kCancelled;
      if (line_end_s > end_s) reply->ended = Ended::kTimeout;
      if (reply->ended != Ended::kComplete) break;
      column_.AcquirePatterns(request, done, &acquired);
      real_time_.WaitUntil(line_end_s, *running_);
      for (size_t d = 0; running_->on_line && d < s.detectors.size(); ++d) {
        const size_t line = counts[d].size() / lines;
        running_->on_line({frame, done, d, line_end_s, {counts[d].data() + done * line, line}});
      }
    }
    for (size_t d = 0; d < s.detectors.size(); ++d) {
      const size_t line = counts[d].size() / lines;
      std::fill(counts[d].begin() + std::ptrdiff_t(done * line), counts[d].end(), std::nanf(""));
      std::vector<size_t> shape = {lines, samples};
      if (IsCamera(s.detectors[d])) {
        shape.insert(shape.end(), 2, column_.options.camera.pixels);
      }
      Array<float> values(shape);
      std::copy(counts[d].begin(), counts[d].end(), values.data());
      counts[d] = {};
      reply->frames.push_back({s.detectors[d], std::move(values)});
    }
    if (done > 0) {
      reply->electrons += per_line * double(done);
      // A frame that was begun counts in full where it was scanned.
      reply->dose_e_per_m2 += request.dose_e_per_m2;
      column_.Book(where, request.dose_e_per_m2);
    }
    column_.Advance(request.line_s * double(done));
  }

  bool IsCamera(const std::string& name) const {
    return description_.FindDetector(name)->kind == DetectorKind::kCamera;
  }
  // The camera's is the number of scanned ones.
  size_t DetectorIndex(const std::string& name) const {
    const auto& scanned = column_.options.detectors;
    size_t d = 0;
    while (d < scanned.size() && scanned[d].name != name) ++d;
    return d;
  }

  absl::Status Do(const Park& park, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double duration_s = std::min(park.duration_s, running_->timeout_s);
    if (duration_s < park.duration_s) reply->ended = Ended::kTimeout;
    BookParked(park.x_m, park.y_m, duration_s, reply);
    column_.Advance(duration_s);
    return absl::OkStatus();
  }

  void BookParked(double x_m, double y_m, double seconds, Reply* reply) {
    const Cost cost = PredictCost(description_, Park{x_m, y_m, seconds}, column_.Current_A());
    reply->electrons += cost.electrons;
    reply->dose_e_per_m2 += cost.dose_e_per_m2;
    column_.Book(cost.where, cost.dose_e_per_m2);
  }

  absl::Status Do(const Expose& e, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const size_t side = column_.options.camera.pixels / e.binning;
    RONCHI_RETURN_IF_ERROR(CheckSize(double(e.frames) * double(side * side)));
    const double end_s = column_.time_s + running_->timeout_s;
    for (size_t f = 0; f < e.frames; ++f) {
      if (running_->cancelled()) reply->ended = Ended::kCancelled;
      if (column_.time_s + description_.frame_overhead_s + e.time_s > end_s) {
        reply->ended = Ended::kTimeout;
      }
      if (reply->ended != Ended::kComplete) break;
      column_.Advance(description_.frame_overhead_s);
      const std::vector<float> counts = column_.AcquirePattern(e);
      Array<float> values({side, side});
      std::copy(counts.begin(), counts.end(), values.data());
      reply->frames.push_back({e.camera, std::move(values)});
      BookParked(e.x_m, e.y_m, e.time_s, reply);
      column_.Advance(e.time_s);
      real_time_.WaitUntil(column_.time_s, *running_);
    }
    return absl::OkStatus();
  }

  // Patterns are large, and a reply holds them all.
  static absl::Status CheckSize(double counts) {
    constexpr double kMost = 1 << 29;  // 2 GiB
    if (counts <= kMost) return absl::OkStatus();
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrCat("patterns of ", counts, " pixels together; the twin keeps up to ", kMost,
                      " for one command"),
         "ask for fewer points or frames, or bin"});
  }

  absl::Status Do(const Measure& m, Reply* reply) {
    const MeasurementInfo& info = *description_.FindMeasurement(m.what);
    const bool exposes = info.fov_m > 0 && info.beam_on_s > 0;
    if (exposes) RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double share = std::min(1.0, running_->timeout_s / info.time_s);
    const double electrons =
        exposes ? column_.Current_A() / kElementaryCharge_C * info.beam_on_s * share : 0;
    if (exposes) {
      const double asked = m.fov_m > 0 ? m.fov_m : info.fov_m;
      const double side = std::max(asked, ProbeSize_m(description_));
      const double dose = electrons / (side * side);
      const Rectangle field{m.center_x_m - side / 2, m.center_y_m - side / 2, side, side};
      reply->electrons = electrons;
      reply->dose_e_per_m2 = dose;
      column_.Book({&field, 1}, dose);
    }
    if (share < 1) {
      reply->ended = Ended::kTimeout;
      column_.Advance(running_->timeout_s);
      return absl::OkStatus();
    }
    reply->estimates.push_back(column_.Measure(info, electrons));
    return absl::OkStatus();
  }

  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) {
    return absl::OkStatus();
  }  // commands are not in parallel
  absl::Status SetBlank(bool blanked) {
    column_.blanked = blanked;
    column_.Advance(description_.blank_s);
    return absl::OkStatus();
  }

  Column column_;
  const Description description_;
  RealTime real_time_;
  const ExecuteOptions* running_ = nullptr;  // of the command that runs
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeTwin(const TwinOptions& options, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(DetectorImages images, DetectorImages::Create(options));
  std::shared_ptr<CameraPatterns> patterns;
  if (options.camera.present) {
    RONCHI_ASSIGN_OR_RETURN(patterns, CameraPatterns::Create(options));
  }
  return WithFaults(std::make_unique<Twin>(options, std::move(images), std::move(patterns), seed),
                    options.faults, seed);
}

}  // namespace ronchi::hw
