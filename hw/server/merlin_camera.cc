#include "hw/server/merlin_camera.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/validate.h"
#include "hw/wire/mib.h"
#include "hw/wire/mib_pixels.h"

namespace ronchi::hw {
namespace {

using wire::MpxCode;

constexpr double kMostFramesOfMerlin = 999999;  // as many as six digits count
constexpr double kSoftTrigger = 5;
// Of one command to the instrument: what a cancel waits for, and what stands in memory.
constexpr size_t kChunkBytes = 4 << 20;
constexpr double kChunk_s = 0.1;
constexpr size_t kMostListeners = 8;
constexpr double kPushSlice_s = 0.05;  // how late a cancel is seen while somebody takes no frames

bool IsDepth(double x) { return x == 1 || x == 6 || x == 12 || x == 24; }

// What may be set, to what.
bool MaySet(const DetectorInfo& camera, const std::string& name, double x) {
  const bool whole = x == std::floor(x);
  if (name == "COUNTERDEPTH") return IsDepth(x);
  if (name == "NUMFRAMESTOACQUIRE" || name == "NUMFRAMESPERTRIGGER") {
    return whole && x >= 1 && x <= kMostFramesOfMerlin;
  }
  if (name == "ACQUISITIONTIME") {
    return x > 0 && x * 1e-3 >= camera.min_dwell_s && x * 1e-3 <= camera.max_dwell_s;
  }
  if (name == "ACQUISITIONPERIOD") return x >= 0;
  if (name == "TRIGGERSTART") return x == 0 || x == kSoftTrigger;
  return x == 0;  // CONTINUOUSRW, TRIGGERSTOP, FILEFORMAT: one way only
}

std::string UtcNow() {
  using std::chrono::system_clock;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text;
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &utc);
  return absl::StrFormat("%s.%06d", std::string(text.data(), n), us % 1000000);
}

}  // namespace

MerlinCamera::MerlinCamera(Hub* hub, const DetectorInfo& camera, const MerlinServerOptions& options)
    : hub_(hub), camera_(camera), options_(options) {
  constexpr double kTime_ms = 10;
  settings_ = {
      {"COUNTERDEPTH", double(options.counter_depth)},
      {"CONTINUOUSRW", 0},
      {"NUMFRAMESTOACQUIRE", 1},
      {"NUMFRAMESPERTRIGGER", 1},
      {"ACQUISITIONTIME", std::clamp(kTime_ms, camera.min_dwell_s * 1e3, camera.max_dwell_s * 1e3)},
      {"ACQUISITIONPERIOD", 0},
      {"TRIGGERSTART", 0},
      {"TRIGGERSTOP", 0},
      {"FILEFORMAT", 0}};
}

MerlinCamera::~MerlinCamera() { (void)Stop(); }

void MerlinCamera::Listen(std::shared_ptr<Outbox> out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (listeners_.size() < kMostListeners) listeners_.push_back(std::move(out));
  changed_.notify_all();
}

void MerlinCamera::Leave(const std::shared_ptr<Outbox>& out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase(listeners_, out);
  changed_.notify_all();
}

wire::MpxAnswer MerlinCamera::Answer(const wire::MpxRequest& request) {
  wire::MpxAnswer answer{request.verb, request.name, "0", int(MpxCode::kDone)};
  if (request.verb == "CMD") {
    answer.code = int(Do(request.name));
  } else if (request.verb == "SET") {
    answer.code = int(Set(request.name, request.value));
  } else if (request.name == "IMAGEX") {
    answer.value = std::to_string(camera_.pixels_x);
  } else if (request.name == "IMAGEY") {
    answer.value = std::to_string(camera_.pixels_y);
  } else {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto setting = settings_.find(request.name);
    if (request.name == "DETECTORSTATUS") {
      answer.value = running_ ? "1" : "0";
    } else if (setting != settings_.end()) {
      answer.value = absl::StrFormat("%.9g", setting->second);
    } else {
      answer.code = int(MpxCode::kNotKnown);
    }
  }
  return answer;
}

MpxCode MerlinCamera::Set(const std::string& name, const std::string& value) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto setting = settings_.find(name);
  if (setting == settings_.end()) return MpxCode::kNotKnown;
  if (running_) return MpxCode::kBusy;
  double x = 0;
  if (!absl::SimpleAtod(value, &x) || !std::isfinite(x) || !MaySet(camera_, name, x)) {
    return MpxCode::kOutOfRange;
  }
  setting->second = x;
  return MpxCode::kDone;
}

MpxCode MerlinCamera::Do(const std::string& command) {
  if (command == "STARTACQUISITION") return Start();
  if (command == "STOPACQUISITION") return Stop();
  if (command != "SOFTTRIGGER") return MpxCode::kNotKnown;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_ || settings_["TRIGGERSTART"] != kSoftTrigger) return MpxCode::kBusy;
  ++triggers_;
  changed_.notify_all();
  return MpxCode::kDone;
}

// An instrument that does not tell is asked by exposing.
bool MerlinCamera::IsBlanked() {
  if (!Can(hub_->description(), "read")) return false;
  const absl::StatusOr<Reply> reply = hub_->Execute(Read{});
  return reply.ok() && reply->blanked;
}

