// What a monitor is fed with, by name. One frame is a step of the task or an episode of it:
//   reward                   of the step
//   return, length           of the episode; the logarithm of its number of steps
//   action, action.norm      its numbers; its length
//   <entry>                  of the observation, its numbers (at most 12 of them): contrast, shift
//   … <entry>.mean, .sd        of all its numbers <entry>.centroid         mean index of a row of
//   numbers, weighted by them: of a spectrum <entry>.norm             length as a vector
//   info.<name>              what info() holds
//   <any of a step>.change   since the row before: of a stream that wanders, only jumps are left
//   innovations              of theory: what an image says against its prediction, by parameter
// With `rows: episode` what belongs to a step is averaged over the episode, and info is the last.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "env/environment.h"
#include "experiments/loop/events.h"

namespace ronchi {

// An observation of so many numbers is shown and watched number by number: an aberration function
// to third order.
inline constexpr size_t kMostNumbers = 12;

class Streams {
 public:
  // InvalidArgument: a name that the task does not have, with those it has.
  static absl::StatusOr<Streams> Create(const std::vector<std::string>& names,
                                        const env::Spec& spec, bool per_episode);
  bool wants_innovations() const { return innovations_; }
  // The names of all values, without theory's.
  const std::vector<std::string>& names() const { return expanded_; }

  void BeginEpisode();
  // After every step; NaN where there is nothing.
  std::vector<NamedValue> Step(const env::Observation& observation, std::span<const float> action,
                               double reward, const env::Info& info);
  // After the last step of an episode: the means, and what belongs to episodes alone.
  std::vector<NamedValue> EndEpisode() const;

 private:
  struct Item {
    std::string name;
    enum class Kind { kReward, kReturn, kLength, kAction, kEntry, kInfo } kind = Kind::kReward;
    std::string key;      // of the entry or of info
    std::string summary;  // "", "mean", "sd", "centroid", "norm"
    size_t index = 0;     // of the number, where there are several
    bool change = false;  // since the row before
  };
  static absl::StatusOr<std::vector<Item>> ItemsOf(const std::string& name, const env::Spec& spec,
                                                   bool per_episode);
  static double Of(const Item& item, const env::Observation& observation,
                   std::span<const float> action, double reward, const env::Info& info);
  std::vector<Item> items_;
  std::vector<std::string> expanded_;
  bool innovations_ = false;
  std::vector<double> sums_, last_, before_;
  double return_ = 0;
  int steps_ = 0;
};

}  // namespace ronchi
