#include "env/ronchigram_tuning.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "env/aberration_knobs.h"
#include "env/needs.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"
#include "theory/laws/phase_error.h"

namespace ronchi::env {
namespace {

const std::string kRonchigramTuningId = "RonchigramTuning-v1";
constexpr size_t kRonchigramExposures = 0, kFlatAngle = 1;  // of info
constexpr double kLeastGradient = 1e-6;  // per mrad²: what counting noise leaves
constexpr double kLargestFlatness = 6, kLeastFlatness = -6;

Knobs MakeKnobs(const RonchigramTuningOptions& o) {
  return MakeAberrationKnobs(o.level, {o.range_nm, o.range_second_nm, o.range_third_nm});
}

}  // namespace

double Flatness(const Array<float>& a, const Array<float>& b, double dark, double pixel_rad,
                double disc_rad) {
  RONCHI_CHECK(a.shape() == b.shape());
  const int n = int(a.shape()[0]);
  const double pixel_mrad = pixel_rad * 1e3;
  // A pixel and both its neighbours are inside: the disc's rim is no feature.
  const double radius = disc_rad / pixel_rad - 1.5;
  double mean_a = 0, mean_b = 0, product = 0;
  size_t count = 0;
  for (int y = 1; y + 1 < n; ++y) {
    for (int x = 1; x + 1 < n; ++x) {
      if (std::hypot(y - n / 2, x - n / 2) > radius) continue;
      const auto gradient = [&](const Array<float>& f, int step) {
        const size_t at = size_t(y * n + x);
        return 0.5 * (double(f[at + size_t(step)]) - double(f[at - size_t(step)])) / pixel_mrad;
      };
      const size_t at = size_t(y * n + x);
      mean_a += double(a[at]) - dark;
      mean_b += double(b[at]) - dark;
      product += gradient(a, 1) * gradient(b, 1) + gradient(a, n) * gradient(b, n);
      ++count;
    }
  }
  if (!(mean_a > 0 && mean_b > 0)) return 0;
  const double relative = product * double(count) / (mean_a * mean_b);
  return std::clamp(-std::log10(std::max(relative, kLeastGradient)), kLeastFlatness,
                    kLargestFlatness);
}

Spec RonchigramTuningSpec(const RonchigramTuningOptions& o) {
  const size_t n = size_t(o.pixels);
  const Knobs knobs = MakeKnobs(o);
  const std::string names = AberrationNames(o.level);
  Spec spec;
  spec.id = kRonchigramTuningId;
  spec.summary = "tune " + names + " of a probe to a flat Ronchigram of an amorphous film";
  spec.observation_space["image"] = {
      {n, n}, -1e6, 1e6, "counts", "Ronchigram, mean of two exposures"};
  spec.observation_space["flatness"] = {{1},
                                        float(kLeastFlatness),
                                        float(kLargestFlatness),
                                        "",
                                        "-log10 of the mean square relative gradient per mrad^2"};
  spec.observation_space["settings"] =
      knobs.MakeBox(1, "commanded " + names + " relative to the reference");
  spec.action_space = knobs.MakeBox(2, "changes of " + names);
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.info_names = {"exposures"};
  spec.reward = "the flatness of the new Ronchigram";
  if (o.reward_truth) {
    spec.reward = "the angle within which the phase stays below pi/4, mrad";
    spec.needs_ground_truth = true;
    spec.info_names.push_back("flat_mrad");
  }
  return spec;
}

absl::Status ReadRonchigramTuningOptions(const Config& node, RonchigramTuningOptions* o) {
  ConfigReader r(node);
  std::string reward = o->reward_truth ? "truth" : "image";
  double disc_mrad = o->disc_rad * 1e3, exposure_ms = o->exposure_s * 1e3;
  ReadId(&r, kRonchigramTuningId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image", "truth"});
  if (r.ok() && o->level > 1) o->max_episode_steps = o->level == 2 ? 150 : 250;
  r.Integer("pixels", &o->pixels, {.min = 8, .max = 1024});
  r.Number("disc_mrad", &disc_mrad, {.min = 1, .max = 200});
  r.Number("exposure_ms", &exposure_ms, {.min = 1e-3, .max = 1e5});
  r.Number("range_nm", &o->range_nm, {.min = 0.1, .max = 1e5});
  r.Number("range_second_nm", &o->range_second_nm, {.min = 0.1, .max = 1e6});
  r.Number("range_third_nm", &o->range_third_nm, {.min = 0.1, .max = 1e7});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  o->disc_rad = disc_mrad * 1e-3;
  o->exposure_s = exposure_ms * 1e-3;
  o->reward_truth = reward == "truth";
  return r.Done();
}

RonchigramTuning::RonchigramTuning(hw::Instrument* instrument, const RonchigramTuningOptions& o,
                                   size_t binning, double pixel_rad)
    : Task(instrument, RonchigramTuningSpec(o), o.environment, o.randomise),
      options_(o),
      binning_(binning),
      pixel_rad_(pixel_rad),
      knobs_(MakeKnobs(o)) {
  flatness_.reserve(size_t(o.max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<RonchigramTuning>> RonchigramTuning::Create(
    hw::Instrument* instrument, const RonchigramTuningOptions& o) {
  const hw::Description& d = instrument->description();
  if (o.level < 1 || o.level > 3) return absl::InvalidArgumentError("level must be 1, 2 or 3");
  RONCHI_RETURN_IF_ERROR(MakeKnobs(o).Check(d, kRonchigramTuningId));
  RONCHI_ASSIGN_OR_RETURN(const size_t binning,
                          NeedCamera(d, "camera", size_t(o.pixels), kRonchigramTuningId));
  const double pixel_rad = d.FindDetector("camera")->pixel_rad * double(binning);
  if (!(o.disc_rad >= 4 * pixel_rad && o.disc_rad <= pixel_rad * o.pixels / 2)) {
    return absl::InvalidArgumentError(
        absl::StrCat(kRonchigramTuningId, ": a disc of ", o.disc_rad * 1e3,
                     " mrad is not allowed on ", d.id, "; allowed: ", 4e3 * pixel_rad, " … ",
                     500 * pixel_rad * o.pixels, " (four pixels, the edge)"));
  }
  if (o.reward_truth) {
    RONCHI_RETURN_IF_ERROR(NeedGroundTruth(instrument, "reward: truth", kRonchigramTuningId));
    RONCHI_RETURN_IF_ERROR(NeedProperty(d, "beam.energy", kRonchigramTuningId));
  }
  return std::unique_ptr<RonchigramTuning>(new RonchigramTuning(instrument, o, binning, pixel_rad));
}

absl::StatusOr<double> RonchigramTuning::Observe(std::span<float> observation) {
  RONCHI_ASSIGN_OR_RETURN(
      const hw::Reply reply,
      Execute(hw::Expose{
          .camera = "camera", .time_s = options_.exposure_s, .frames = 2, .binning = binning_}));
  if (reply.frames.size() != 2) return absl::InternalError("expected two exposures");
  own_info()[kRonchigramExposures] += 1;
  const Array<float>&a = reply.frames[0].counts, &b = reply.frames[1].counts;
  if (a.size() != size_t(options_.pixels * options_.pixels)) {
    return absl::InternalError("the camera's frames have other pixels than it describes");
  }
  // In the order of the space: flatness, image, settings.
  const double dark = options_.dark_counts * double(binning_ * binning_);
  observation[0] = float(Flatness(a, b, dark, pixel_rad_, options_.disc_rad));
  const std::span<float> image = observation.subspan(1, a.size());
  for (size_t i = 0; i < a.size(); ++i) image[i] = std::clamp(0.5f * (a[i] + b[i]), -1e6f, 1e6f);
  knobs_.Fill(observation.subspan(1 + a.size()));
  flatness_.push_back(double(observation[0]));
  if (!options_.reward_truth) return flatness_.back();
  return own_info()[kFlatAngle] =
             1e3 * theory::FlatAngle_rad(instrument().ground_truth()->Hidden(),
                                         {energy_eV_, options_.disc_rad}, std::numbers::pi / 4);
}

absl::Status RonchigramTuning::Begin(const ResetOptions&, std::span<float> observation) {
  flatness_.clear();
  RONCHI_RETURN_IF_ERROR(knobs_.Begin(run_));
  if (options_.reward_truth) {
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply beam, Execute(hw::Read{{"beam.energy"}}));
    energy_eV_ = beam.readings.at(0).value.si;
  }
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  return Observe(observation).status();
}

absl::StatusOr<Outcome> RonchigramTuning::Act(std::span<const float> action,
                                              std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(knobs_.MoveBy(action, run_));
  RONCHI_ASSIGN_OR_RETURN(const double reward, Observe(observation));
  return Outcome{.reward = reward};
}

absl::StatusOr<Array<uint8_t>> RonchigramTuning::Render() const {
  const size_t n = size_t(options_.pixels);
  const bool few = knobs_.size() <= 3;
  constexpr int kSide = 256;
  Picture picture(few ? 448 : 632, kSide);
  const Rectangle where{0, 0, kSide, kSide};
  picture.Image(where, last_observation().subspan(spec().Offset("image"), n * n), {n, n});
  const int bottom = knobs_.Draw({264, 8, few ? 176 : 360, 0}, &picture);
  picture.Curve({264, bottom + 8, few ? 176 : 360, 240 - bottom}, "flatness", flatness_,
                size_t(options_.max_episode_steps) + 1);
  return picture.Take();
}

nlohmann::json RonchigramTuning::SaveOwn() const {
  return {{"knobs", knobs_.Save()}, {"flatness", flatness_}, {"energy_eV", energy_eV_}};
}

absl::Status RonchigramTuning::RestoreOwn(const nlohmann::json& saved) {
  knobs_.Restore(saved.at("knobs"));
  saved.at("flatness").get_to(flatness_);
  saved.at("energy_eV").get_to(energy_eV_);
  return absl::OkStatus();
}

}  // namespace ronchi::env