MpxCode MerlinCamera::Start() {
  Plan plan;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (running_) return MpxCode::kBusy;
    running_ = true;
    triggers_ = 0;
    cancel_ = std::make_unique<CancelToken>();
    plan = {.frames = size_t(settings_["NUMFRAMESTOACQUIRE"]),
            .per_trigger = size_t(settings_["NUMFRAMESPERTRIGGER"]),
            .time_s = settings_["ACQUISITIONTIME"] * 1e-3,
            .depth = int(settings_["COUNTERDEPTH"]),
            .soft = settings_["TRIGGERSTART"] == kSoftTrigger};
    changed_.wait_for(lock, std::chrono::duration<double>(options_.listen_s),
                      [&] { return !listeners_.empty() || cancel_->cancelled(); });
    running_ = !listeners_.empty() && !cancel_->cancelled();
    if (!running_) return MpxCode::kBusy;
  }
  // Somebody else's command may take long; whoever asks is told now.
  if (hub_->busy() || IsBlanked()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = false;
    changed_.notify_all();
    return MpxCode::kBusy;
  }
  acquisition_ = std::make_unique<Background>([this, plan] { Acquire(plan); });
  return MpxCode::kDone;
}

// Once it is done no frame comes any more.
MpxCode MerlinCamera::Stop() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (cancel_) cancel_->Cancel();
  changed_.notify_all();
  const bool ended = changed_.wait_for(lock, std::chrono::duration<double>(options_.push_s),
                                       [&] { return !running_; });
  return ended ? MpxCode::kDone : MpxCode::kBusy;
}

// How many frames may follow the first `sent`, at once; 0: none any more.
size_t MerlinCamera::AwaitFrames(const Plan& plan, size_t sent) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto allowed = [&] {
    const size_t all =
        plan.soft ? std::min(plan.frames, triggers_ * plan.per_trigger) : plan.frames;
    return all - std::min(all, sent);
  };
  const auto over = [&] { return cancel_->cancelled() || listeners_.empty(); };
  changed_.wait(lock, [&] { return allowed() > 0 || over(); });
  if (over()) return 0;
  const size_t bytes = camera_.pixels_x * camera_.pixels_y * sizeof(float);
  const auto fitting = size_t(std::clamp(kChunk_s / plan.time_s, 1.0, double(kMostFrames)));
  return std::min({allowed(), fitting, std::max<size_t>(kChunkBytes / bytes, 1)});
}

void MerlinCamera::Acquire(const Plan& plan) {
  const wire::AcquisitionHeader header{plan.frames, plan.soft ? plan.per_trigger : plan.frames,
                                       plan.depth};
  absl::Status s = PushToAll(wire::MpxMessage(wire::AcquisitionHeaderText(
      header, {{"Time and Date Stamp (UTC)", UtcNow()},
               {"Exposure Time (ms)", absl::StrFormat("%.9g", plan.time_s * 1e3)}})));
  for (size_t sent = 0; s.ok() && sent < plan.frames;) {
    const size_t frames = AwaitFrames(plan, sent);
    if (frames == 0) break;
    const absl::StatusOr<Reply> reply =
        hub_->Execute(Expose{.camera = camera_.name, .time_s = plan.time_s, .frames = frames},
                      {.cancel = cancel_.get()});
    s = reply.status();
    for (size_t i = 0; s.ok() && i < reply->frames.size() && i < frames; ++i) {
      s = Send(plan, reply->frames[i], ++sent);
    }
    if (s.ok() && reply->ended != Ended::kComplete) break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  running_ = false;
  changed_.notify_all();
}

absl::Status MerlinCamera::Send(const Plan& plan, const Frame& frame, size_t sequence) {
  wire::MibHeader h{.sequence = sequence,
                    .width = camera_.pixels_x,
                    .height = camera_.pixels_y,
                    .pixel = wire::PixelOfDepth(plan.depth)};
  if (frame.counts.size() != h.width * h.height) {
    return absl::InternalError("a frame of another size than its camera's");
  }
  std::string bytes;
  bytes.reserve(wire::kMpxPrefixBytes + h.header_bytes + h.pixel_bytes());
  wire::AppendMpxPrefix(h.header_bytes + h.pixel_bytes(), &bytes);
  bytes += wire::MibHeaderText(h, {UtcNow(), plan.time_s, plan.depth});
  const size_t at = bytes.size();
  bytes.resize(at + h.pixel_bytes());
  wire::FloatsToPixels(frame.counts.values(), h.pixel, (uint32_t{1} << plan.depth) - 1,
                       bytes.data() + at);
  return PushToAll(bytes);
}

// Who takes nothing any more is left out from then on.
absl::Status MerlinCamera::PushToAll(const std::string& bytes) {
  std::vector<std::shared_ptr<Outbox>> all;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    all = listeners_;
  }
  size_t taken = 0;
  for (const auto& out : all) {
    if (PushTo(out, bytes)) {
      ++taken;
    } else if (!cancel_->cancelled()) {
      Leave(out);
    }
  }
  return taken > 0 ? absl::OkStatus() : absl::UnavailableError("nobody takes frames");
}

bool MerlinCamera::PushTo(const std::shared_ptr<Outbox>& out, const std::string& bytes) {
  const auto seconds = [](double s) {
    return std::chrono::duration_cast<Outbox::Clock::duration>(std::chrono::duration<double>(s));
  };
  const auto until = Outbox::Clock::now() + seconds(options_.push_s);
  for (;;) {
    const absl::Status s = out->Push(bytes, Outbox::Clock::now() + seconds(kPushSlice_s));
    if (!absl::IsDeadlineExceeded(s)) return s.ok();
    if (cancel_->cancelled() || Outbox::Clock::now() >= until) return false;
  }
}

}  // namespace ronchi::hw
