#include "hw/drivers/temscript/temscript.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/drivers/temscript/describe.h"
#include "hw/drivers/temscript/service.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/validate.h"
#include "hw/wire/temscript_images.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// What is read back of a field, a dwell time, an angle may be rounded by the other side.
constexpr double kRounding = 1e-6;

const char* StageKey(const std::string& property) {
  for (const TemscriptAxis& a : kTemscriptStage) {
    if (property == a.property) return a.key;
  }
  return nullptr;
}
bool IsShift(const std::string& property) { return property.starts_with("beam.shift."); }

class Temscript final : public Instrument {
 public:
  explicit Temscript(const TemscriptOptions& options)
      : options_(options), service_(options.address, options.answer_s) {}
  ~Temscript() override {
    if (!description_.id.empty()) (void)BlankNow();
  }

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(TemscriptDescription d, DescribeTemscript(options_, service_));
    detectors_ = std::move(d.detectors);
    description_ = std::move(d.description);
    return absl::OkStatus();
  }
  const Description& description() const override { return description_; }
  // Its server does it after what runs: an exposure of two seconds keeps a blank for two seconds.
  absl::Status BlankNow() override {
    RONCHI_RETURN_IF_ERROR(service_.Put("beam_blanked", true));
    return ConfirmBlanked();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double Since(Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  }
  absl::Status ConfirmBlanked() const;

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override;
  absl::Status Do(const Read& read, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Set& set, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Scan& scan, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Blank&, const ExecuteOptions&, Reply*) {
    return service_.Put("beam_blanked", true);
  }
  absl::Status Do(const Safe&, const ExecuteOptions& o, Reply* r) { return Do(Blank{}, o, r); }
  absl::Status Do(const Unblank&, const ExecuteOptions&, Reply*) {
    return service_.Put("beam_blanked", false);
  }
  template <class Other>
  absl::Status Do(const Other& verb, const ExecuteOptions&, Reply*) {
    return MakeError({ErrorKind::kCannot, "temscript has no " + VerbName(verb)});
  }

  absl::StatusOr<double> Current() const;
  absl::StatusOr<std::vector<Reading>> ReadAll(const std::vector<std::string>& names) const;
  absl::Status SetStage(const std::string& property, double to, double timeout_s);
  absl::Status SetShift(const std::string& property, double to);
  absl::Status PrepareScan(const Scan& scan);
  absl::Status AcquireFrame(const Scan& scan, double within_s, Reply* reply);

  const TemscriptOptions options_;
  const TemscriptService service_;
  const Clock::time_point began_ = Clock::now();
  double time_s_ = 0;  // of the last reply
  Description description_;
  std::map<std::string, std::string> detectors_;  // ours → temscript's
};

absl::Status Temscript::ConfirmBlanked() const {
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, service_.Bool("beam_blanked"));
  if (blanked) return absl::OkStatus();
  return MakeError({ErrorKind::kHardware,
                    service_.name() + ": the beam is not blanked after a blank",
                    "close the column valves", Effect::kPerhaps});
}

absl::StatusOr<Reply> Temscript::Run(const Command& command, const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
  const Clock::time_point start = Clock::now();
  Reply reply;
  RONCHI_RETURN_IF_ERROR(
      std::visit([&](const auto& verb) { return Do(verb, options, &reply); }, command));
  RONCHI_ASSIGN_OR_RETURN(reply.blanked, service_.Bool("beam_blanked"));
  const bool to_blank =
      std::holds_alternative<Blank>(command) || std::holds_alternative<Safe>(command);
  if (to_blank && !reply.blanked) {
    RONCHI_RETURN_IF_ERROR(ConfirmBlanked());
    reply.blanked = true;
  }
  // What simulates answers sooner than its electrons would have taken.
  const double least_s = time_s_ + reply.elapsed_s;
  reply.time_s = time_s_ = std::max(Since(began_), least_s);
  reply.elapsed_s = std::max(Since(start), reply.elapsed_s);
  for (Reading& r : reply.readings) r.time_s = reply.time_s;
  return reply;
}

absl::StatusOr<double> Temscript::Current() const {
  if (options_.current_A > 0) return options_.current_A;
  return service_.Number("screen_current");
}

