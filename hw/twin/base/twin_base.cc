#include "hw/twin/base/twin_base.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/validate.h"
#include "hw/twin/base/beam.h"

namespace ronchi::hw {

absl::StatusOr<Reply> TwinBase::Run(const Command& command, const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description(), command));
  const double start = time_s_;
  Reply reply;
  running_ = &options;
  real_time_.Start(start);
  const absl::Status status =
      std::visit([&](const auto& verb) { return Do(verb, &reply); }, command);
  real_time_.WaitUntil(time_s_, options);
  RONCHI_RETURN_IF_ERROR(status);
  reply.time_s = time_s_;
  reply.elapsed_s = time_s_ - start;
  reply.blanked = blanked_;
  for (Reading& reading : reply.readings) reading.time_s = time_s_;
  return reply;
}

void TwinBase::Advance(double seconds) {
  if (seconds <= 0) return;
  Evolve(seconds);
  ++advances_;
  time_s_ += seconds;
}

void TwinBase::StandAt(double, double, double seconds) { Advance(seconds); }
void TwinBase::SweepOver(const SweptField&, double seconds) { Advance(seconds); }

double TwinBase::Current_A() const {
  return BeamCurrent_A(basis_.nominal_current_A, hidden_, time_s_);
}

absl::Status TwinBase::Do(const Read& read, Reply* reply) {
  for (const std::string& name : read.properties) {
    RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadOne(name));
    reply->readings.push_back(reading);
  }
  Advance(description().read_s);
  return absl::OkStatus();
}

absl::StatusOr<Reading> TwinBase::ReadOne(const std::string& name) {
  const PropertyInfo& p = *description().FindProperty(name);
  if (p.writable) return Reading{name, {Stands(name), p.dimension}, p.resolution};
  if (name == "beam.energy") return Reading{name, Volts(basis_.energy_eV), 0};
  if (name == "beam.semiangle") return Reading{name, Radians(basis_.semiangle_rad), 0};
  if (name == "scan.count") return Reading{name, Number(double(scans_)), 0};
  if (name == "dose.max") return Reading{name, {ledger_.Largest(), Dimension::kDose}, 0};
  if (name == "beam.current") {
    // A screen reads to 2 %.
    RandomStream random = ScreenNoise();
    const double sigma = 0.02 * Current_A();
    return Reading{name, Amperes(Current_A() + sigma * random.Normal()), sigma};
  }
  return absl::InternalError(name + " is described, but not read");
}

absl::Status TwinBase::Do(const Set& set, Reply* reply) {
  const PropertyInfo& p = *description().FindProperty(set.property);
  const double from = Stands(set.property);
  const double target = set.value.si + (set.relative ? from : 0);
  RONCHI_RETURN_IF_ERROR(CheckTarget(p, target));
  const double way_s = std::isfinite(p.max_rate) ? std::fabs(target - from) / p.max_rate : 0;
  const double needed_s = way_s + p.settling_s;
  const double allowed_s =
      std::min(set.timeout_s > 0 ? set.timeout_s : running_->timeout_s, running_->timeout_s);
  // What it creeps after a move counts from its end; out of time, it stops on its way.
  Advance(std::min(allowed_s, way_s));
  const double part = allowed_s < way_s ? allowed_s / way_s : 1;
  const double stands = Drive(set.property, part < 1 ? from + part * (target - from) : target);
  Advance(std::min(std::max(0.0, allowed_s - way_s), p.settling_s));
  if (allowed_s < needed_s) {
    return MakeError({ErrorKind::kTimeout,
                      absl::StrCat(set.property, " has not settled after ", allowed_s, " s"),
                      absl::StrCat("it takes ", needed_s, " s; read it before going on"),
                      Effect::kDone});
  }
  reply->readings.push_back({set.property, {stands, p.dimension}, p.resolution});
  return CheckReadBack(p, set, target, stands);
}

absl::Status TwinBase::CheckBeam() const {
  if (!blanked_) return absl::OkStatus();
  return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
}

