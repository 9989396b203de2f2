// CorrectorTuning-v0: bring a probe's aberrations to nothing by what the corrector's own software
// measures of them. docs/environments/CorrectorTuning-v0.md has the figures.
//
//   level        1 to 3, which knobs there are: env/aberration_knobs.h
//   observation  measured  [knobs]  coefficients as they were measured last, nm
//                settings  [knobs]  commanded coefficients relative to the start, nm
//                angle     [1]      up to which all that was measured stays below π/4 of phase,
//                mrad
//   action       [knobs]  changes of the settings, nm; the settings are kept inside ± their ranges
//   reward       min(0, angle/target − 1) of the new measurement
//   terminated   when two measurements in a row reach the target, or as `confirm` says; 0: never
//   truncated    after max_episode_steps
//
// The info's surprise_rad is the rms phase over an aperture of the target's angle of what was
// measured and not foreseen: beyond what was measured before and done since.
//
// A measurement that fails leaves `measured` as it was and makes the angle 0: too far off to be
// measured. As many in a row as `failures` says are an error.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "env/aberration_knobs.h"
#include "env/kinds.h"
#include "env/needs.h"
#include "env/picture.h"
#include "env/task.h"
#include "env/versions.h"
#include "theory/laws/phase_error.h"

namespace ronchi::env {
namespace {

const std::string kCorrectorTuningId = "CorrectorTuning-v0";
enum : size_t { kMeasurements = 0, kFailures = 1, kSurprise_rad = 2 };  // of info
constexpr double kMeasuredRanges = 4;  // of `measured`, in ranges of the settings
constexpr double kLargestAngle_mrad = 80;

struct CorrectorTuningOptions {
  int level = 1;
  double target_mrad = 20;
  double range_nm = 30;          // of C10 and C12
  double range_second_nm = 300;  // of C21 and C23
  double range_third_nm = 6000;  // of C30, C32, C34
  int confirm = 2;
  int failures = 3;
  int max_episode_steps = 20;
  double reward_threshold = 0;
  TaskPlace place;
};

Knobs MakeCorrectorKnobs(const CorrectorTuningOptions& o) {
  return MakeAberrationKnobs(o.level, {o.range_nm, o.range_second_nm, o.range_third_nm});
}

Spec CorrectorTuningSpec(const CorrectorTuningOptions& o) {
  const Knobs knobs = MakeCorrectorKnobs(o);
  const std::string names = AberrationNames(o.level);
  Spec spec;
  spec.id = kCorrectorTuningId;
  spec.summary = "bring measured " + names + " of a probe to nothing";
  spec.observation_space["angle"] = {
      {1}, 0, float(kLargestAngle_mrad), "mrad", "where the phase reaches pi/4, as measured"};
  spec.observation_space["measured"] =
      knobs.MakeBox(kMeasuredRanges, names + " as they were measured last");
  spec.observation_space["settings"] =
      knobs.MakeBox(1, "commanded " + names + " relative to the start");
  spec.action_space = knobs.MakeBox(2, "changes of " + names);
  spec.max_episode_steps = o.max_episode_steps;
  spec.reward_threshold = o.reward_threshold;
  spec.reward = "by how much the angle misses the target, as a share of it";
  spec.info_names = {"measurements", "failures", "surprise_rad"};
  return spec;
}

absl::Status ReadCorrectorTuningOptions(const Config& node, CorrectorTuningOptions* o) {
  ConfigReader r(node);
  std::string reward = "image";
  ReadId(&r, kCorrectorTuningId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  r.Choice("reward", &reward, {"image"});
  r.Number("target_mrad", &o->target_mrad, {.min = 1, .max = kLargestAngle_mrad});
  r.Number("range_nm", &o->range_nm, {.min = 0.1, .max = 1e4});
  r.Number("range_second_nm", &o->range_second_nm, {.min = 0.1, .max = 1e6});
  r.Number("range_third_nm", &o->range_third_nm, {.min = 0.1, .max = 1e8});
  r.Integer("confirm", &o->confirm, {.min = 0, .max = 1000000});
  r.Integer("failures", &o->failures, {.min = 1, .max = 1000000});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 1, .max = 1000000});
  return r.Done();
}

class CorrectorTuning final : public Task {
 public:
  CorrectorTuning(hw::Instrument* instrument, const CorrectorTuningOptions& o)
      : Task(instrument, CorrectorTuningSpec(o), o.place.index, o.place.randomise),
        options_(o),
        knobs_(MakeCorrectorKnobs(o)) {
    angles_.reserve(size_t(o.max_episode_steps) + 1);
  }