// Each thing once: axes that are asked for together stand where they stood at one moment.
absl::StatusOr<std::vector<Reading>> Temscript::ReadAll(
    const std::vector<std::string>& names) const {
  std::optional<json> stage;
  std::optional<std::array<double, 2>> shift;
  std::vector<Reading> out;
  for (const std::string& name : names) {
    double si = kNan;
    if (const char* key = StageKey(name)) {
      if (!stage) {
        RONCHI_ASSIGN_OR_RETURN(stage, service_.Get("stage_position"));
      }
      const json at = stage->is_object() ? stage->value(key, json()) : json();
      if (!at.is_number()) return service_.Nonsense("stage_position", stage->dump());
      si = at;
    } else if (IsShift(name)) {
      if (!shift) {
        RONCHI_ASSIGN_OR_RETURN(shift, service_.Pair("beam_shift"));
      }
      si = (*shift)[name.back() == 'y'];
    } else if (name == "optics.C10") {
      RONCHI_ASSIGN_OR_RETURN(si, service_.Number("probe_defocus"));
      si *= options_.defocus_sign;
    } else if (name == "beam.energy") {
      RONCHI_ASSIGN_OR_RETURN(si, service_.Number("voltage"));
      si *= 1e3;
    } else if (name == "beam.semiangle") {
      RONCHI_ASSIGN_OR_RETURN(si, service_.Number("convergence_angle"));
    } else {
      RONCHI_ASSIGN_OR_RETURN(si, Current());
    }
    out.push_back({name, {si, description_.FindProperty(name)->dimension}, 0, 0});
  }
  return out;
}

absl::Status Temscript::Do(const Read& read, const ExecuteOptions&, Reply* reply) {
  RONCHI_ASSIGN_OR_RETURN(reply->readings, ReadAll(read.properties));
  return absl::OkStatus();
}

absl::Status Temscript::Do(const Set& set, const ExecuteOptions& options, Reply* reply) {
  const PropertyInfo& property = *description_.FindProperty(set.property);
  double to = set.value.si;
  if (set.relative) {  // it has no such move; somebody else's knob may turn meanwhile
    RONCHI_ASSIGN_OR_RETURN(const auto at, ReadAll({set.property}));
    to += at[0].value.si;
  }
  RONCHI_RETURN_IF_ERROR(CheckTarget(property, to));
  if (StageKey(set.property)) {
    const double own_s = set.timeout_s > 0 ? set.timeout_s : options_.move_s;
    RONCHI_RETURN_IF_ERROR(SetStage(set.property, to, std::min(own_s, options.timeout_s)));
  } else if (IsShift(set.property)) {
    RONCHI_RETURN_IF_ERROR(SetShift(set.property, to));
  } else {
    RONCHI_RETURN_IF_ERROR(service_.Put("probe_defocus", to * options_.defocus_sign));
  }
  // It clamps without a word, and says that it has done it.
  RONCHI_ASSIGN_OR_RETURN(reply->readings, ReadAll({set.property}));
  return CheckReadBack(property, set, to, reply->readings[0].value.si);
}