absl::Status TwinBase::Do(const Scan& scan, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  RONCHI_RETURN_IF_ERROR(CheckScan(scan));
  BeginExposure();
  const double end_s = time_s_ + running_->timeout_s;
  const auto where = PredictCost(description(), scan, Current_A()).where;
  for (size_t f = 0; f < scan.frames && reply->ended == Ended::kComplete; ++f) {
    Advance(description().frame_overhead_s);
    TakeFrame(scan, f, end_s, where, reply);
  }
  CountScan();
  return absl::OkStatus();
}

// Hands a frame out line by line until it is ended, and books it.
void TwinBase::TakeFrame(const Scan& s, size_t frame, double end_s,
                         std::span<const Rectangle> where, Reply* reply) {
  const auto [lines, samples] = ScanShape(s);
  const double flyback_s = s.pattern == ScanPattern::kRaster ? description().flyback_s : 0;
  const double per_line = Current_A() / kElementaryCharge_C * s.dwell_s * double(samples);
  const FrameRequest request{
      .scan = &s,
      .line_s = s.dwell_s * double(samples) + flyback_s,
      .dose_e_per_m2 = per_line * double(lines) / ScanArea_m2(s, ProbeSize_m(description()))};
  const std::vector<Rectangle> reached = Reached(where);
  const std::unique_ptr<TwinFrame> taken = BeginFrame(request);
  const size_t done = TakeLines(request, frame, end_s, taken.get(), reply);
  for (size_t d = 0; d < s.detectors.size(); ++d) {
    Array<float>& counts = taken->counts[d];
    const size_t got = counts.size() / lines * done;
    std::fill(counts.begin() + std::ptrdiff_t(got), counts.end(),
              std::numeric_limits<float>::quiet_NaN());
    reply->frames.push_back({s.detectors[d], std::move(counts)});
  }
  if (done > 0) {
    reply->electrons += per_line * double(done);
    // A frame that was begun counts in full where it was scanned.
    reply->dose_e_per_m2 += request.dose_e_per_m2;
    Book(reached, request.dose_e_per_m2);
  }
  if (!EvolvesByLine()) Advance(request.line_s * double(done));
}

// How many lines there are when it ends.
size_t TwinBase::TakeLines(const FrameRequest& request, size_t frame, double end_s,
                           TwinFrame* taken, Reply* reply) {
  const Scan& s = *request.scan;
  const size_t lines = ScanShape(s)[0];
  const Rectangle r = ScanFootprint(s);
  const SweptField field{r.x_m + r.width_m / 2, r.y_m + r.height_m / 2, std::sqrt(ScanField_m2(s))};
  for (size_t done = 0; done < lines; ++done) {
    // Where lines go by one by one the clock has come to this one already.
    const size_t ahead = EvolvesByLine() ? 1 : done + 1;
    const double line_end_s = time_s_ + request.line_s * double(ahead);
    if (running_->cancelled()) reply->ended = Ended::kCancelled;
    if (line_end_s > end_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) return done;
    taken->TakeLine(done);
    if (EvolvesByLine()) SweepOver(field, request.line_s);
    real_time_.WaitUntil(line_end_s, *running_);
    for (size_t d = 0; running_->on_line && d < s.detectors.size(); ++d) {
      const Array<float>& counts = taken->counts[d];
      const size_t line = counts.size() / lines;
      running_->on_line({frame, done, d, line_end_s, {counts.data() + done * line, line}});
    }
  }
  return lines;
}

absl::Status TwinBase::Do(const Park& park, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  if (basis_.park_and_measure_count) BeginExposure();
  const double duration_s = std::min(park.duration_s, running_->timeout_s);
  if (duration_s < park.duration_s) reply->ended = Ended::kTimeout;
  BookStanding(park.x_m, park.y_m, duration_s, reply);
  StandAt(park.x_m, park.y_m, duration_s);
  return absl::OkStatus();
}

