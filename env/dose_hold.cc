// DoseHold-v0: give every image of a series the same number of electrons while the emission of the
// gun decays and flickers. docs/environments/DoseHold-v0.md has the figures.
//
//   observation  signal  [1]  counts of the last image over those of the first
//                dwell   [1]  dwell time over the first one
//                time    [1]  since the first image, s
//   action       [1]  change of the logarithm of the dwell time, for the next image
//   reward       minus the deviation of the new image's counts from the first's, per cent
//   truncated    after max_episode_steps; never terminated
//
// The meter is the image itself: the mean of a dark-field image over whole periods of a crystal is
// the current times the dwell time, whatever the aberrations. What a single image adds is not to be
// followed, noise of the current and the drift that stretches the field; the decay is.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "env/kinds.h"
#include "env/needs.h"
#include "env/picture.h"
#include "env/task.h"
#include "env/versions.h"

namespace ronchi::env {
namespace {

const std::string kDoseHoldId = "DoseHold-v0";
enum : size_t { kDoseImages = 0, kDeviation_percent = 1 };  // of info

struct DoseHoldOptions {
  int level = 1;  // which instrument the task is meant for; the task itself is the same
  double fov_A = 15.62;
  int pixels = 32;
  double dwell_s = 2e-3;     // of the first image
  int reference_frames = 4;  // of the first image
  double change = 0.2;       // largest, of the dwell time's logarithm
  double range = 8;          // the dwell time stays within the first one over and times this
  int max_episode_steps = 60;
  double reward_threshold = 0;
  TaskPlace place;
};

Spec DoseHoldSpec(const DoseHoldOptions& o) {
  Spec spec;
  spec.id = kDoseHoldId;
  spec.summary = "give every image the same electrons while the emission decays";
  spec.observation_space["signal"] = {{1}, 0, 1e3, "", "counts of the last image over the first's"};
  spec.observation_space["dwell"] = {
      {1}, float(1 / o.range), float(o.range), "", "dwell time over the first"};
  spec.observation_space["time"] = {{1}, 0, 1e9, "s", "since the first image"};
  spec.action_space = {
      {1}, -float(o.change), float(o.change), "", "change of the dwell time's logarithm"};
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.reward = "minus the deviation of the image's counts from the first's, per cent";
  spec.info_names = {"images", "deviation_percent"};
  return spec;
}

absl::Status ReadDoseHoldOptions(const Config& node, DoseHoldOptions* o) {
  ConfigReader r(node);
  double dwell_us = o->dwell_s * 1e6;
  std::string reward = "image";
  ReadId(&r, kDoseHoldId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image"});
  r.Number("fov_A", &o->fov_A, {.min = 1, .max = 1000});
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 256});
  r.Number("dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Integer("reference_frames", &o->reference_frames, {.min = 1, .max = 1000});
  r.Number("change", &o->change, {.min = 1e-3, .max = 2});
  r.Number("range", &o->range, {.min = 1.1, .max = 100});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  o->dwell_s = dwell_us * 1e-6;
  return r.Done();
}

class DoseHold final : public Task {
 public:
  DoseHold(hw::Instrument* instrument, const DoseHoldOptions& o)
      : Task(instrument, DoseHoldSpec(o), o.place.index, o.place.randomise),
        options_(o),
        dark_counts_(instrument->description().FindDetector("haadf")->dark_counts) {
    signals_.reserve(size_t(o.max_episode_steps) + 1);
  }

  absl::StatusOr<Array<uint8_t>> Render() const override {
    Picture picture(320, 160);
    picture.Bar({8, 8, 304, 20}, "dwell (log)", std::log(dwell_ / options_.dwell_s),
                -std::log(options_.range), std::log(options_.range));
    picture.Curve({8, 36, 304, 116}, "signal", signals_, size_t(options_.max_episode_steps) + 1);
    return picture.Take();
  }

 private:
  // The mean counts of so many frames, without the dark ones.
  absl::StatusOr<double> Look(size_t frames) {
    hw::Scan scan;
    scan.fov_x_m = scan.fov_y_m = options_.fov_A * kMetresPerAngstrom;
    scan.pixels_x = scan.pixels_y = size_t(options_.pixels);
    scan.dwell_s = dwell_;
    scan.frames = frames;
    scan.detectors = {"haadf"};
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan));
    if (reply.frames.size() != frames) return absl::InternalError("the scan lacks frames");
    own_info()[kDoseImages] += 1;
    double mean = 0;
    for (const hw::Frame& frame : reply.frames) {
      for (float counts : frame.counts) {
        mean += (double(counts) - dark_counts_) / double(frames * frame.counts.size());
      }
    }
    return mean;
  }

