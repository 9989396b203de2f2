#include "agents/nn/native_actor_critic.h"

#include <Eigen/Core>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

using Columns = Eigen::MatrixXf;  // a sample a column, as rows of floats lie in memory
using Weight = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Where a layer's numbers lie among all parameters: weight [out, in], then bias [out].
struct DenseLayer {
  Eigen::Index in, out, weight, bias;
  Eigen::Map<const Weight> WeightOf(const Eigen::VectorXf& all) const {
    return {all.data() + weight, out, in};
  }
  Columns Apply(const Eigen::VectorXf& all, const Columns& x) const {
    Columns y(out, x.cols());
    y.noalias() = WeightOf(all) * x;
    y.colwise() += all.segment(bias, out);
    return y;
  }
  // Of the loss, given its gradient by the layer's outputs.
  void AddGradient(const Columns& x, const Columns& by_y, Eigen::VectorXf& gradient) const {
    Eigen::Map<Weight>(gradient.data() + weight, out, in).noalias() = by_y * x.transpose();
    gradient.segment(bias, out) = by_y.rowwise().sum();
  }
};

// Orthogonal (Saxe et al. 2014), uniform over such matrices (Mezzadri 2007).
void FillOrthogonal(const DenseLayer& layer, double gain, RandomStream& stream,
                    Eigen::VectorXf& all) {
  const Eigen::Index high = std::max(layer.out, layer.in), low = std::min(layer.out, layer.in);
  Eigen::MatrixXd normal(high, low);
  for (Eigen::Index i = 0; i < high; ++i) {
    for (Eigen::Index j = 0; j < low; ++j) normal(i, j) = float(stream.Normal());
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normal);
  Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(high, low);
  for (Eigen::Index j = 0; j < low; ++j) {
    if (qr.matrixQR()(j, j) < 0) q.col(j) = -q.col(j);
  }
  if (layer.out < layer.in) q.transposeInPlace();
  Eigen::Map<Weight>(all.data() + layer.weight, layer.out, layer.in) = (gain * q).cast<float>();
}

struct DenseNetwork {
  struct Pass {
    Columns below, above, output;  // after tanh, after tanh, as it is
  };
  Pass Forward(const Eigen::VectorXf& all, const Columns& x) const {
    Pass pass;
    pass.below = below.Apply(all, x).array().tanh();
    pass.above = above.Apply(all, pass.below).array().tanh();
    pass.output = output.Apply(all, pass.above);
    return pass;
  }
  void AddGradient(const Eigen::VectorXf& all, const Columns& x, const Pass& pass,
                   const Columns& by_output, Eigen::VectorXf& gradient) const {
    output.AddGradient(pass.above, by_output, gradient);
    Columns by = output.WeightOf(all).transpose() * by_output;
    by.array() *= 1 - pass.above.array().square();  // tanh' = 1 − tanh²
    above.AddGradient(pass.below, by, gradient);
    by = (above.WeightOf(all).transpose() * by).eval();
    by.array() *= 1 - pass.below.array().square();
    below.AddGradient(x, by, gradient);
  }
  DenseLayer below, above, output;
};

class NativeActorCritic final : public ActorCritic {
 public:
  NativeActorCritic(const ActorCriticShape& shape, uint64_t seed)
      : width_(Eigen::Index(shape.layout.row_size())) {
    actor_ = AddNetwork("actor", shape.hidden, shape.layout.action_size());
    critic_ = AddNetwork("critic", shape.hidden, 1);
    parameters_ = gradient_ = Eigen::VectorXf::Zero(size_);
    Initialise(actor_, 0.01, {.seed = seed, .name = "agents.ppo.actor"});
    Initialise(critic_, 1.0, {.seed = seed, .name = "agents.ppo.critic"});
  }

  absl::StatusOr<ActorCriticOutputs> Forward(std::span<const float> rows) override {
    RONCHI_ASSIGN_OR_RETURN(const Columns x, Read(rows));
    return Outputs(actor_.Forward(parameters_, x), critic_.Forward(parameters_, x));
  }

