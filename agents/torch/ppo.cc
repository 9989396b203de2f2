#include "agents/torch/ppo.h"

#include <dlfcn.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/policy_file.h"
#include "agents/spaces.h"
#include "agents/torch/experience.h"
#include "agents/torch/features.h"
#include "agents/torch/rollout.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "core/random.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using torch::Tensor;

// ---- libtorch's edges: exceptions, threads.

// The one place where libtorch's exceptions become a Status (nlohmann's are LoadPolicy's).
template <class F>
auto CatchTorch(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const nlohmann::json::exception&) {
    throw;
  } catch (const c10::Error& e) {
    return absl::InternalError(absl::StrCat("libtorch: ", e.what_without_backtrace()));
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("libtorch: ", e.what()));
  }
}

// Small networks lose more by waking threads than they gain; and one thread gives one order of
// sums. OpenBLAS keeps threads of its own, which libtorch does not reach.
void UseOneThread() {
  static std::once_flag once;
  std::call_once(once, [] {
    at::set_num_threads(1);
    using SetThreads = void (*)(int);
    if (void* symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) {
      reinterpret_cast<SetThreads>(symbol)(1);
    }
  });
}

// ---- The network: rows of FeatureLayout in, one vector a row out.

// Orthogonal (Saxe et al. 2014), from a stream of our own: libtorch's global generator is not used.
void InitializeOrthogonal(Tensor weight, double gain, RandomStream& stream) {
  const int64_t rows = weight.size(0), columns = weight.numel() / rows;
  Tensor normal = torch::empty({std::max(rows, columns), std::min(rows, columns)});
  float* values = normal.data_ptr<float>();
  for (int64_t i = 0; i < normal.numel(); ++i) values[i] = float(stream.Normal());
  auto [q, r] = torch::linalg_qr(normal, "reduced");
  q = q * r.diagonal().sign();  // uniform over orthogonal matrices (Mezzadri 2007)
  if (rows < columns) q = q.t();
  weight.copy_(gain * q.reshape(weight.sizes()));
}

struct NetworkImpl : torch::nn::Module {
  NetworkImpl(const FeatureLayout& layout, size_t hidden, size_t outputs, double output_gain,
              RandomStream stream)
      : layout_(layout) {
    torch::NoGradGuard no_gradient;
    int64_t width = int64_t(layout.vector_size());
    auto add = [&](const std::string& name, auto module, double gain) {
      InitializeOrthogonal(module->weight, gain, stream);
      module->bias.zero_();
      return register_module(name, module);
    };
    const double relu_gain = std::sqrt(2.0);
    for (size_t i = 0; i < layout.images().size(); ++i) {
      using torch::nn::Conv2d, torch::nn::Conv2dOptions;
      const std::string name = absl::StrCat("image", i);
      first_.push_back(
          add(name + "a", Conv2d(Conv2dOptions(2, 16, 5).stride(3).padding(2)), relu_gain));
      second_.push_back(
          add(name + "b", Conv2d(Conv2dOptions(16, 32, 3).stride(2).padding(1)), relu_gain));
      width += 32;
    }
    using torch::nn::Linear;
    below_ = add("below", Linear(width, int64_t(hidden)), std::sqrt(2.0));
    above_ = add("above", Linear(int64_t(hidden), int64_t(hidden)), std::sqrt(2.0));
    output_ = add("output", Linear(int64_t(hidden), int64_t(outputs)), output_gain);
  }

  // [n, row_size] → [n, outputs]
  Tensor forward(const Tensor& rows) {
    std::vector<Tensor> parts = {rows.narrow(1, 0, int64_t(layout_.vector_size()))};
    for (size_t i = 0; i < layout_.images().size(); ++i) {
      const FeatureLayout::Image& image = layout_.images()[i];
      const int64_t h = int64_t(image.height), w = int64_t(image.width);
      Tensor x = rows.narrow(1, int64_t(image.offset), 2 * h * w).reshape({-1, 2, h, w});
      x = torch::relu(second_[i]->forward(torch::relu(first_[i]->forward(x))));
      parts.push_back(x.mean({2, 3}));  // where the lattice stands must not matter
    }
    Tensor x = torch::cat(parts, 1);
    return output_->forward(torch::tanh(above_->forward(torch::tanh(below_->forward(x)))));
  }