absl::Status Temscript::SetStage(const std::string& property, double to, double timeout_s) {
  const Clock::time_point start = Clock::now();
  const json target = {{StageKey(property), to}};
  RONCHI_RETURN_IF_ERROR(service_.Put("stage_position?method=GO", target, timeout_s));
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const std::string status, service_.Text("stage_status"));
    if (status == "READY") return absl::OkStatus();
    if (Since(start) > timeout_s) {
      return MakeError(
          {ErrorKind::kTimeout,
           absl::StrFormat("%s: the stage is %s after %g s", service_.name(), status, timeout_s),
           "read where it stands"});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

absl::Status Temscript::SetShift(const std::string& property, double to) {
  RONCHI_ASSIGN_OR_RETURN(auto both, service_.Pair("beam_shift"));
  both[property.back() == 'y'] = to;
  return service_.Put("beam_shift", both);
}

// The magnification whose field is the one that is asked for, to the bit where there is one.
double MagnificationOf(double field_at_1_m, double field_m) {
  double m = field_at_1_m / field_m;
  for (const double toward : {0.0, HUGE_VAL}) {
    double near = m;
    for (int i = 0; i < 4; ++i, near = std::nextafter(near, toward)) {
      if (field_at_1_m / near == field_m) return near;
    }
  }
  return m;
}

absl::Status Temscript::PrepareScan(const Scan& scan) {
  const size_t binning = options_.frame_pixels / scan.pixels_x;
  if (binning * scan.pixels_x != options_.frame_pixels) {
    return MakeError({ErrorKind::kOutOfLimits,
                      absl::StrCat(scan.pixels_x, " pixels a line are not ", options_.frame_pixels,
                                   " divided by a binning"),
                      "ask for half of that, a quarter …"});
  }
  const double m = MagnificationOf(options_.field_at_magnification_1_m, scan.fov_x_m);
  const json acquisition = {
      {"image_size", "FULL"}, {"binning", binning}, {"dwell_time(s)", scan.dwell_s}};
  RONCHI_RETURN_IF_ERROR(service_.Put("stem_magnification", m));
  RONCHI_RETURN_IF_ERROR(service_.Put("stem_rotation", scan.rotation_rad));
  RONCHI_RETURN_IF_ERROR(service_.Put("stem_acquisition_param", acquisition));
  RONCHI_ASSIGN_OR_RETURN(const double m_back, service_.Number("stem_magnification"));
  RONCHI_ASSIGN_OR_RETURN(const double rotation, service_.Number("stem_rotation"));
  RONCHI_ASSIGN_OR_RETURN(const json back, service_.Get("stem_acquisition_param"));
  const double dwell_s = back.is_object() && back.value("dwell_time(s)", json()).is_number()
                             ? back["dwell_time(s)"].get<double>()
                             : kNan;
  const bool stands = std::abs(m_back / m - 1) <= kRounding &&
                      std::abs(rotation - scan.rotation_rad) <= kRounding &&
                      std::abs(dwell_s / scan.dwell_s - 1) <= kRounding &&
                      back.value("image_size", json()) == "FULL" &&
                      back.value("binning", json()) == binning;
  if (stands) return absl::OkStatus();
  return MakeError(
      {ErrorKind::kOutOfTolerance,
       absl::StrFormat("%s: the scan stands at magnification %g, rotation %g rad, %s instead of "
                       "%g, %g rad, %s",
                       service_.name(), m_back, rotation, back.dump(), m, scan.rotation_rad,
                       acquisition.dump()),
       "ask for what it can do", Effect::kNone});
}

absl::Status Temscript::AcquireFrame(const Scan& scan, double within_s, Reply* reply) {
  std::string what = "acquire";
  for (const std::string& name : scan.detectors) {
    absl::StrAppend(&what, what == "acquire" ? "?" : "&",
                    "detectors=", wire::UrlEncode(detectors_.at(name)));
  }
  RONCHI_ASSIGN_OR_RETURN(const json images, service_.Get(what, within_s));
  for (const std::string& name : scan.detectors) {
    const std::string& theirs = detectors_.at(name);
    // A detector that is not in is left out, and the answer is 200.
    if (!images.is_object() || !images.contains(theirs)) {
      return service_.Nonsense("acquire", "no image of " + theirs);
    }
    auto counts = wire::ImageFromTemscript(images[theirs], scan.pixels_y, scan.pixels_x);
    if (!counts.ok()) return service_.Nonsense("acquire", std::string(counts.status().message()));
    reply->frames.push_back({name, *std::move(counts)});
  }
  return absl::OkStatus();
}

absl::Status Temscript::Do(const Scan& scan, const ExecuteOptions& options, Reply* reply) {
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, service_.Bool("beam_blanked"));
  if (blanked) return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank"});
  RONCHI_RETURN_IF_ERROR(PrepareScan(scan));
  RONCHI_ASSIGN_OR_RETURN(const double current_A, Current());
  const double frame_s = scan.dwell_s * double(scan.pixels_x * scan.pixels_y);
  size_t frames = 0;
  for (; frames < scan.frames; ++frames) {
    if (options.cancelled()) reply->ended = Ended::kCancelled;
    if (double(frames + 1) * frame_s > options.timeout_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) break;
    RONCHI_RETURN_IF_ERROR(AcquireFrame(scan, 2 * frame_s + options_.answer_s, reply));
  }
  reply->electrons = current_A / kElementaryCharge_C * frame_s * double(frames);
  reply->dose_e_per_m2 = reply->electrons / ScanArea_m2(scan, ProbeSize_m(description_));
  reply->elapsed_s = frame_s * double(frames);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeTemscript(const TemscriptOptions& options) {
  auto column = std::make_unique<Temscript>(options);
  RONCHI_RETURN_IF_ERROR(column->Begin());
  return std::unique_ptr<Instrument>(std::move(column));
}

}  // namespace ronchi::hw
