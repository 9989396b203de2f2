// The unknowns of a theory, chosen at run time: what they are called, what is known of them before
// anything is measured, and how they move between acquisitions.
//
// Values are in each parameter's unit. A belief works in coordinates, in which it is Gaussian: the
// value itself, or its logarithm for what must stay positive. Prior, walk and jitter are of the
// coordinate (of a logarithm: relative changes).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ronchi::theory {

// One number a parameter, in the set's order: values, or coordinates where it is said.
using State = Eigen::VectorXd;

enum class Transform { kNone, kLog };

struct Parameter {
  // That of the hidden number or the instrument's property which it is, with its unit: "C12a_nm",
  // "current_ratio", "drift_x_A_per_s".
  std::string name;
  std::string unit;   // "nm"; empty: a plain number
  std::string label;  // of its stream of residuals and in reports, "C12a"; empty: the name
  Transform transform = Transform::kNone;
  double mean = 0;    // a priori; a value
  double sigma = 1;   // a priori, standard deviation
  double walk = 0;    // of its random walk, after one second
  double jitter = 0;  // from one acquisition to the next, white
  // A rate: the name of the parameter that grows by this one every second.
  std::string rate_of;
  // No value is likelier than another, as of a place on a lattice: sigma bounds what is not known,
  // and pulls nowhere.
  bool anywhere = false;
  // A fit starts from a grid over ±sigma with about this spacing (a coordinate); 0: from the mean.
  double search_step = 0;
  // One acquisition shows it, whatever the others are: it has a stream of residuals of its own.
  bool watched = true;
};

class ParameterSet {
 public:
  ParameterSet() = default;
  // InvalidArgument: none, a name that is empty or twice there, a number out of range, a rate of a
  // parameter that is not there, of a rate, or with a transform.
  static absl::StatusOr<ParameterSet> Create(std::vector<Parameter> parameters);

  size_t size() const { return all_.size(); }
  const Parameter& operator[](size_t i) const { return all_[i]; }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  const std::string& Label(size_t i) const;
  std::optional<size_t> Find(std::string_view name) const;
  // Of a rate: the parameter that it moves.
  std::optional<size_t> Moved(size_t rate) const { return moved_[rate]; }

  // Coordinates a priori.
  State PriorMean() const;
  State PriorSigma() const;
  State ToValues(const State& coordinates) const;
  // InvalidArgument: another length, a value that has no coordinate.
  absl::StatusOr<State> ToCoordinates(const State& values) const;
  // ∂value/∂coordinate.
  State Slopes(const State& coordinates) const;
  // [n, n]: where coordinates stand `seconds` later if nothing but the rates moves them.
  Eigen::MatrixXd Propagator(double seconds) const;

 private:
  std::vector<Parameter> all_;
  std::vector<std::optional<size_t>> moved_;
};

}  // namespace ronchi::theory
