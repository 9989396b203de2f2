// Rows of a trace from what a task shows, whatever the task: its image, its numbers, where the
// instrument's settings stand and, for the report alone, what a simulation knows to be true.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "env/environment.h"
#include "experiments/loop/events.h"
#include "experiments/loop/trace.h"
#include "experiments/loop/watch.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi {

// The name of the entry that is shown as the task's image: "image", "reconstruction", else the
// first of two dimensions; "" where there is none.
std::string ImageEntry(const env::DictSpace& space);

// Columns: time_s, dose_e_per_A2, reward, the entries of the observation of up to 12 numbers (but
// not the settings, which come from the instrument), what else info() holds as info_<name>,
// action_<i>. `action`: empty at the start of an episode.
void PutStep(const env::Spec& spec, const env::Observation& observation, const env::Info& info,
             std::span<const float> action, double reward, Trace* trace);

// Where the writable properties stand that have been read or set, as columns: C10_nm …
std::vector<NamedValue> SettingColumns(const Watch& watch);

// What only a simulation knows: true_<setting> where its hidden numbers have the total of one, and
// true_ratio, the task's figure of merit over the best attainable, of a task that has one.
class TruthColumns {
 public:
  // `truth` may be null: then there are none.
  TruthColumns(hw::GroundTruth* truth, const env::Spec& spec);
  std::vector<NamedValue> Values(const Watch& watch) const;
  // true_ratio now.
  std::optional<double> Ratio() const;

 private:
  hw::GroundTruth* truth_;
  const std::string figure_;
  double best_ = 0;  // 0: there is no such figure
};

}  // namespace ronchi
