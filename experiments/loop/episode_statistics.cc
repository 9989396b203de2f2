#include "experiments/loop/episode_statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/random.h"

namespace ronchi {
namespace {

constexpr int kResamplings = 2000;

// Of a statistic of resampled episodes, given by their numbers.
Interval Resampled(size_t episodes,
                   const std::function<double(const std::vector<size_t>& chosen)>& statistic) {
  std::vector<size_t> chosen(episodes);
  for (size_t i = 0; i < episodes; ++i) chosen[i] = i;
  Interval out{.value = statistic(chosen)};
  std::vector<double> again;
  RandomStream random({.seed = 0, .name = "episodes.bootstrap"});
  for (int r = 0; r < kResamplings; ++r) {
    for (size_t& i : chosen) i = random.Below(episodes);
    again.push_back(statistic(chosen));
  }
  std::sort(again.begin(), again.end());
  out.low = again[size_t(0.025 * kResamplings)];
  out.high = again[size_t(0.975 * kResamplings) - 1];
  return out;
}

std::vector<double> Of(const std::vector<double>& values, const std::vector<size_t>& chosen) {
  std::vector<double> out;
  for (size_t i : chosen) out.push_back(values[i]);
  return out;
}

}  // namespace

MeanAndError MeanOf(const std::vector<double>& values) {
  const double n = double(values.size());
  MeanAndError out;
  for (double v : values) out.mean += v / n;
  if (values.size() < 2) return out;
  double squares = 0;
  for (double v : values) squares += (v - out.mean) * (v - out.mean);
  out.error = std::sqrt(squares / (n - 1) / n);
  return out;
}

double InterquartileMean(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  // Each value fills [i, i + 1) of n; what of it lies in the middle half counts.
  const double n = double(values.size());
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double from = std::max(double(i), n / 4), to = std::min(double(i + 1), 3 * n / 4);
    if (to > from) sum += (to - from) * values[i];
  }
  return sum / (n / 2);
}

Interval InterquartileInterval(const std::vector<double>& values) {
  if (values.empty()) return {};
  return Resampled(values.size(),
                   [&](const auto& chosen) { return InterquartileMean(Of(values, chosen)); });
}

Interval DifferenceInterval(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty()) return {};
  return Resampled(a.size(), [&](const auto& chosen) {
    return InterquartileMean(Of(a, chosen)) - InterquartileMean(Of(b, chosen));
  });
}

Profile ProfileOf(const std::vector<std::vector<double>>& values) {
  constexpr int kThresholds = 10;
  double low = INFINITY, high = -INFINITY;
  for (const auto& agent : values) {
    for (double v : agent) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  Profile out;
  if (!(low <= high)) return out;
  for (int i = 0; i < kThresholds; ++i) {
    out.at_least.push_back(low + (high - low) * i / (kThresholds - 1));
  }
  out.at_least.back() = high;  // without its rounding
  for (const auto& agent : values) {
    out.share.emplace_back();
    for (double t : out.at_least) {
      const auto reach =
          std::count_if(agent.begin(), agent.end(), [&](double v) { return v >= t; });
      out.share.back().push_back(double(reach) / double(agent.size()));
    }
  }
  return out;
}

}  // namespace ronchi