// A frame that would not end in time is not begun.
absl::Status TwinBase::Do(const Expose& expose, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  RONCHI_RETURN_IF_ERROR(CheckExpose(expose));
  BeginExposure();
  const double end_s = time_s_ + running_->timeout_s;
  for (size_t f = 0; f < expose.frames; ++f) {
    if (running_->cancelled()) reply->ended = Ended::kCancelled;
    if (time_s_ + description().frame_overhead_s + expose.time_s > end_s) {
      reply->ended = Ended::kTimeout;
    }
    if (reply->ended != Ended::kComplete) break;
    Advance(description().frame_overhead_s);
    reply->frames.push_back({expose.camera, AcquireExposure(expose)});
    BookStanding(expose.x_m, expose.y_m, expose.time_s, reply);
    StandAt(expose.x_m, expose.y_m, expose.time_s);
    real_time_.WaitUntil(time_s_, *running_);
  }
  return absl::OkStatus();
}

Array<float> TwinBase::AcquireExposure(const Expose&) {
  RONCHI_CHECK(false && "a twin with a camera or spectrometer has AcquireExposure");
  return {};
}

absl::Status TwinBase::Do(const Measure& m, Reply* reply) {
  const MeasurementInfo& info = *description().FindMeasurement(m.what);
  const bool exposes = info.fov_m > 0 && info.beam_on_s > 0;
  if (exposes) RONCHI_RETURN_IF_ERROR(CheckBeam());
  if (exposes && (basis_.park_and_measure_count || basis_.measure_counts)) BeginExposure();
  const MeasureTime takes = TimeOf(info);
  const double share = std::min(1.0, running_->timeout_s / takes.time_s);
  MeasureRequest request{.measure = &m,
                         .info = &info,
                         .time_s = std::min(takes.time_s, running_->timeout_s),
                         .complete = share >= 1};
  if (exposes) {
    request.field = {m.center_x_m, m.center_y_m, m.fov_m > 0 ? m.fov_m : info.fov_m};
    // No field gets less than a probe.
    const double side = std::max(request.field.side_m, ProbeSize_m(description()));
    request.electrons = Current_A() / kElementaryCharge_C * takes.beam_on_s * share;
    reply->electrons = request.electrons;
    reply->dose_e_per_m2 = request.electrons / (side * side);
    const Rectangle field{m.center_x_m - side / 2, m.center_y_m - side / 2, side, side};
    Book(Reached({&field, 1}), reply->dose_e_per_m2);
  }
  if (!request.complete) reply->ended = Ended::kTimeout;
  TakeMeasurement(request, reply);
  return absl::OkStatus();
}

TwinBase::MeasureTime TwinBase::TimeOf(const MeasurementInfo& info) const {
  return {info.time_s, info.beam_on_s};
}

void TwinBase::TakeMeasurement(const MeasureRequest&, Reply*) {
  RONCHI_CHECK(false && "a twin that describes measurements has TakeMeasurement");
}

void TwinBase::BookStanding(double x_m, double y_m, double seconds, Reply* reply) {
  const Cost cost = PredictCost(description(), Park{x_m, y_m, seconds}, Current_A());
  reply->electrons += cost.electrons;
  reply->dose_e_per_m2 += cost.dose_e_per_m2;
  Book(Reached(cost.where), cost.dose_e_per_m2);
}

std::vector<Rectangle> TwinBase::Reached(std::span<const Rectangle> places) const {
  std::vector<Rectangle> reached;
  reached.reserve(places.size());
  for (const Rectangle& place : places) reached.push_back(OnSpecimen(place));
  return reached;
}

void TwinBase::Book(std::span<const Rectangle> on_specimen, double dose_e_per_m2) {
  for (const Rectangle& r : on_specimen) {
    ledger_.Add(r.x_m, r.y_m, r.width_m, r.height_m, dose_e_per_m2);
  }
}

absl::Status TwinBase::SetBlank(bool blanked) {
  blanked_ = blanked;
  Advance(description().blank_s);
  return absl::OkStatus();
}

}  // namespace ronchi::hw
