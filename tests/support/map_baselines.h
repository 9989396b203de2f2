// Ways to act on AdaptiveScan-v0 and SpectrumSearch-v0 without learning, and their figures over
// episodes: for statistical tests and for the tables in docs/environments.
#pragma once

#include <boost/random/sobol.hpp>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "env/environment.h"

namespace ronchi::testing_support {

using Flat = std::vector<float>;
// The action for an observation; `step` counts from 0 in its episode.
using Act =
    std::function<Flat(const env::Spec&, const Flat& observation, uint64_t episode, int step)>;

struct Grid {
  size_t rows, columns;
  Flat Action(size_t pixel) const {  // its middle
    const float x = (float(pixel % columns) + 0.5f) / float(columns);
    const float y = (float(pixel / columns) + 0.5f) / float(rows);
    return {2 * x - 1, 2 * y - 1};
  }
};
inline Grid GridOf(const env::Spec& spec) {
  const auto& shape = spec.observation_space.at("mask").shape;
  return {shape[0], shape[1]};
}
inline const float* Entry(const env::Spec& spec, const Flat& observation, const char* name) {
  return observation.data() + spec.Offset(name);
}

inline Flat RandomAct(const env::Spec&, const Flat&, uint64_t episode, int step) {
  RandomStream r({.seed = 1, .name = "test.act", .episode = episode, .step = uint64_t(step)});
  return {float(r.Uniform(-1, 1)), float(r.Uniform(-1, 1))};
}
// Sobol's sequence; every episode takes the same points.
inline Flat SobolAct(const env::Spec&, const Flat&, uint64_t, int step) {
  boost::random::sobol sobol(2);
  sobol.discard(2 * (uintmax_t(step) + 1));
  const auto next = [&] {
    return float(2 * (double(sobol()) - double(sobol.min())) / (double(sobol.max()) + 1) - 1);
  };
  const float x = next(), y = next();
  return {x, y};
}
// Lines of a square grid that has as many points as there are steps, or a few more.
inline Flat RasterAct(const env::Spec& spec, const Flat&, uint64_t, int step) {
  const int side = int(std::ceil(std::sqrt(double(spec.max_episode_steps))));
  const auto at = [&](int i) { return float(2 * (double(i) + 0.5) / side - 1); };
  return {at(step % side), at(step / side)};
}

// Distance to the nearest pixel of the mask, by two passes of a 3-4 chamfer over three.
inline std::vector<float> DistanceTo(const float* mask, const Grid& g) {
  std::vector<float> d(g.rows * g.columns);
  for (size_t i = 0; i < d.size(); ++i) d[i] = mask[i] > 0 ? 0.0f : 1e6f;
  const int rows = int(g.rows), columns = int(g.columns);
  const auto pass = [&](int r, int c, int sign) {
    float& here = d[size_t(r) * g.columns + size_t(c)];
    for (const auto& [dr, dc, cost] :
         {std::tuple{-1, 0, 1.0f}, {0, -1, 1.0f}, {-1, -1, 4.0f / 3}, {-1, 1, 4.0f / 3}}) {
      const int r2 = r + sign * dr, c2 = c + sign * dc;
      if (r2 < 0 || c2 < 0 || r2 >= rows || c2 >= columns) continue;
      here = std::min(here, d[size_t(r2) * g.columns + size_t(c2)] + cost);
    }
  };
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) pass(r, c, 1);
  for (int r = rows - 1; r >= 0; --r)
    for (int c = columns - 1; c >= 0; --c) pass(r, c, -1);
  return d;
}
inline std::vector<float> GradientOf(const float* image, const Grid& g) {
  std::vector<float> out(g.rows * g.columns);
  const auto at = [&](int r, int c) {
    r = std::clamp(r, 0, int(g.rows) - 1), c = std::clamp(c, 0, int(g.columns) - 1);
    return image[size_t(r) * g.columns + size_t(c)];
  };
  for (int r = 0; r < int(g.rows); ++r) {
    for (int c = 0; c < int(g.columns); ++c) {
      out[size_t(r) * g.columns + size_t(c)] =
          std::hypot(at(r, c + 1) - at(r, c - 1), at(r + 1, c) - at(r - 1, c)) / 2;
    }
  }
  return out;
}

