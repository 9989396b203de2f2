#include "experiments/loop/column_theory.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "env/aberration_tuning.h"
#include "hw/twin/column/image_model.h"
#include "theory/forward/scanned_crystal.h"

namespace ronchi {
namespace {

constexpr double kNm_per_m = 1e9;
// What the settings' origin follows, by parameter; the knob that each adds to.
constexpr std::array<const char*, 3> kFollowed = {"C10_nm", "C12a_nm", "C12b_nm"};
constexpr std::array<const char*, 3> kKnobs = {"optics.C10", "optics.C12.a", "optics.C12.b"};

absl::StatusOr<std::shared_ptr<const theory::ForwardModel>> MakeForwardModel(
    const TheorySettings& settings, const env::AberrationTuningOptions& task) {
  // Theory knows the column's data sheet and the specimen, not the hidden numbers.
  const hw::TwinOptions& o = settings.column;
  RONCHI_ASSIGN_OR_RETURN(const auto images, hw::MakeImageModel(o));
  RONCHI_ASSIGN_OR_RETURN(theory::ParameterSet parameters,
                          theory::ScannedCrystalParameters(settings.prior, images->cell_A()));
  return theory::ScannedCrystal::Create(
      {.images = images,
       .fov_A = task.fov_A,
       .pixels = size_t(task.pixels),
       .electrons_per_pixel = o.nominal_current_A * task.dwell_s / kElementaryCharge_C,
       .counting = {.counts_per_electron = o.counts_per_electron, .dark_counts = o.dark_counts}},
      std::move(parameters));
}

}  // namespace

theory::Acquisition ToAcquisition(const hw::Reply& reply,
                                  const std::map<std::string, double>& settings) {
  theory::Acquisition a;
  a.settings = settings;
  a.time_s = reply.time_s;
  a.frames = int(reply.frames.size());
  a.data = Array<float>(reply.frames.at(0).counts.shape());
  for (const hw::Frame& frame : reply.frames) {
    for (size_t i = 0; i < a.data.size(); ++i) {
      a.data[i] += frame.counts[i] / float(reply.frames.size());
    }
  }
  return a;
}

absl::StatusOr<std::unique_ptr<ColumnTheory>> ColumnTheory::Create(const Recipe& recipe,
                                                                   Watch* watch) {
  env::AberrationTuningOptions task;
  RONCHI_RETURN_IF_ERROR(env::ReadAberrationTuningOptions(recipe.task, &task));
  RONCHI_ASSIGN_OR_RETURN(auto model, MakeForwardModel(*recipe.theory, task));
  return std::unique_ptr<ColumnTheory>(new ColumnTheory(recipe, watch, std::move(model)));
}

ColumnTheory::ColumnTheory(const Recipe& recipe, Watch* watch,
                           std::shared_ptr<const theory::ForwardModel> model)
    : settings_(*recipe.theory),
      watch_(watch),
      belief_(std::move(model)),
      before_(belief_.mean()),
      before_covariance_(belief_.covariance()) {
  watch_->set_listener(
      [this](const hw::Command& command, const hw::Reply& reply) { Saw(command, reply); });
}

void ColumnTheory::Saw(const hw::Command& command, const hw::Reply& reply) {
  const auto* scan = std::get_if<hw::Scan>(&command);
  if (!scan || reply.frames.empty()) return;
  scan_ = *scan;
  latest_ = ToAcquisition(reply, watch_->settings());
}

std::vector<std::string> ColumnTheory::StreamNames() const {
  return theory::StreamsOf(belief_.parameters());
}

absl::StatusOr<std::vector<StreamValue>> ColumnTheory::Update() {
  RONCHI_ASSIGN_OR_RETURN(const theory::Residual residual, belief_.Update(latest_));
  std::vector<StreamValue> out;
  for (const auto& [name, z] : residual.streams) out.push_back({name, z});
  return out;
}

// An image of theory's own, with C10 changed by c10_nm for the moment.
absl::StatusOr<theory::Acquisition> ColumnTheory::Probe(double c10_nm) {
  const auto stands = watch_->settings().find(kKnobs[0]);
  const double stands_nm = stands == watch_->settings().end() ? 0 : stands->second * 1e9;
  const auto set = [&](double value_nm) {
    return watch_->Execute(hw::Set{kKnobs[0], Nanometres(value_nm)}).status();
  };
  if (c10_nm != 0) RONCHI_RETURN_IF_ERROR(set(stands_nm + c10_nm));
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, watch_->Execute(hw::Scan(scan_)));
  probing_dose_e_per_A2_ += reply.dose_e_per_m2 * 1e-20;
  ++probing_images_;
  const theory::Acquisition image = latest_;
  if (c10_nm != 0) RONCHI_RETURN_IF_ERROR(set(stands_nm));
  return image;
}

// Three images at −, 0, + defocus tell the column's state with its sign.
absl::StatusOr<std::string> ColumnTheory::EstimateAnew() {
  before_ = belief_.mean();
  before_covariance_ = belief_.covariance();
  std::vector<theory::Acquisition> images;
  for (double sign : {-1.0, 0.0, 1.0}) {
    RONCHI_ASSIGN_OR_RETURN(theory::Acquisition a, Probe(sign * settings_.probe_defocus_nm));
    images.push_back(std::move(a));
  }
  RONCHI_ASSIGN_OR_RETURN(const theory::Belief::FitSummary fit, belief_.Fit(images));
  chi2_per_pixel_ = fit.chi2_per_datum;
  return absl::StrFormat(
      "estimate from 3 images: C10 %.2f nm, C12a %.2f nm, C12b %.2f nm, chi2/pixel %.3f",
      belief_.Value(kFollowed[0]), belief_.Value(kFollowed[1]), belief_.Value(kFollowed[2]),
      chi2_per_pixel_);
}

Moved ColumnTheory::WhatMoved() const {
  Moved out{.attribution = "none of these"};
  const theory::State& after = belief_.mean();
  const theory::ParameterSet& parameters = belief_.parameters();
  for (const char* name : kFollowed) {
    const auto i = long(*parameters.Find(name));
    out.nm.push_back(after[i] - before_[i]);
  }
  // A fit that leaves a quarter more than noise has not found what happened.
  if (chi2_per_pixel_ > 1.25) return out;
  double most = 0;
  for (long p = 0; p < after.size(); ++p) {
    const theory::Parameter& parameter = parameters[size_t(p)];
    if (!parameter.watched || parameter.anywhere) continue;  // a specimen that drifts is no news
    const double variance = belief_.covariance()(p, p) + before_covariance_(p, p);
    const double size = std::fabs(after[p] - before_[p]) / std::sqrt(variance);
    if (size <= most) continue;
    most = size;
    out.attribution = parameters.Label(size_t(p));
  }
  return out;
}

void ColumnTheory::Put(Trace* trace) const {
  for (size_t i = 0; i < 3; ++i) {
    trace->Put(absl::StrCat("believed_", kFollowed[i]),
               belief_.Value(kFollowed[i]) + shown_.Setting(kKnobs[i]) * kNm_per_m);
  }
}

}  // namespace ronchi
