// AtomMove-v0: move a silicon atom in graphene to a given site with the beam of a STEM, after
// Schwarzer et al., arXiv:2311.17894 (2023); docs/environments/AtomMove-v0.md.
//
//   observation  goal        [2]     from the silicon to the goal, Å
//                neighbours  [3, 2]  from the silicon to its three neighbours, Å
//                silicon     [2]     in the field of view, from its middle, Å
//                time        [1]     of the episode, s
//     or, with `observation: image`, goal, silicon, time and
//                image       [n, n]  counts of the image that the analysis was made of
//   action       [2]  where the beam goes, from the silicon, Å; with `dwell: action` [3], and how
//                     long it stays there, s
//   reward       0.9967^t at the goal, t the seconds since the first image; else 0
//   terminated   at the goal (within half a bond of it);  truncated: after timeout_s
//
// A step parks the beam, then has the atoms measured; a silicon that has left the middle half of
// the field costs another image around it. Positions come from the instrument's measurement
// "atoms" alone, the goal's from counting sites (env/sheet_tracker.h): nothing needs ground truth.
#pragma once

#include <memory>

#include "core/config.h"
#include "env/sheet_tracker.h"
#include "env/task.h"

namespace ronchi::env {

// Of graphene, Å; the largest displacement along each axis.
constexpr double kAtomMoveReach_A = 1.42;

struct AtomMoveOptions {
  double fov_low_A = 15, fov_high_A = 30;     // a side of the field, drawn at Reset
  double goal_low_A = 0.1, goal_high_A = 50;  // distance of goals, which lie in the first field
  bool dwell_is_action = false;
  double dwell_s = 1.5;                      // of every step …
  double dwell_low_s = 1, dwell_high_s = 5;  // … or between these
  int image_pixels = 0;                      // a side of `image`; 0: neighbours instead
  double timeout_s = 600;
  double discount_per_s = 0.9967;  // 0.99 each 3 s
  bool randomise = true;           // a twin's hidden state is drawn anew at Reset
  uint64_t environment = 0;        // index in a vector of environments
};

class AtomMove final : public Task {
 public:
  // The instrument is borrowed and outlives the environment. InvalidArgument: it cannot park or
  // measure "atoms", or the options contradict each other.
  static absl::StatusOr<std::unique_ptr<AtomMove>> Create(hw::Instrument* instrument,
                                                          const AtomMoveOptions& options);
  // The sheet as it has been made out, the silicon, the goal, where the beam was; the distance.
  absl::StatusOr<Array<uint8_t>> Render() const override;
  enum Own : size_t { kImages, kDistance_A, kRecentred, kMoves, kSuccess };  // of own_info()

 private:
  AtomMove(hw::Instrument* instrument, const AtomMoveOptions& options);
  absl::Status Begin(const ResetOptions& options, std::span<float> observation) override;
  absl::StatusOr<Outcome> Act(std::span<const float> action, std::span<float> observation) override;
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  // Measures around centre_A_, and again where that does not do; seen_ and image_ are what is seen.
  absl::Status Look();
  absl::StatusOr<bool> Measure(double fov_A);  // was the silicon in the field?
  absl::Status Keep(hw::Reply* reply);
  absl::Status ChooseGoal(double highest_A);
  void Observe(std::span<float> observation);

  const AtomMoveOptions options_;
  hw::Command park_, measure_;  // made once: a step allocates nothing of its own
  double fov_A_ = 0;
  Vector2 centre_A_{}, seen_from_A_{};  // middles of the field to come and of the last image
  SeenAtoms seen_;
  Array<float> image_;
  SheetTracker tracker_;
  SheetTracker::Site goal_;
  Vector2 beam_A_{};
  std::vector<double> distances_A_;  // of the goal, one a look
  double began_s_ = 0;
};

Spec AtomMoveSpec(const AtomMoveOptions& options);
// The seeds by which policies are compared: 0 … count − 1 of environment 0, for the counts 10, 100
// and 1000 of the published suites "tiny", "small" and "medium".
std::vector<uint64_t> AtomMoveSuite(size_t count);
// The keys of a config's `task`. `level` belongs to the instrument and is only read here.
absl::Status ReadAtomMoveOptions(const Config& node, AtomMoveOptions* options, int* level);

}  // namespace ronchi::env