  absl::StatusOr<Array<uint8_t>> Render() const override {
    const bool few = knobs_.size() <= 3;
    Picture picture(few ? 320 : 480, 256);
    const int bottom = knobs_.Draw({8, 8, few ? 304 : 464, 0}, &picture);
    picture.Curve({8, bottom + 8, few ? 304 : 464, 240 - bottom}, "angle", angles_,
                  size_t(options_.max_episode_steps) + 1);
    return picture.Take();
  }

 private:
  static constexpr double kNanometre = 1e-9;

  // The angle; 0 where the measurement failed.
  absl::StatusOr<double> Look() {
    // A guard blanks after what failed.
    if (failures_ > 0) RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
    const absl::StatusOr<hw::Reply> reply = Execute(hw::Measure{"aberrations"});
    own_info()[kMeasurements] += 1;
    if (!reply.ok()) {
      const hw::ErrorKind kind = hw::ErrorOf(reply.status()).kind;
      const bool failed = kind == hw::ErrorKind::kHardware || kind == hw::ErrorKind::kTimeout;
      if (!failed || ++failures_ >= options_.failures) return reply.status();
      own_info()[kFailures] += 1;
      return 0;
    }
    failures_ = 0;
    if (reply->estimates.size() != 1) return absl::InternalError("the measurement has no estimate");
    return Take(reply->estimates[0]);
  }

  absl::StatusOr<double> Take(const hw::Estimate& e) {
    theory::Coefficients all, unforeseen;
    std::vector<double> measured(knobs_.size(), std::nan(""));
    for (size_t i = 0; i < e.names.size() && i < e.values.size(); ++i) {
      const double nm = e.values[i].si / kNanometre;
      std::string name = e.names[i];
      for (size_t k = 0; k < knobs_.size(); ++k) {
        if (knobs_.property(k) == "optics." + name) measured[k] = nm;
      }
      all[Named(name)] = nm;
    }
    for (size_t k = 0; k < measured.size(); ++k) {
      if (!std::isfinite(measured[k])) {
        return absl::InternalError("the measurement lacks " + knobs_.property(k));
      }
      const double foreseen = expected_.empty() ? measured[k] : expected_[k];
      unforeseen[Named(knobs_.property(k).substr(sizeof("optics.") - 1))] = measured[k] - foreseen;
    }
    own_info()[kSurprise_rad] =
        theory::RmsPhaseError_rad(unforeseen, {energy_eV_, options_.target_mrad * 1e-3});
    measured_ = expected_ = std::move(measured);
    return 1e3 * theory::FlatAngle_rad(all, {energy_eV_, kLargestAngle_mrad * 1e-3},
                                       std::numbers::pi / 4);
  }
  // "C12.a": as theory has it.
  static std::string Named(std::string name) {
    std::erase(name, '.');
    return "total_" + name + "_nm";
  }

  void Fill(double angle, std::span<float> observation) const {
    observation[spec().Offset("angle")] = float(angle);
    const std::span<float> measured = observation.subspan(spec().Offset("measured"), knobs_.size());
    const Box box = knobs_.MakeBox(kMeasuredRanges, "");
    for (size_t k = 0; k < measured.size(); ++k) {
      measured[k] = std::clamp(float(measured_[k]), box.Low(k), box.High(k));
    }
    knobs_.Fill(observation.subspan(spec().Offset("settings"), knobs_.size()));
  }

