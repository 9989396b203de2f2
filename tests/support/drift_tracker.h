// Two classical ways to hold a site in DriftLock-v1.
#pragma once

#include <algorithm>
#include <array>
#include <memory>

#include "tests/support/episodes.h"

namespace ronchi::testing_support {

// Goes where the last image saw the site.
inline Actor Following(const env::Spec& spec) {
  return {.act = [box = spec.action_space](const env::Observation& o) {
    std::vector<float> action(2);
    for (size_t i : {0, 1}) {
      action[i] = std::clamp(o.at("shift")[i], box.Low(i), box.High(i));
    }
    return action;
  }};
}

// Goes where the site will be: an α-β filter of its path. β = α²/(2 − α) (Benedict & Bordner, IRE
// Trans. Autom. Control 7, 27 (1962)); during the first images α falls from 1 as in a fit of a
// line.
inline Actor Predicting(const env::Spec& spec, double alpha = 0.6) {
  struct State {
    int images = 0;
    std::array<double, 2> place{}, velocity{};
    double time_s = 0;
  };
  auto state = std::make_shared<State>();
  return {.begin = [state](uint64_t) { *state = {}; },
          .act =
              [state, alpha, box = spec.action_space](const env::Observation& o) {
                State& s = *state;
                const double n = ++s.images, dt = o.at("time")[0] - s.time_s;
                s.time_s = o.at("time")[0];
                std::vector<float> action(2);
                const double a = std::max(alpha, 2 * (2 * n - 1) / (n * (n + 1)));
                const double b = n < 2 ? 0 : std::max(a * a / (2 - a), 6 / (n * (n + 1)));
                for (size_t i : {0, 1}) {
                  const double seen = double(o.at("center")[i]) + double(o.at("shift")[i]);
                  const double miss = seen - (s.place[i] + s.velocity[i] * dt);
                  s.place[i] += s.velocity[i] * dt + std::min(1.0, a) * miss;
                  if (dt > 0) s.velocity[i] += std::min(1.0, b) * miss / dt;
                  // The first image says nothing of the way; the next step is as long as the last.
                  const double there = s.place[i] + s.velocity[i] * dt - double(o.at("center")[i]);
                  action[i] = std::clamp(float(there), box.Low(i), box.High(i));
                }
                return action;
              }};
}

}  // namespace ronchi::testing_support
