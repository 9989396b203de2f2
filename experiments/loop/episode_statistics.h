// What many episodes say of an agent, and of two agents in the same episodes, with intervals that
// assume no distribution: interquartile means and bootstrap intervals, as Agarwal, Schwarzer,
// Castro, Courville & Bellemare (NeurIPS 2021, arXiv 2108.13264) ask for.
#pragma once

#include <vector>

namespace ronchi {

// Mean and standard error of the mean, by the sample's own spread; 0 with fewer than two values.
struct MeanAndError {
  double mean = 0, error = 0;
};
MeanAndError MeanOf(const std::vector<double>& values);

// The mean of the middle half; values at its edges count by the part that lies in it. 0 of none.
double InterquartileMean(std::vector<double> values);

struct Interval {
  double value = 0;
  double low = 0, high = 0;  // 95 %
};
// The interquartile mean, and by percentiles of 2,000 resamplings of the episodes. A function of
// the values alone.
Interval InterquartileInterval(const std::vector<double>& values);
// The difference of two agents' interquartile means in the same episodes, a − b: episodes are
// resampled in pairs.
Interval DifferenceInterval(const std::vector<double>& a, const std::vector<double>& b);

// The share of episodes whose value is at least each threshold: ten thresholds from the lowest to
// the highest of all agents' values.
struct Profile {
  std::vector<double> at_least;
  std::vector<std::vector<double>> share;  // [agent][threshold]
};
Profile ProfileOf(const std::vector<std::vector<double>>& values);

}  // namespace ronchi