  FeatureLayout layout_;
  std::vector<torch::nn::Conv2d> first_, second_;
  torch::nn::Linear below_{nullptr}, above_{nullptr}, output_{nullptr};
};
TORCH_MODULE(Network);

struct ActorCriticImpl : torch::nn::Module {
  ActorCriticImpl(const FeatureLayout& layout, size_t hidden, double initial_log_std,
                  uint64_t seed) {
    actor =
        register_module("actor", Network(layout, hidden, layout.action_size(), 0.01,
                                         RandomStream({.seed = seed, .name = "agents.ppo.actor"})));
    critic = register_module(
        "critic",
        Network(layout, hidden, 1, 1.0, RandomStream({.seed = seed, .name = "agents.ppo.critic"})));
    log_std = register_parameter("log_std",
                                 torch::full({int64_t(layout.action_size())}, initial_log_std));
  }
  // log density of `actions` [n, a] → [n]
  Tensor LogProbability(const Tensor& mean, const Tensor& actions) const {
    const Tensor z = (actions - mean) / log_std.exp();
    return (-0.5 * z.square() - log_std - 0.5 * std::log(2 * M_PI)).sum(1);
  }
  Network actor{nullptr}, critic{nullptr};
  Tensor log_std;
};
TORCH_MODULE(ActorCritic);

// A view, not a copy: `values` must outlive the tensor.
Tensor View(std::vector<float>& values, std::vector<int64_t> shape) {
  return torch::from_blob(values.data(), shape, torch::kFloat32);
}
std::vector<float> ToVector(const Tensor& tensor) {
  const Tensor t = tensor.detach().contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

// ---- The policy.

class PpoPolicy : public Policy {
 public:
  PpoPolicy(const env::DictSpace& observation_space, const env::Box& action_space,
            const FeatureLayout& layout, size_t hidden, RunningMoments moments, ActorCritic network)
      : observation_space_(observation_space),
        action_space_(action_space),
        layout_(layout),
        hidden_(hidden),
        moments_(std::move(moments)),
        network_(std::move(network)),
        memory_(layout) {}

  std::string kind() const override { return "ppo"; }
  void Reset(uint64_t) override { memory_.Begin(); }  // acts by the mean: nothing is random

  absl::StatusOr<Action> Act(const env::Observation& observation) override {
    RONCHI_RETURN_IF_ERROR(CheckObservation(observation_space_, observation));
    return CatchTorch([&]() -> absl::StatusOr<Action> {
      torch::NoGradGuard no_gradient;
      std::vector<float> row = memory_.Observe(observation);
      moments_.Normalise(std::span(row).first(moments_.size()), kNormaliseEpsilon, kNormaliseClip);
      const Tensor mean = network_->actor->forward(View(row, {1, int64_t(row.size())}));
      const std::vector<float> unit_action = ToVector(mean);
      memory_.SetAction(unit_action);
      return ScaleAction(action_space_, unit_action);
    });
  }

  nlohmann::json ToJson() const override {
    nlohmann::json weights = nlohmann::json::object();
    for (const auto& item : network_->named_parameters()) {
      weights[item.key()] = FloatsToJson(ToVector(item.value()));
    }
    return {{"observation_space", DictSpaceToJson(observation_space_)},
            {"action_space", BoxToJson(action_space_)},
            {"hidden", hidden_},
            {"normalisation", moments_.ToJson()},
            {"weights", weights}};
  }

  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json) {
    UseOneThread();
    return CatchTorch([&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
      const env::DictSpace observations = DictSpaceFromJson(json.at("observation_space"));
      const env::Box actions = BoxFromJson(json.at("action_space"));
      RONCHI_ASSIGN_OR_RETURN(const FeatureLayout layout,
                              FeatureLayout::Create(observations, actions));
      RunningMoments moments(layout.vector_size());
      if (!moments.FromJson(json.at("normalisation"))) {
        return absl::InvalidArgumentError("the normalisation does not fit the spaces");
      }
      const size_t hidden = json.at("hidden").get<size_t>();
      // A network is no larger than the weights that are there for it (base64: 4 characters for 3
      // bytes), which is looked at before it is made.
      double floats = 0;
      for (const auto& [name, text] : json.at("weights").items()) {
        floats += double(text.get<std::string>().size()) * 3 / 4 / sizeof(float);
      }
      const double least = double(hidden) * double(layout.vector_size() + hidden);
      if (hidden == 0 || least > floats) {
        return absl::InvalidArgumentError(absl::StrCat("policy.hidden: ", hidden, " units need ",
                                                       least, " weights or more; the file holds ",
                                                       floats));
      }
      ActorCritic network(layout, hidden, 0.0, 0);
      torch::NoGradGuard no_gradient;
      for (auto& item : network->named_parameters()) {
        Tensor& parameter = item.value();
        absl::StatusOr<std::vector<float>> read =
            FloatsFromJson(json.at("weights").at(item.key()), size_t(parameter.numel()));
        if (!read.ok()) return Annotate(read.status(), "policy.weights." + item.key());
        std::vector<float>& values = *read;
        parameter.copy_(View(values, parameter.sizes().vec()));
      }
      return std::make_unique<PpoPolicy>(observations, actions, layout, hidden, std::move(moments),
                                         network);
    });
  }

 private:
  const env::DictSpace observation_space_;
  const env::Box action_space_;
  const FeatureLayout layout_;
  const size_t hidden_;
  const RunningMoments moments_;
  mutable ActorCritic network_;
  EpisodeFeatures memory_;
};