  absl::StatusOr<std::vector<float>> Gradient(std::span<const float> rows,
                                              const OfOutputs& of_outputs) override {
    RONCHI_ASSIGN_OR_RETURN(const Columns x, Read(rows));
    const DenseNetwork::Pass actor = actor_.Forward(parameters_, x);
    const DenseNetwork::Pass critic = critic_.Forward(parameters_, x);
    const ActorCriticOutputs wanted = of_outputs(Outputs(actor, critic));
    const auto copy = [&](const std::vector<float>& values, Eigen::Index height) -> Columns {
      return Eigen::Map<const Columns>(values.data(), height, x.cols());
    };
    actor_.AddGradient(parameters_, x, actor, copy(wanted.actor, actor_.output.out), gradient_);
    critic_.AddGradient(parameters_, x, critic, copy(wanted.critic, 1), gradient_);
    return std::vector<float>(gradient_.begin(), gradient_.end());
  }

  std::vector<Part> parts() const override { return parts_; }
  std::vector<float> Parameters() const override {
    return {parameters_.begin(), parameters_.end()};
  }
  absl::Status SetParameters(std::span<const float> values) override {
    if (Eigen::Index(values.size()) != size_) {
      return absl::InvalidArgumentError(
          absl::StrCat("the network has ", size_, " parameters; given: ", values.size()));
    }
    std::copy(values.begin(), values.end(), parameters_.begin());
    return absl::OkStatus();
  }

 private:
  DenseNetwork AddNetwork(const std::string& name, size_t hidden, size_t outputs) {
    const auto add = [&](const std::string& layer, Eigen::Index in, Eigen::Index out) {
      const DenseLayer dense = {in, out, size_, size_ + in * out};
      parts_.push_back({name + "." + layer + ".weight", size_t(in * out)});
      parts_.push_back({name + "." + layer + ".bias", size_t(out)});
      size_ += in * out + out;
      return dense;
    };
    const Eigen::Index h = Eigen::Index(hidden);
    DenseNetwork network;
    network.below = add("below", width_, h);
    network.above = add("above", h, h);
    network.output = add("output", h, Eigen::Index(outputs));
    return network;
  }
  void Initialise(const DenseNetwork& network, double output_gain, const StreamKey& key) {
    RandomStream stream(key);
    FillOrthogonal(network.below, std::sqrt(2.0), stream, parameters_);
    FillOrthogonal(network.above, std::sqrt(2.0), stream, parameters_);
    FillOrthogonal(network.output, output_gain, stream, parameters_);
  }
  absl::StatusOr<Columns> Read(std::span<const float> rows) const {
    const Eigen::Index size = Eigen::Index(rows.size());
    if (size % width_ != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("rows have ", width_, " numbers each; given: ", size));
    }
    return Columns(Eigen::Map<const Columns>(rows.data(), width_, size / width_));
  }
  static ActorCriticOutputs Outputs(const DenseNetwork::Pass& actor,
                                    const DenseNetwork::Pass& critic) {
    const Columns &a = actor.output, &c = critic.output;
    return {.actor = {a.data(), a.data() + a.size()}, .critic = {c.data(), c.data() + c.size()}};
  }

  const Eigen::Index width_;
  Eigen::Index size_ = 0;
  DenseNetwork actor_, critic_;
  std::vector<Part> parts_;
  Eigen::VectorXf parameters_, gradient_;
};

absl::StatusOr<std::unique_ptr<ActorCritic>> MakeNative(const ActorCriticShape& shape,
                                                        uint64_t seed) {
  if (!NativeNetworksCan(shape) || shape.hidden == 0) {
    return absl::InvalidArgumentError("the native networks read numbers alone, by 1 unit or more");
  }
  return std::make_unique<NativeActorCritic>(shape, seed);
}

}  // namespace

bool NativeNetworksCan(const ActorCriticShape& shape) {
  return shape.layout.images().empty() && shape.layout.row_size() > 0;
}

const NetworkBackend& NativeNetworks() {
  static const NetworkBackend backend = {MakeNative};
  return backend;
}

}  // namespace ronchi::agents
