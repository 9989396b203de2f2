#include "experiments/loop/theory_at_work.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/quantity.h"

namespace ronchi {
namespace {

constexpr double kNm_per_m = 1e9;
constexpr size_t kLongestTrail = 256;  // images
// The knob that each of the parameters adds to which the settings' origin follows.
constexpr std::array<const char*, 3> kKnobs = {"optics.C10", "optics.C12.a", "optics.C12.b"};

}  // namespace

theory::Acquisition ToAcquisition(const hw::Reply& reply,
                                  const std::map<std::string, double>& settings) {
  theory::Acquisition a;
  a.settings = settings;
  a.time_s = reply.time_s;
  const hw::Frame& first = reply.frames.at(0);
  a.frames = int(std::ranges::count(reply.frames, first.detector, &hw::Frame::detector));
  a.data = Array<float>(first.counts.shape());
  for (const hw::Frame& frame : reply.frames) {
    if (frame.detector != first.detector) continue;
    for (size_t i = 0; i < a.data.size(); ++i) a.data[i] += frame.counts[i] / float(a.frames);
  }
  return a;
}

absl::StatusOr<std::unique_ptr<TheoryAtWork>> TheoryAtWork::Create(const Recipe& recipe,
                                                                   Watch* watch, EventBus* bus) {
  if (const auto& load = recipe.theory->prepared.load) RONCHI_RETURN_IF_ERROR(load());
  return std::unique_ptr<TheoryAtWork>(new TheoryAtWork(recipe, watch, bus));
}

TheoryAtWork::TheoryAtWork(const Recipe& recipe, Watch* watch, EventBus* bus)
    : settings_(*recipe.theory), watch_(watch) {
  images_ = bus->Subscribe([this](const Event& event) {
    if (const auto* reply = std::get_if<events::Reply>(&event)) Saw(*reply);
    return absl::OkStatus();
  });
}

void TheoryAtWork::Saw(const events::Reply& event) {
  const auto* scan = std::get_if<hw::Scan>(event.command);
  if (!scan || event.reply->frames.empty()) return;
  scan_ = *scan;
  detector_ = event.reply->frames[0].detector;
  latest_ = ToAcquisition(*event.reply, *event.settings);
  fresh_ = true;
}

std::vector<std::string> TheoryAtWork::StreamNames() const {
  return theory::StreamsOf(settings_.prepared.parameters);
}

absl::StatusOr<std::vector<NamedValue>> TheoryAtWork::Update() {
  std::vector<NamedValue> out;
  if (!fresh_ || !belief_) {
    for (const std::string& name : StreamNames()) {
      out.push_back({name, std::numeric_limits<double>::quiet_NaN()});
    }
    return out;
  }
  fresh_ = false;
  trail_.push_back(Now());
  if (trail_.size() > kLongestTrail) trail_.pop_front();
  RONCHI_ASSIGN_OR_RETURN(const theory::Residual residual, belief_->Update(latest_));
  for (const auto& [name, z] : residual.streams) out.push_back({name, z});
  return out;
}

absl::Status TheoryAtWork::MakeModel(std::span<const theory::Acquisition> own) {
  const hw::DetectorInfo* detector = watch_->description().FindDetector(detector_);
  RONCHI_ASSIGN_OR_RETURN(
      auto model, settings_.prepared.make(scan_, detector ? *detector : hw::DetectorInfo{}, own));
  belief_.emplace(std::move(model));
  return absl::OkStatus();
}

// An image of theory's own, with C10 changed by c10_nm for the moment.
absl::StatusOr<theory::Acquisition> TheoryAtWork::Probe(double c10_nm) {
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

std::string TheoryAtWork::Found(size_t images) const {
  std::vector<std::string> values;
  const theory::State at = belief_->values();
  for (size_t i = 0; i < belief_->parameters().size(); ++i) {
    const theory::Parameter& p = belief_->parameters()[i];
    const bool told = settings_.prepared.followed.empty()
                          ? p.watched
                          : std::ranges::count(settings_.prepared.followed, p.name) > 0;
    if (!told) continue;
    values.push_back(absl::StrFormat("%s %.2f%s", belief_->parameters().Label(i), at[long(i)],
                                     p.unit.empty() ? "" : " " + p.unit));
  }
  return absl::StrFormat("estimate from %u images: %s, chi2/pixel %.3f", images,
                         absl::StrJoin(values, ", "), chi2_per_pixel_);
}

absl::StatusOr<std::string> TheoryAtWork::EstimateAnew(int64_t affected) {
  const PreparedTheory& prepared = settings_.prepared;
  if (!belief_ && !prepared.made_of_images) RONCHI_RETURN_IF_ERROR(MakeModel({}));
  if (belief_) {
    // Images that have seen a change have moved the belief, and not to where the change went.
    const size_t back = std::min(size_t(std::max<int64_t>(affected, 0)), trail_.size());
    before_ = back == 0 ? Now() : trail_[trail_.size() - back];
  }
  trail_.clear();
  std::vector<theory::Acquisition> images;
  for (double part : prepared.own_images) {
    RONCHI_ASSIGN_OR_RETURN(theory::Acquisition a, Probe(part * settings_.probe_defocus_nm));
    images.push_back(std::move(a));
  }
  fresh_ = false;  // what these have shown is known
  if (prepared.made_of_images) {
    const bool first = !belief_;
    RONCHI_RETURN_IF_ERROR(MakeModel(images));
    if (first) before_ = Now();
  }
  RONCHI_ASSIGN_OR_RETURN(const theory::Belief::FitSummary fit, belief_->Fit(images));
  chi2_per_pixel_ = fit.chi2_per_datum;
  return Found(images.size());
}

Moved TheoryAtWork::WhatMoved() const {
  Moved out{.attribution = "none of these"};
  const theory::State& after = belief_->mean();
  const theory::ParameterSet& parameters = belief_->parameters();
  for (const std::string& name : settings_.prepared.followed) {
    const auto i = long(*parameters.Find(name));
    out.nm.push_back(after[i] - before_.mean[i]);
  }
  // A fit that leaves a quarter more than noise has not found what happened.
  if (chi2_per_pixel_ > 1.25) return out;
  double most = 0;
  for (long p = 0; p < after.size(); ++p) {
    const theory::Parameter& parameter = parameters[size_t(p)];
    if (!parameter.watched || parameter.anywhere) continue;  // a specimen that drifts is no news
    const double variance = belief_->covariance()(p, p) + before_.covariance(p, p);
    const double size = std::fabs(after[p] - before_.mean[p]) / std::sqrt(variance);
    if (size <= most) continue;
    most = size;
    out.attribution = parameters.Label(size_t(p));
  }
  return out;
}

std::vector<NamedValue> TheoryAtWork::Believed() const {
  std::vector<NamedValue> out;
  const std::vector<std::string>& followed = settings_.prepared.followed;
  for (size_t i = 0; belief_ && i < followed.size(); ++i) {
    out.push_back({absl::StrCat("believed_", followed[i]),
                   belief_->Value(followed[i]) + shown_.Setting(kKnobs[i]) * kNm_per_m});
  }
  return out;
}

}  // namespace ronchi
