#include "agents/nn/actor_critic.h"

#include <dlfcn.h>
#include <torch/autograd.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "agents/torch/networks.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

using torch::Tensor;

// ---- libtorch's edges: exceptions, threads.

// The one place where libtorch's exceptions become a Status.
template <class F>
auto CatchTorch(F&& body) -> decltype(body()) {
  try {
    return body();
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

struct PairImpl : torch::nn::Module {
  PairImpl(const ActorCriticShape& shape, uint64_t seed) {
    const FeatureLayout& l = shape.layout;
    actor =
        register_module("actor", Network(l, shape.hidden, l.action_size(), 0.01,
                                         RandomStream({.seed = seed, .name = "agents.ppo.actor"})));
    critic = register_module("critic",
                             Network(l, shape.hidden, 1, 1.0,
                                     RandomStream({.seed = seed, .name = "agents.ppo.critic"})));
  }
  Network actor{nullptr}, critic{nullptr};
};
TORCH_MODULE(Pair);

// A view, not a copy: `values` must outlive the tensor, which is not written to.
Tensor View(std::span<const float> values, std::vector<int64_t> shape) {
  return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat32);
}
std::vector<float> ToVector(const Tensor& tensor) {
  const Tensor t = tensor.detach().contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

class TorchActorCritic final : public ActorCritic {
 public:
  TorchActorCritic(const ActorCriticShape& shape, uint64_t seed)
      : width_(int64_t(shape.layout.row_size())), pair_(shape, seed) {}

  absl::StatusOr<ActorCriticOutputs> Forward(std::span<const float> rows) override {
    return CatchTorch([&]() -> absl::StatusOr<ActorCriticOutputs> {
      torch::NoGradGuard no_gradient;
      const Tensor x = Rows(rows);
      return ActorCriticOutputs{.actor = ToVector(pair_->actor->forward(x)),
                                .critic = ToVector(pair_->critic->forward(x))};
    });
  }

  absl::StatusOr<std::vector<float>> Gradient(std::span<const float> rows,
                                              const OfOutputs& of_outputs) override {
    return CatchTorch([&]() -> absl::StatusOr<std::vector<float>> {
      pair_->zero_grad();
      const Tensor x = Rows(rows);
      const Tensor actor = pair_->actor->forward(x), critic = pair_->critic->forward(x);
      const ActorCriticOutputs wanted =
          of_outputs({.actor = ToVector(actor), .critic = ToVector(critic)});
      torch::autograd::backward({actor, critic}, {View(wanted.actor, actor.sizes().vec()),
                                                  View(wanted.critic, critic.sizes().vec())});
      return Joined(
          [](const Tensor& p) { return p.grad().defined() ? p.grad() : torch::zeros_like(p); });
    });
  }

  std::vector<Part> parts() const override {
    std::vector<Part> parts;
    for (const auto& item : pair_->named_parameters()) {
      parts.push_back({item.key(), size_t(item.value().numel())});
    }
    return parts;
  }
  std::vector<float> Parameters() const override {
    return Joined([](const Tensor& p) { return p; });
  }
  absl::Status SetParameters(std::span<const float> values) override {
    return CatchTorch([&]() -> absl::Status {
      torch::NoGradGuard no_gradient;
      size_t needed = 0;
      for (const Tensor& parameter : pair_->parameters()) needed += size_t(parameter.numel());
      if (values.size() != needed) {
        return absl::InvalidArgumentError(
            absl::StrCat("the network has ", needed, " parameters; given: ", values.size()));
      }
      for (Tensor& parameter : pair_->parameters()) {
        const size_t size = size_t(parameter.numel());
        parameter.copy_(View(values.first(size), parameter.sizes().vec()));
        values = values.subspan(size);
      }
      return absl::OkStatus();
    });
  }

 private:
  Tensor Rows(std::span<const float> rows) const {
    return View(rows, {int64_t(rows.size()) / width_, width_});
  }
  template <class Of>
  std::vector<float> Joined(const Of& of) const {
    std::vector<float> all;
    for (const Tensor& parameter : pair_->parameters()) {
      const std::vector<float> values = ToVector(of(parameter));
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  const int64_t width_;
  Pair pair_;
};

absl::StatusOr<std::unique_ptr<ActorCritic>> Make(const ActorCriticShape& shape, uint64_t seed) {
  UseOneThread();
  return CatchTorch([&]() -> absl::StatusOr<std::unique_ptr<ActorCritic>> {
    return std::make_unique<TorchActorCritic>(shape, seed);
  });
}

}  // namespace

const NetworkBackend& TorchNetworks() {
  static const NetworkBackend backend = {Make};
  return backend;
}

}  // namespace ronchi::agents