// ---- The algorithm.

// Experience as the updates see it.
struct Batch {
  Tensor rows, actions, log_probabilities, values, advantages, returns;
};

Batch MakeBatch(Experience e, const FeatureLayout& layout) {
  const int64_t n = int64_t(e.values.size());
  Batch batch;
  batch.rows = View(e.rows, {n, int64_t(layout.row_size())}).clone();
  batch.actions = View(e.actions, {n, int64_t(layout.action_size())}).clone();
  batch.log_probabilities = View(e.log_probabilities, {n}).clone();
  batch.values = View(e.values, {n}).clone();
  batch.advantages = View(e.advantages, {n}).clone();
  batch.returns = batch.advantages + batch.values;
  return batch;
}

class PpoTraining {
 public:
  PpoTraining(const PpoOptions& options, uint64_t seed, Rollout rollout)
      : options_(options),
        rollout_(std::move(rollout)),
        network_(rollout_.layout(), options.hidden, options.initial_log_std, seed),
        noise_({.seed = seed, .name = "agents.ppo.actions"}),
        shuffle_({.seed = seed, .name = "agents.ppo.minibatches"}) {}

  absl::StatusOr<Trained> Run() {
    torch::optim::Adam adam(network_->parameters(),
                            torch::optim::AdamOptions(options_.learning_rate).eps(1e-5));
    const int64_t per_update = int64_t(options_.rollout_steps * options_.environments);
    const int64_t updates = TrainedSteps(options_) / per_update;
    TrainingSummary summary{.steps_asked = options_.total_steps};
    Progress progress("ppo", size_t(updates));
    for (int64_t update = 0; update < updates && !Interrupted(); ++update) {
      const double left = 1 - double(update) / double(updates);
      for (auto& group : adam.param_groups()) group.options().set_lr(left * options_.learning_rate);
      RONCHI_RETURN_IF_ERROR(Collect());
      if (Interrupted()) break;  // half a rollout is not learned from
      Update(adam, MakeBatch(JoinTracks(rollout_.Tracks(), options_.gamma, options_.lambda),
                             rollout_.layout()));
      if (const auto point = rollout_.TakePoint()) summary.curve.push_back(*point);
      progress.Tick(1, summary.curve.empty()
                           ? ""
                           : absl::StrFormat("return %.3g", summary.curve.back().mean_return));
    }
    summary.steps = rollout_.steps();
    summary.episodes = rollout_.episodes();
    summary.interrupted = Interrupted();
    return Trained{.policy = std::make_unique<PpoPolicy>(
                       rollout_.spec().observation_space, rollout_.spec().action_space,
                       rollout_.layout(), options_.hidden, rollout_.moments(), network_),
                   .summary = std::move(summary)};
  }

 private:
  absl::Status Collect() {
    torch::NoGradGuard no_gradient;
    return rollout_.Collect(
        options_.rollout_steps, [this](std::vector<float>& rows) { return Choose(rows); },
        [this](std::vector<float>& row) {
          return network_->critic->forward(View(row, {1, int64_t(row.size())})).item<float>();
        });
  }

