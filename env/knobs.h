// The knobs of a tuning task: properties of the instrument, seen as changes from where they stood
// when the episode began, kept inside ± a range of their own.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "env/picture.h"
#include "env/space.h"
#include "hw/instrument/instrument.h"

namespace ronchi::env {

// What people and agents see the knobs in.
struct KnobUnit {
  std::string name;
  Dimension dimension;
  double si, per_si;  // SI of one, and one over that: products both ways are exact to the bit
};
inline const KnobUnit kNanometreKnobs = {"nm", Dimension::kLength, 1e-9, 1e9};
inline const KnobUnit kMilliradianKnobs = {"mrad", Dimension::kAngle, 1e-3, 1e3};

struct Knob {
  std::string property;  // "optics.C12.a"
  double range = 0;
  std::string key;  // of the task, that says how large: "range_nm"
};

class Knobs {
 public:
  // How a task carries out a command (Task::Execute).
  using Run = std::function<absl::StatusOr<hw::Reply>(const hw::Command&)>;

  Knobs(std::vector<Knob> knobs, KnobUnit unit);
  // InvalidArgument, in the task's name: a property that cannot be set, or not over ± its range.
  absl::Status Check(const hw::Description& description, const std::string& task) const;

  // The start of an episode: where they stand is their origin.
  absl::Status Begin(const Run& run);
  // Drives every knob that is to move, one after the other, clipped to the range. What is kept is
  // the value read back.
  absl::Status MoveBy(std::span<const float> change, const Run& run);
  // Moves the origin of the first knobs, and the instrument with it. InvalidArgument: more numbers
  // than there are knobs.
  absl::Status ShiftOrigin(std::span<const double> change, const Run& run);

  size_t size() const { return knobs_.size(); }
  const std::string& property(size_t i) const { return knobs_[i].property; }
  std::span<const double> relative() const { return relative_; }
  double Absolute(size_t i) const { return origin_[i] + relative_[i]; }
  void Fill(std::span<float> settings) const;  // clipped to the range: the space's entry
  // ± so many of their ranges: 1 for the settings, 2 for a change from end to end.
  Box MakeBox(double ranges, std::string meaning) const;

  // "C12a nm".
  std::string Label(size_t i) const;
  // A bar for each below the top of `where`, in two columns when there are more than three;
  // returns the lowest pixel used.
  int Draw(const Rectangle& where, Picture* picture) const;

  nlohmann::json Save() const;
  void Restore(const nlohmann::json& saved);  // throws as nlohmann::json does

 private:
  absl::Status Drive(std::span<const double> relative, const Run& run);

  const std::vector<Knob> knobs_;
  const KnobUnit unit_;
  std::vector<double> origin_, relative_;
};

}  // namespace ronchi::env