  void Fill(double signal, std::span<float> observation) const {
    observation[spec().Offset("dwell")] =
        float(std::clamp(dwell_ / options_.dwell_s, 1 / options_.range, options_.range));
    observation[spec().Offset("signal")] = float(std::clamp(signal, 0.0, 1e3));
    observation[spec().Offset("time")] = float(info()[kTime_s] - begun_s_);
  }

  absl::Status Begin(const ResetOptions&, std::span<float> observation) override {
    dwell_ = options_.dwell_s;
    RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
    begun_s_ = info()[kTime_s];
    RONCHI_ASSIGN_OR_RETURN(first_counts_, Look(size_t(options_.reference_frames)));
    if (!(first_counts_ > 0)) {
      return absl::FailedPreconditionError(kDoseHoldId + ": the first image has no counts");
    }
    signals_ = {1};
    Fill(1, observation);
    return absl::OkStatus();
  }

  absl::StatusOr<Outcome> Act(std::span<const float> action,
                              std::span<float> observation) override {
    const double before = dwell_;
    dwell_ = std::clamp(dwell_ * std::exp(double(action[0])), options_.dwell_s / options_.range,
                        options_.dwell_s * options_.range);
    const absl::StatusOr<double> counts = Look(1);
    if (!counts.ok()) {
      dwell_ = before;  // the step does not count
      return counts.status();
    }
    const double signal = *counts / first_counts_;
    const double deviation = 100 * std::fabs(signal - 1);
    own_info()[kDeviation_percent] = deviation;
    signals_.push_back(signal);
    Fill(signal, observation);
    return Outcome{.reward = -deviation};
  }

  nlohmann::json SaveOwn() const override {
    return {{"dwell_s", dwell_},
            {"first_counts", first_counts_},
            {"begun_s", begun_s_},
            {"signals", signals_}};
  }
  absl::Status RestoreOwn(const nlohmann::json& saved) override {
    saved.at("dwell_s").get_to(dwell_);
    saved.at("first_counts").get_to(first_counts_);
    saved.at("begun_s").get_to(begun_s_);
    saved.at("signals").get_to(signals_);
    return absl::OkStatus();
  }

  const DoseHoldOptions options_;
  const double dark_counts_;
  double dwell_ = 0, first_counts_ = 0, begun_s_ = 0;
  std::vector<double> signals_;  // of this episode, for Render
};

absl::StatusOr<std::unique_ptr<Environment>> MakeDoseHold(hw::Instrument* instrument,
                                                          const DoseHoldOptions& o) {
  const hw::Description& d = instrument->description();
  RONCHI_RETURN_IF_ERROR(NeedDetector(d, "haadf", kDoseHoldId));
  const hw::DetectorInfo& haadf = *d.FindDetector("haadf");
  const double least_s = o.dwell_s / o.range, most_s = o.dwell_s * o.range;
  if (least_s < haadf.min_dwell_s || most_s > haadf.max_dwell_s) {
    return absl::InvalidArgumentError(
        absl::StrCat(kDoseHoldId, ": dwell_us over and times range = ", least_s * 1e6, " … ",
                     most_s * 1e6, " is not allowed; allowed on ", d.id, ": ",
                     haadf.min_dwell_s * 1e6, " … ", haadf.max_dwell_s * 1e6));
  }
  if (size_t(o.pixels) > d.max_pixels) {
    return absl::InvalidArgumentError(absl::StrCat(kDoseHoldId, ": pixels = ", o.pixels,
                                                   " is not allowed; allowed on ", d.id, ": up to ",
                                                   d.max_pixels));
  }
  return std::make_unique<DoseHold>(instrument, o);
}

absl::StatusOr<TaskMaker> PrepareDoseHold(const Config& task, double solved_at) {
  DoseHoldOptions options;
  options.reward_threshold = solved_at;
  RONCHI_RETURN_IF_ERROR(ReadDoseHoldOptions(task, &options));
  return TaskMaker([options](hw::Instrument* instrument, const TaskPlace& place) {
    DoseHoldOptions own = options;
    own.place = place;
    if (place.max_episode_steps > 0) own.max_episode_steps = place.max_episode_steps;
    return MakeDoseHold(instrument, own);
  });
}

}  // namespace

TaskKind DoseHoldTask() { return {DoseHoldSpec({}), PrepareDoseHold}; }

}  // namespace ronchi::env
