#include "hw/twin/base/simulated_instrument.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "hw/cost.h"
#include "hw/validate.h"

namespace ronchi::hw {

absl::StatusOr<Reply> SimulatedInstrument::Run(const Command& command,
                                               const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
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

void SimulatedInstrument::Advance(double seconds) {
  if (seconds <= 0) return;
  Evolve(seconds);
  time_s_ += seconds;
}

absl::Status SimulatedInstrument::Do(const Read& read, Reply* reply) {
  for (const std::string& name : read.properties) {
    const PropertyInfo& p = *description_.FindProperty(name);
    if (p.writable) {
      reply->readings.push_back({name, {Stands(name), p.dimension}, p.resolution});
      continue;
    }
    RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadFixed(name));
    reply->readings.push_back(reading);
  }
  Advance(description_.read_s);
  return absl::OkStatus();
}

absl::Status SimulatedInstrument::Do(const Set& set, Reply* reply) {
  const PropertyInfo& p = *description_.FindProperty(set.property);
  const double from = Stands(set.property);
  const double target = set.value.si + (set.relative ? from : 0);
  RONCHI_RETURN_IF_ERROR(CheckTarget(p, target));
  const double way_s = std::isfinite(p.max_rate) ? std::fabs(target - from) / p.max_rate : 0;
  const double needed_s = way_s + p.settling_s;
  const double allowed_s =
      std::min(set.timeout_s > 0 ? set.timeout_s : running_->timeout_s, running_->timeout_s);
  // Out of time, it stops on its way.
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

absl::Status SimulatedInstrument::CheckBeam() const {
  if (!blanked_) return absl::OkStatus();
  return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
}

absl::Status SimulatedInstrument::Do(const Scan& scan, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  RONCHI_RETURN_IF_ERROR(CheckScan(scan));
  BeginScan();
  const double end_s = time_s_ + running_->timeout_s;
  const auto where = PredictCost(description_, scan, Current_A()).where;
  for (size_t f = 0; f < scan.frames && reply->ended == Ended::kComplete; ++f) {
    Advance(description_.frame_overhead_s);
    TakeFrame(scan, f, end_s, where, reply);
  }
  return absl::OkStatus();
}

// Computes a frame, hands it out line by line until it is ended, and books it.
void SimulatedInstrument::TakeFrame(const Scan& s, size_t frame, double end_s,
                                    std::span<const Rectangle> where, Reply* reply) {
  const auto [lines, samples] = ScanShape(s);
  const double flyback_s = s.pattern == ScanPattern::kRaster ? description_.flyback_s : 0;
  const double per_line = Current_A() / kElementaryCharge_C * s.dwell_s * double(samples);
  const FrameRequest request{
      .scan = &s,
      .line_s = s.dwell_s * double(samples) + flyback_s,
      .dose_e_per_m2 = per_line * double(lines) / ScanArea_m2(s, ProbeSize_m(description_))};
  std::vector<Array<float>> counts = Acquire(request);
  size_t done = 0;
  for (; done < lines; ++done) {
    const double line_end_s = time_s_ + request.line_s * double(done + 1);
    if (running_->cancelled()) reply->ended = Ended::kCancelled;
    if (line_end_s > end_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) break;
    real_time_.WaitUntil(line_end_s, *running_);
    for (size_t d = 0; running_->on_line && d < s.detectors.size(); ++d) {
      const size_t line = counts[d].size() / lines;
      running_->on_line({frame, done, d, line_end_s, {counts[d].data() + done * line, line}});
    }
  }
  for (size_t d = 0; d < s.detectors.size(); ++d) {
    const size_t reached = counts[d].size() / lines * done;
    std::fill(counts[d].begin() + std::ptrdiff_t(reached), counts[d].end(), std::nanf(""));
    reply->frames.push_back({s.detectors[d], std::move(counts[d])});
  }
  if (done > 0) {
    reply->electrons += per_line * double(done);
    // A frame that was begun counts in full where it was scanned.
    reply->dose_e_per_m2 += request.dose_e_per_m2;
    Book(where, request.dose_e_per_m2);
  }
  Advance(request.line_s * double(done));
}

absl::Status SimulatedInstrument::Do(const Park& park, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  const double duration_s = std::min(park.duration_s, running_->timeout_s);
  if (duration_s < park.duration_s) reply->ended = Ended::kTimeout;
  BookStanding(park.x_m, park.y_m, duration_s, reply);
  Advance(duration_s);
  return absl::OkStatus();
}

// A frame that would not end in time is not begun.
absl::Status SimulatedInstrument::Do(const Expose& expose, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(CheckBeam());
  const double end_s = time_s_ + running_->timeout_s;
  for (size_t f = 0; f < expose.frames; ++f) {
    if (running_->cancelled()) reply->ended = Ended::kCancelled;
    if (time_s_ + description_.frame_overhead_s + expose.time_s > end_s) {
      reply->ended = Ended::kTimeout;
    }
    if (reply->ended != Ended::kComplete) break;
    Advance(description_.frame_overhead_s);
    reply->frames.push_back({expose.camera, AcquireExposure(expose)});
    BookStanding(expose.x_m, expose.y_m, expose.time_s, reply);
    Advance(expose.time_s);
    real_time_.WaitUntil(time_s_, *running_);
  }
  return absl::OkStatus();
}

void SimulatedInstrument::BookStanding(double x_m, double y_m, double seconds, Reply* reply) {
  const Cost cost = PredictCost(description_, Park{x_m, y_m, seconds}, Current_A());
  reply->electrons += cost.electrons;
  reply->dose_e_per_m2 += cost.dose_e_per_m2;
  Book(cost.where, cost.dose_e_per_m2);
}

absl::Status SimulatedInstrument::SetBlank(bool blanked) {
  blanked_ = blanked;
  Advance(description_.blank_s);
  return absl::OkStatus();
}

}  // namespace ronchi::hw
