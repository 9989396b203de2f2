// An analytic stand-in for tuning aberrations: knobs with a hidden optimum, a noisy contrast that
// falls to half at `half_width_nm` from it, weak side rings and a flat background. Deterministic in
// (seed, index, episode, step). What only a test may know is public.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agents/learner.h"
#include "core/random.h"
#include "env/environment.h"

namespace ronchi::agents {

struct ToyOptions {
  size_t dimension = 3;
  double half_width_nm = 5;
  double noise = 0.03;           // of the peak's height
  double optimum_range_nm = 10;  // the optimum lies within ±this in every knob
  int max_steps = 60;
  size_t image_pixels = 0;      // 0: no "image"
  bool hide_contrast = false;   // "contrast" is then always 0; the reward stays
  bool end_at_optimum = false;  // terminates at 0.95 of the peak
  double action_nm = 24;        // the largest change
};

class ToyEnvironment : public env::Environment {
 public:
  static constexpr double kPeak = 0.2;

  ToyEnvironment(const ToyOptions& options, uint64_t index) : options_(options), index_(index) {
    spec_.id = "Toy-v0";
    const size_t d = options.dimension;
    spec_.observation_space["contrast"] = {{1}, -1e3f, 1e3f, "", "contrast"};
    spec_.observation_space["settings"] = {{d}, -12, 12, "nm", "settings"};
    if (options.image_pixels > 0) {
      spec_.observation_space["image"] = {
          {options.image_pixels, options.image_pixels}, 0, 1e9f, "counts", "image"};
    }
    spec_.action_space = {{d}, float(-options.action_nm), float(options.action_nm), "nm", "change"};
    spec_.max_episode_steps = options.max_steps;
  }

  const env::Spec& spec() const override { return spec_; }

  absl::Status ResetInto(std::optional<uint64_t> seed, const env::ResetOptions&,
                         std::span<float> observation) override {
    if (seed) {
      seed_ = *seed;
      episode_ = 0;
    } else {
      ++episode_;
    }
    RandomStream stream(
        {.seed = seed_, .name = "toy.optimum", .environment = index_, .episode = episode_});
    optimum_.resize(options_.dimension);
    for (double& o : optimum_) {
      o = stream.Uniform(-options_.optimum_range_nm, options_.optimum_range_nm);
    }
    settings_.assign(options_.dimension, 0.0f);
    step_ = 0;
    running_ = true;
    Observe(observation);
    return absl::OkStatus();
  }

  absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                        std::span<float> observation) override {
    if (!running_) return absl::FailedPreconditionError("Step before Reset or after the end");
    RONCHI_RETURN_IF_ERROR(env::CheckAction(spec_.action_space, action));
    for (size_t i = 0; i < settings_.size(); ++i) {
      settings_[i] = std::clamp(settings_[i] + action[i], -12.0f, 12.0f);
    }
    ++step_;
    Observe(observation);
    env::Outcome result;
    result.reward = NoisyContrast();
    result.terminated = options_.end_at_optimum && Contrast() >= 0.95 * kPeak;
    result.truncated = !result.terminated && step_ >= options_.max_steps;
    running_ = !result.terminated && !result.truncated;
    return result;
  }
  std::span<const double> info() const override { return {}; }

  // Without noise, at the present settings; at most kPeak.
  double Contrast() const {
    double q = 0;  // squared distance in half-widths
    for (size_t i = 0; i < settings_.size(); ++i) {
      q += std::pow((settings_[i] - optimum_[i]) / options_.half_width_nm, 2);
    }
    const double ring = 0.04 * (1 - std::cos(2.5 * std::sqrt(q))) * std::exp(-0.3 * q);
    return kPeak * (0.96 * std::exp(-std::log(2.0) * q) + ring + 0.04 * std::exp(-0.05 * q));
  }
  const std::vector<double>& optimum() const { return optimum_; }
  const std::vector<float>& settings() const { return settings_; }

 private:
  RandomStream NoiseStream(const char* name) const {
    return RandomStream({.seed = seed_,
                         .name = name,
                         .environment = index_,
                         .episode = episode_,
                         .step = uint64_t(step_)});
  }
  double NoisyContrast() const {
    return Contrast() + kPeak * options_.noise * NoiseStream("toy.noise").Normal();
  }
  void Observe(std::span<float> observation) const {
    observation[0] = options_.hide_contrast ? 0 : float(NoisyContrast());
    RandomStream phases = NoiseStream("toy.phases");
    if (options_.image_pixels > 0) {
      const Array<float> image = Lattice(phases);
      std::copy(image.begin(), image.end(), observation.begin() + 1);
    }
    std::copy(settings_.begin(), settings_.end(),
              observation.end() - std::ptrdiff_t(settings_.size()));
  }

  // Fringes of a random phase whose contrast var/mean² is the noiseless one.
  Array<float> Lattice(RandomStream& stream) const {
    const size_t n = options_.image_pixels;
    const double amplitude = std::sqrt(2 * std::max(0.0, Contrast()));
    const double px = stream.Uniform(0, 6.28), py = stream.Uniform(0, 6.28);
    Array<float> image({n, n});
    for (size_t y = 0; y < n; ++y) {
      for (size_t x = 0; x < n; ++x) {
        const double wave = std::sin(0.8 * double(x) + px) + std::sin(0.8 * double(y) + py);
        image(y, x) = float(std::max(0.0, 100 * (1 + amplitude * wave / 1.4142)));
      }
    }
    return image;
  }

  const ToyOptions options_;
  const uint64_t index_;
  env::Spec spec_;
  uint64_t seed_ = 0, episode_ = 0;
  int step_ = 0;
  bool running_ = false;
  std::vector<double> optimum_;
  std::vector<float> settings_;
};

inline EnvironmentFactory ToyFactory(const ToyOptions& options) {
  return [options](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<ToyEnvironment>(options, index);
  };
}

// Runs one whole episode; the mean reward. The environment stands at its last settings afterwards.
inline double RunToyEpisode(ToyEnvironment& environment, Policy& policy,
                            std::optional<uint64_t> seed) {
  policy.Reset(seed.value_or(0));
  env::Observation observation = environment.Reset(seed)->observation;
  double sum = 0;
  int steps = 0;
  for (bool done = false; !done;) {
    const absl::StatusOr<Action> action = policy.Act(observation);
    RONCHI_CHECK(action.ok());
    absl::StatusOr<env::StepResult> step = environment.Step(*action);
    RONCHI_CHECK(step.ok());
    sum += step->reward;
    ++steps;
    observation = std::move(step->observation);
    done = step->terminated || step->truncated;
  }
  return sum / steps;
}

// Episodes, of seeds 1000 …, that end at 0.95 of the peak or above.
inline int ToySuccesses(Policy& policy, int seeds) {
  int good = 0;
  ToyEnvironment environment(ToyOptions{}, 0);
  for (int seed = 0; seed < seeds; ++seed) {
    RunToyEpisode(environment, policy, 1000 + uint64_t(seed));
    const bool success = environment.Contrast() >= 0.95 * ToyEnvironment::kPeak;
    if (!success) {
      std::printf("seed %d ends at %.3f of the peak\n", seed,
                  environment.Contrast() / ToyEnvironment::kPeak);
    }
    good += success;
  }
  return good;
}

}  // namespace ronchi::agents