// Where the reconstruction is steep and the nearest reading far.
inline Flat GreedyGradientAct(const env::Spec& spec, const Flat& o, uint64_t, int) {
  const Grid g = GridOf(spec);
  const auto distance = DistanceTo(Entry(spec, o, "mask"), g);
  const auto gradient = GradientOf(Entry(spec, o, "reconstruction"), g);
  // A gradient of 0.01 in flat parts: there the farthest pixel is next.
  size_t best = 0;
  float largest = -1;
  for (size_t i = 0; i < distance.size(); ++i) {
    const float score = (gradient[i] + 0.01f) * distance[i] * distance[i];
    if (score > largest) largest = score, best = i;
  }
  return g.Action(best);
}

// First the steepest pixels of the overview, some pixels apart; then what is next to the best
// score.
inline Flat EdgesThenClimbAct(const env::Spec& spec, const Flat& o, uint64_t, int step) {
  const Grid g = GridOf(spec);
  const float *mask = Entry(spec, o, "mask"), *scores = Entry(spec, o, "scores");
  const auto distance = DistanceTo(mask, g);
  if (step < spec.max_episode_steps / 2) {
    const auto gradient = GradientOf(Entry(spec, o, "image"), g);
    size_t best = 0;
    float largest = -1;
    for (size_t i = 0; i < gradient.size(); ++i) {
      const float score = gradient[i] * std::min(distance[i], 4.0f);
      if (mask[i] == 0 && score > largest) largest = score, best = i;
    }
    return g.Action(best);
  }
  // The unmeasured neighbour, within two pixels, of the best score that has one.
  size_t best = 0;
  float largest = -1e9f;
  for (size_t i = 0; i < g.rows * g.columns; ++i) {
    if (mask[i] == 0) continue;
    for (int dr = -2; dr <= 2; ++dr) {
      for (int dc = -2; dc <= 2; ++dc) {
        const int r = int(i / g.columns) + dr, c = int(i % g.columns) + dc;
        if (r < 0 || c < 0 || r >= int(g.rows) || c >= int(g.columns)) continue;
        const size_t j = size_t(r) * g.columns + size_t(c);
        const float score = scores[i] - 1e-3f * float(dr * dr + dc * dc);
        if (mask[j] == 0 && score > largest) largest = score, best = j;
      }
    }
  }
  return g.Action(best);
}

struct Mean {
  double mean = 0, error = 0;  // standard error
};
inline Mean MeanOf(const std::vector<double>& v) {
  Mean m;
  for (double x : v) m.mean += x / double(v.size());
  double s = 0;
  for (double x : v) s += (x - m.mean) * (x - m.mean);
  m.error = std::sqrt(s / double(v.size() - 1) / double(v.size()));
  return m;
}

struct Episodes {
  std::vector<double> returns;
  std::vector<std::vector<double>> infos;  // at the end of each
};
inline Episodes RunEpisodes(env::Environment* e, const Act& act, int n, uint64_t seed = 1) {
  Episodes out;
  Flat o(e->spec().observation_size());
  for (int episode = 0; episode < n; ++episode) {
    const absl::Status begun =
        e->ResetInto(episode ? std::nullopt : std::optional<uint64_t>(seed), {}, o);
    RONCHI_CHECK(begun.ok());
    double sum = 0;
    for (int step = 0;; ++step) {
      const auto outcome = e->StepInto(act(e->spec(), o, uint64_t(episode), step), o);
      RONCHI_CHECK(outcome.ok());
      sum += outcome->reward;
      if (outcome->terminated || outcome->truncated) break;
    }
    out.returns.push_back(sum);
    out.infos.emplace_back(e->info().begin(), e->info().end());
  }
  return out;
}

}  // namespace ronchi::testing_support
