// Theory at work beside an agent: it sees every scanned image with the settings under which it was
// taken, keeps a belief about the column, and says how far an image is from what was expected.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/loop/recipe.h"
#include "experiments/loop/streams.h"
#include "experiments/loop/trace.h"
#include "experiments/loop/watch.h"
#include "theory/belief.h"

namespace ronchi {

// What theory says has moved between two estimates.
struct Moved {
  std::string attribution;  // the parameter whose change is the most standard deviations of both
                            // estimates together; or "none of these"
  std::vector<double> nm;   // of C10, C12a, C12b
};

class ColumnTheory {
 public:
  // Follows what passes through `watch`, which outlives it. The field of the images is the task's.
  static absl::StatusOr<std::unique_ptr<ColumnTheory>> Create(const Recipe& recipe, Watch* watch);

  // The names of what Update gives: "C10", "C12a", …, "unexplained".
  std::vector<std::string> StreamNames() const;
  // Takes the latest image in; how far it was from what was expected, in standard deviations.
  std::vector<StreamValue> Update();
  // Three images of its own, C10 by −, 0, + the recipe's probe_defocus_nm, and an estimate from
  // nothing. In a line: what was found.
  absl::StatusOr<std::string> EstimateAnew();
  // Since the estimate before the last one.
  Moved WhatMoved() const;
  // The belief's mean at the settings of the latest image: believed_C10_nm …
  void Put(Trace* trace) const;

  int probing_images() const { return probing_images_; }
  double probing_dose_e_per_A2() const { return probing_dose_e_per_A2_; }
  double image_time_s() const { return shown_.time_s; }
  // The image that the next Put tells of: the latest.
  void Show() { shown_ = latest_; }

 private:
  ColumnTheory(const Recipe& recipe, Watch* watch, theory::ColumnModel model);
  void Saw(const hw::Command& command, const hw::Reply& reply);
  absl::StatusOr<theory::Acquisition> Probe(double c10_nm);

  const TheorySettings settings_;
  Watch* watch_;
  theory::Belief belief_;
  hw::Scan scan_;  // the task's last
  theory::Acquisition latest_, shown_;
  theory::State before_;
  theory::Belief::Covariance before_covariance_;
  double chi2_per_pixel_ = 0;
  int probing_images_ = 0;
  double probing_dose_e_per_A2_ = 0;
};

// The mean of a scan's HAADF frames as theory takes it.
theory::Acquisition ToAcquisition(const hw::Reply& reply, const std::array<double, 3>& settings_A);

}  // namespace ronchi
