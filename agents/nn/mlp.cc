#include "agents/nn/mlp.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "agents/nn/product.h"
#include "core/status.h"

namespace ronchi::agents {

Mlp::Mlp(const MlpShape& shape) : shape_(shape) {
  size_t in = shape.inputs;
  std::vector<size_t> widths = shape.hidden;
  widths.push_back(shape.outputs);
  for (size_t out : widths) {
    layers_.push_back({.in = in, .out = out, .weight = size_, .bias = size_ + in * out});
    size_ += (in + 1) * out;
    in = out;
  }
}

void Mlp::Initialise(RandomStream& stream, std::span<float> parameters) const {
  RONCHI_CHECK_EQ(parameters.size(), size_);
  for (const Layer& layer : layers_) {
    const double bound = 1 / std::sqrt(double(layer.in));
    for (float& p : parameters.subspan(layer.weight, (layer.in + 1) * layer.out)) {
      p = float(stream.Uniform(-bound, bound));
    }
  }
}

MlpPass::MlpPass(const Mlp& network, size_t most_rows) : network_(network) {
  size_t widest = 0, largest = 0;
  for (const Mlp::Layer& layer : network_.layers()) {
    outputs_.emplace_back(most_rows * layer.out);
    widest = std::max({widest, layer.in, layer.out});
    largest = std::max(largest, layer.in * layer.out);
  }
  by_.resize(most_rows * widest);
  by_below_.resize(most_rows * widest);
  turned_.resize(largest);
}

std::span<const float> MlpPass::Forward(std::span<const float> parameters,
                                        std::span<const float> inputs) {
  const auto layers = network_.layers();
  inputs_ = inputs.data();
  rows_ = inputs.size() / network_.shape().inputs;
  RONCHI_CHECK(rows_ * layers[0].out <= outputs_[0].size());
  const float* x = inputs_;
  for (size_t l = 0; l < layers.size(); ++l) {
    const bool bends = l + 1 < layers.size();
    float* y = outputs_[l].data();
    Multiply({.rows = layers[l].out,
              .columns = rows_,
              .inner = layers[l].in,
              .a = parameters.data() + layers[l].weight,
              .a_step = layers[l].out,
              .b = x,
              .b_column = layers[l].in,
              .c = y,
              .c_column = layers[l].out,
              .bias = parameters.data() + layers[l].bias,
              .rectify = bends && network_.shape().rectify});
    if (bends && !network_.shape().rectify) {
      Eigen::Map<Eigen::ArrayXf> all(y, Eigen::Index(rows_ * layers[l].out));
      all = all.tanh();
    }
    x = y;
  }
  return std::span(outputs_.back()).first(rows_ * network_.shape().outputs);
}

namespace {

// By weight and bias of a layer, of `rows` samples.
void AddParameters(const Mlp::Layer& layer, size_t rows, const float* x, const float* by_y,
                   float* gradient) {
  Multiply({.rows = layer.out,
            .columns = layer.in,
            .inner = rows,
            .a = by_y,
            .a_step = layer.out,
            .b = x,
            .b_inner = layer.in,
            .b_column = 1,
            .c = gradient + layer.weight,
            .c_column = layer.out});
  float* bias = gradient + layer.bias;
  std::fill_n(bias, layer.out, 0.0f);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t o = 0; o < layer.out; ++o) bias[o] += by_y[i * layer.out + o];
  }
}

}  // namespace

void MlpPass::Below(const float* parameters, const Mlp::Layer& layer, size_t rows,
                    const float* by_y, size_t first, size_t count, const float* only, float* by_x) {
  Transpose(parameters + layer.weight + first * layer.out, layer.out, count, turned_.data());
  Multiply({.rows = count,
            .columns = rows,
            .inner = layer.out,
            .a = turned_.data(),
            .a_step = count,
            .b = by_y,
            .b_column = layer.out,
            .c = by_x,
            .c_column = count,
            .only = only});
}

void MlpPass::Backward(std::span<const float> parameters, std::span<const float> by_outputs,
                       const Wanted& wanted) {
  const auto layers = network_.layers();
  const size_t rows = by_outputs.size() / network_.shape().outputs;
  RONCHI_CHECK(rows <= rows_);
  const float* by_y = by_outputs.data();
  for (size_t l = layers.size(); l-- > 0;) {
    const Mlp::Layer& layer = layers[l];
    const float* x = l > 0 ? outputs_[l - 1].data() : inputs_;
    if (!wanted.gradient.empty()) {
      AddParameters(layer, rows, x, by_y, wanted.gradient.data());
    }
    if (l == 0) break;
    const bool rectify = network_.shape().rectify;
    Below(parameters.data(), layer, rows, by_y, 0, layer.in, rectify ? x : nullptr,
          by_below_.data());
    if (!rectify) {  // tanh' = 1 − tanh²
      const Eigen::Index size = Eigen::Index(rows * layer.in);
      Eigen::Map<Eigen::ArrayXf>(by_below_.data(), size) *=
          1 - Eigen::Map<const Eigen::ArrayXf>(x, size).square();
    }
    by_.swap(by_below_);
    by_y = by_.data();
  }
  if (wanted.by_inputs.empty() || rows == 0) return;
  Below(parameters.data(), layers[0], rows, by_y, wanted.first, wanted.by_inputs.size() / rows,
        nullptr, wanted.by_inputs.data());
}

}  // namespace ronchi::agents