  // An action of each environment, drawn from the policy.
  Rollout::Choice Choose(std::vector<float>& rows) {
    const int64_t width = int64_t(rollout_.layout().row_size());
    const Tensor x = View(rows, {int64_t(rows.size()) / width, width});
    const Tensor mean = network_->actor->forward(x);
    Tensor noise = torch::empty_like(mean);
    for (int64_t i = 0; i < noise.numel(); ++i) noise.data_ptr<float>()[i] = float(noise_.Normal());
    const Tensor actions = mean + noise * network_->log_std.exp();
    return {.actions = ToVector(actions),
            .log_probabilities = ToVector(network_->LogProbability(mean, actions)),
            .values = ToVector(network_->critic->forward(x))};
  }

  void Update(torch::optim::Adam& adam, const Batch& batch) {
    std::vector<int64_t> order(size_t(batch.values.size(0)));
    std::iota(order.begin(), order.end(), 0);
    const size_t size =
        (order.size() + size_t(options_.minibatches) - 1) / size_t(options_.minibatches);
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[shuffle_.Below(i)]);
      for (size_t begin = 0; begin < order.size(); begin += size) {
        const size_t count = std::min(size, order.size() - begin);
        const Tensor picked =
            torch::from_blob(order.data() + begin, {int64_t(count)}, torch::kInt64);
        adam.zero_grad();
        Loss(batch, picked).backward();
        torch::nn::utils::clip_grad_norm_(network_->parameters(), options_.max_gradient_norm);
        adam.step();
      }
    }
  }

  // The clipped surrogate objective (Schulman et al. 2017, eq. 7 and 9), as a loss.
  Tensor Loss(const Batch& batch, const Tensor& picked) {
    auto pick = [&](const Tensor& all) { return all.index_select(0, picked); };
    const Tensor rows = pick(batch.rows);
    const Tensor mean = network_->actor->forward(rows);
    const Tensor log_ratio =
        network_->LogProbability(mean, pick(batch.actions)) - pick(batch.log_probabilities);
    const Tensor ratio = log_ratio.exp();
    Tensor advantages = pick(batch.advantages);
    advantages = (advantages - advantages.mean()) / (advantages.std(/*unbiased=*/false) + 1e-8);
    const double c = options_.ratio_clip;
    const Tensor policy_loss =
        -torch::min(advantages * ratio, advantages * ratio.clamp(1 - c, 1 + c)).mean();

    const Tensor value = network_->critic->forward(rows).squeeze(1);
    const Tensor old = pick(batch.values), target = pick(batch.returns);
    const Tensor clipped = old + (value - old).clamp(-options_.value_clip, options_.value_clip);
    const Tensor value_loss =
        0.5 * torch::max((value - target).square(), (clipped - target).square()).mean();

    const Tensor entropy = network_->log_std.sum();  // of a Gaussian, up to a constant
    return policy_loss + options_.value_weight * value_loss - options_.entropy_weight * entropy;
  }

  const PpoOptions options_;
  Rollout rollout_;
  ActorCritic network_;
  RandomStream noise_, shuffle_;
};

class PpoLearner : public Learner {
 public:
  explicit PpoLearner(const PpoOptions& options) : options_(options) {}
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed) override {
    RONCHI_RETURN_IF_ERROR(CheckPpoOptions(options_));
    UseOneThread();
    return CatchTorch([&]() -> absl::StatusOr<Trained> {
      RONCHI_ASSIGN_OR_RETURN(Rollout rollout,
                              Rollout::Create(make, options_.environments, options_.gamma, seed));
      return PpoTraining(options_, seed, std::move(rollout)).Run();
    });
  }

 private:
  const PpoOptions options_;
};

}  // namespace

std::unique_ptr<Learner> MakePpoLearner(const PpoOptions& options) {
  return std::make_unique<PpoLearner>(options);
}

absl::StatusOr<std::unique_ptr<Policy>> ReadPpoPolicy(const nlohmann::json& json) {
  return PpoPolicy::FromJson(json);
}

void RegisterTorchPolicies() { RegisterPolicy("ppo", ReadPpoPolicy); }

}  // namespace ronchi::agents
