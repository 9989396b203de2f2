// One matrix product in float32, of the sizes that small networks have: nothing is packed or
// allocated, sums begin at a bias, and what a rectifier does is done before a number is stored. The
// sum of an element is over the inner index in its order, whatever stands in the other columns: a
// sample's outputs are the same bits in any batch.
#pragma once

#include <cstddef>

namespace ronchi::agents {

// C(i, j) = bias(i) + Σ_k A(i, k) B(k, j)
struct Product {
  size_t rows = 0, columns = 0, inner = 0;
  const float* a = nullptr;  // A(i, k) = a[i + k * a_step]
  size_t a_step = 0;
  const float* b = nullptr;  // B(k, j) = b[k * b_inner + j * b_column]; one of the two is 1
  size_t b_inner = 1, b_column = 1;
  float* c = nullptr;  // C(i, j) = c[i * c_row + j * c_column]
  size_t c_row = 1, c_column = 0;
  const float* bias = nullptr;  // [rows]; null: 0
  bool rectify = false;         // C = max(C, 0)
  // Where it is not null, C(i, j) = 0 wherever only[i + j * c_column] ≤ 0; c_row is 1.
  const float* only = nullptr;
};
void Multiply(const Product& product);

// to [columns, rows] = from [rows, columns], both with consecutive first indices.
void Transpose(const float* from, size_t rows, size_t columns, float* to);

}  // namespace ronchi::agents
