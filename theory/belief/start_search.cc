#include "theory/belief/start_search.h"

#include <algorithm>
#include <cmath>

namespace ronchi::theory {
namespace {

struct Axis {
  Eigen::Index parameter;
  double range;
  int half;  // points on either side of the middle
};

std::vector<Axis> AxesOf(const ParameterSet& parameters) {
  std::vector<Axis> axes;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = parameters[i];
    if (p.search_step <= 0) continue;
    axes.push_back({Eigen::Index(i), p.sigma, int(std::ceil(p.sigma / p.search_step))});
  }
  return axes;
}

struct Candidate {
  double match;
  State coordinates;
};

}  // namespace

std::vector<State> SearchStarts(const ForwardModel& model,
                                std::span<const Acquisition> acquisitions, const State& center,
                                size_t count) {
  const ParameterSet& parameters = model.parameters();
  const std::vector<Axis> axes = AxesOf(parameters);
  const ForwardModel::Match match = model.MakeMatch(acquisitions);
  std::vector<Candidate> all;
  std::vector<int> at;
  for (const Axis& axis : axes) at.push_back(-axis.half);
  for (bool more = true; more;) {
    State start = center;
    for (size_t i = 0; i < axes.size(); ++i) {
      start[axes[i].parameter] += at[i] * axes[i].range / std::max(1, axes[i].half);
    }
    State values = parameters.ToValues(start);
    const double score = match(&values);
    // A place that the model cannot judge is no start.
    if (const auto found = parameters.ToCoordinates(values); found.ok() && !std::isnan(score)) {
      all.push_back({score, *found});
    }
    // The next point of the grid, the last axis fastest.
    more = false;
    for (size_t i = axes.size(); i-- > 0 && !more;) {
      more = at[i] < axes[i].half;
      at[i] = more ? at[i] + 1 : -axes[i].half;
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.match > b.match; });
  std::vector<State> starts;
  for (size_t i = 0; i < std::min(count, all.size()); ++i) starts.push_back(all[i].coordinates);
  return starts;
}

}  // namespace ronchi::theory
