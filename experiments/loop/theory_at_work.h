// Theory at work beside an agent: it sees every scanned image with the settings under which it was
// taken, keeps a belief about the unknowns of its forward model, and says how far an image is from
// what was expected. Which model that is, the recipe says (experiments/catalog/forward_models.h).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/loop/recipe.h"
#include "experiments/loop/streams.h"
#include "experiments/loop/watch.h"
#include "theory/belief/belief.h"

namespace ronchi {

// What theory says has moved between two estimates.
struct Moved {
  std::string attribution;  // the parameter whose change is the most standard deviations of both
                            // estimates together; or "none of these"
  std::vector<double> nm;   // of C10, C12a, C12b; empty: the theory does not know them
};

class TheoryAtWork {
 public:
  // Hears of images by the bus; takes its own through `watch`. Both outlive it. Does what takes
  // long.
  static absl::StatusOr<std::unique_ptr<TheoryAtWork>> Create(const Recipe& recipe, Watch* watch,
                                                              EventBus* bus);

  // The names of what Update gives: "C10", "C12a", …, "unexplained".
  std::vector<std::string> StreamNames() const;
  // Takes the latest image in; how far it was from what was expected, in standard deviations. NaN
  // where no image has come since the last one.
  absl::StatusOr<std::vector<NamedValue>> Update();
  // Images of its own, and an estimate from nothing. In a line: what was found. `affected`: how
  // many of the latest images that were taken in have seen the change that it is about.
  absl::StatusOr<std::string> EstimateAnew(int64_t affected);
  // Between what was believed before the affected images and the last estimate.
  Moved WhatMoved() const;
  // The belief's mean at the settings of the image that is shown: believed_C10_nm …
  std::vector<NamedValue> Believed() const;

  int probing_images() const { return probing_images_; }
  double probing_dose_e_per_A2() const { return probing_dose_e_per_A2_; }
  double image_time_s() const { return shown_.time_s; }
  // The image that Believed tells of from now on: the latest.
  void Show() { shown_ = latest_; }

 private:
  struct Known {
    theory::State mean;
    Eigen::MatrixXd covariance;
  };
  TheoryAtWork(const Recipe& recipe, Watch* watch, EventBus* bus);
  void Saw(const events::Reply& event);
  absl::Status MakeModel(std::span<const theory::Acquisition> own);
  absl::StatusOr<theory::Acquisition> Probe(double c10_nm);
  Known Now() const { return {belief_->mean(), belief_->covariance()}; }
  std::string Found(size_t images) const;

  const TheorySettings settings_;
  Watch* watch_;
  std::optional<theory::Belief> belief_;  // from the first estimate on
  hw::Scan scan_;                         // the task's last
  std::string detector_;                  // of its frames
  theory::Acquisition latest_, shown_;
  bool fresh_ = false;  // the latest image has not been taken in
  std::deque<Known> trail_;  // what was believed before each of the latest images
  Known before_;
  double chi2_per_pixel_ = 0;
  int probing_images_ = 0;
  double probing_dose_e_per_A2_ = 0;
  EventBus::Subscription images_;  // the last member: it goes first
};

// The mean of a scan's frames of its first detector, as theory takes it.
theory::Acquisition ToAcquisition(const hw::Reply& reply,
                                  const std::map<std::string, double>& settings);

}  // namespace ronchi
