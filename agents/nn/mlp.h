// A multilayer perceptron in float32 that learns without allocating: parameters are one run of
// floats that others hold (so that they can be optimised, averaged and saved in place), and a pass
// owns the buffers of a batch. Gradients are by parameters and by inputs, which actors need that
// climb a critic. A batch is [n, width] as rows of floats lie in memory. No libtorch here.
//
// Order of the parameters: of each layer the weight, [in, out] with the outputs side by side, then
// the bias, [out].
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/random.h"

namespace ronchi::agents {

struct MlpShape {
  size_t inputs = 1;
  std::vector<size_t> hidden;  // units of each hidden layer
  size_t outputs = 1;          // without a bend
  bool rectify = true;         // hidden layers: max(x, 0); false: tanh
};

class Mlp {
 public:
  explicit Mlp(const MlpShape& shape);
  const MlpShape& shape() const { return shape_; }
  size_t size() const { return size_; }  // of all parameters

  struct Layer {
    size_t in, out, weight, bias;  // the last two: where they begin
  };
  std::span<const Layer> layers() const { return layers_; }

  // Uniform over ±1/√in, weights and biases, as libtorch's linear layers begin (LeCun et al. 1998,
  // up to a factor of √3).
  void Initialise(RandomStream& stream, std::span<float> parameters) const;

 private:
  MlpShape shape_;
  std::vector<Layer> layers_;
  size_t size_ = 0;
};

class MlpPass {
 public:
  // For batches of up to so many rows. The network is copied.
  MlpPass(const Mlp& network, size_t most_rows);

  // parameters [network.size()], inputs [n, inputs] → [n, outputs]. The inputs are borrowed until
  // Backward; what is returned is valid until the next Forward.
  std::span<const float> Forward(std::span<const float> parameters, std::span<const float> inputs);

  // Of a loss whose gradient by the outputs of the first rows of the last Forward is `by_outputs`,
  // [m, outputs], with the same parameters: by the parameters into `gradient` (in place of what is
  // there; empty: not asked), and by inputs first … first + width/m − 1 of each row into
  // `by_inputs`, [m, …] (empty: not asked).
  struct Wanted {
    std::span<float> gradient;
    std::span<float> by_inputs;
    size_t first = 0;
  };
  void Backward(std::span<const float> parameters, std::span<const float> by_outputs,
                const Wanted& wanted);

 private:
  using Run = std::vector<float>;
  // By a layer's inputs `first` … first + count − 1.
  void Below(const float* parameters, const Mlp::Layer& layer, size_t rows, const float* by_y,
             size_t first, size_t count, const float* only, float* by_x);

  Mlp network_;
  const float* inputs_ = nullptr;
  size_t rows_ = 0;
  std::vector<Run> outputs_;  // of each layer, [most_rows, out], after its bend
  Run by_, by_below_;         // by a layer's outputs, and by those of the layer below
  Run turned_;                // a weight, transposed
};

}  // namespace ronchi::agents