  absl::Status Begin(const ResetOptions&, std::span<float> observation) override {
    RONCHI_RETURN_IF_ERROR(knobs_.Begin(run_));
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply beam, Execute(hw::Read{{"beam.energy"}}));
    energy_eV_ = beam.readings.at(0).value.si;
    RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
    measured_.clear();
    expected_.clear();
    failures_ = 0;
    double angle = 0;
    do {
      RONCHI_ASSIGN_OR_RETURN(angle, Look());
    } while (measured_.empty());
    angles_ = {angle};
    reached_ = angle >= options_.target_mrad;
    Fill(angle, observation);
    return absl::OkStatus();
  }

  absl::StatusOr<Outcome> Act(std::span<const float> action,
                              std::span<float> observation) override {
    std::vector<double> before(knobs_.relative().begin(), knobs_.relative().end());
    RONCHI_RETURN_IF_ERROR(knobs_.MoveBy(action, run_));
    for (size_t k = 0; k < before.size(); ++k) expected_[k] += knobs_.relative()[k] - before[k];
    RONCHI_ASSIGN_OR_RETURN(const double angle, Look());
    reached_ = angle >= options_.target_mrad ? reached_ + 1 : 0;
    angles_.push_back(angle);
    Fill(angle, observation);
    return Outcome{.reward = std::min(0.0, angle / options_.target_mrad - 1),
                   .terminated = options_.confirm > 0 && reached_ >= options_.confirm};
  }

  nlohmann::json SaveOwn() const override {
    return {{"knobs", knobs_.Save()}, {"measured", measured_},   {"expected", expected_},
            {"angles", angles_},      {"energy_eV", energy_eV_}, {"failures", failures_},
            {"reached", reached_}};
  }
  absl::Status RestoreOwn(const nlohmann::json& saved) override {
    knobs_.Restore(saved.at("knobs"));
    saved.at("measured").get_to(measured_);
    saved.at("expected").get_to(expected_);
    saved.at("angles").get_to(angles_);
    saved.at("energy_eV").get_to(energy_eV_);
    saved.at("failures").get_to(failures_);
    saved.at("reached").get_to(reached_);
    return absl::OkStatus();
  }

  const CorrectorTuningOptions options_;
  const Knobs::Run run_ = [this](const hw::Command& command) { return Execute(command); };
  Knobs knobs_;
  double energy_eV_ = 0;
  int failures_ = 0, reached_ = 0;  // in a row
  std::vector<double> measured_;    // nm
  std::vector<double> expected_;    // nm; what was measured, and what was done since
  std::vector<double> angles_;      // mrad, of this episode
};

absl::StatusOr<std::unique_ptr<Environment>> MakeCorrectorTuning(hw::Instrument* instrument,
                                                                 const CorrectorTuningOptions& o) {
  const hw::Description& d = instrument->description();
  if (d.FindMeasurement("aberrations") == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(kCorrectorTuningId, " needs a measurement 'aberrations', which ", d.id,
                     " lacks; a twin has it with measurements: {present: true}"));
  }
  RONCHI_RETURN_IF_ERROR(MakeCorrectorKnobs(o).Check(d, kCorrectorTuningId));
  RONCHI_RETURN_IF_ERROR(NeedProperty(d, "beam.energy", kCorrectorTuningId));
  return std::make_unique<CorrectorTuning>(instrument, o);
}

absl::StatusOr<TaskMaker> PrepareCorrectorTuning(const Config& task, double solved_at) {
  CorrectorTuningOptions options;
  options.reward_threshold = solved_at;
  RONCHI_RETURN_IF_ERROR(ReadCorrectorTuningOptions(task, &options));
  return TaskMaker([options](hw::Instrument* instrument, const TaskPlace& place) {
    CorrectorTuningOptions own = options;
    own.place = place;
    if (place.max_episode_steps > 0) own.max_episode_steps = place.max_episode_steps;
    return MakeCorrectorTuning(instrument, own);
  });
}

}  // namespace

TaskKind CorrectorTuningTask() { return {CorrectorTuningSpec({}), PrepareCorrectorTuning}; }

}  // namespace ronchi::env
