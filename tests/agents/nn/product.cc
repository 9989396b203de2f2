// Against sums in double, at every size that takes another way through it.
#include "agents/nn/product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.h"

namespace ronchi::agents {
namespace {

std::vector<float> ProductNumbers(size_t n, uint64_t which) {
  RandomStream stream({.seed = 1, .name = "test.product", .episode = which});
  std::vector<float> numbers(n);
  for (float& x : numbers) x = float(stream.Normal());
  return numbers;
}

struct Sizes {
  size_t rows, columns, inner;
};

// The largest error over the sum of the terms' sizes, in units of the float32 round-off.
double WorstError(const Product& p) {
  Multiply(p);
  double worst = 0;
  for (size_t i = 0; i < p.rows; ++i) {
    for (size_t j = 0; j < p.columns; ++j) {
      double sum = p.bias ? p.bias[i] : 0, sizes = std::abs(sum) + 1e-30;
      for (size_t k = 0; k < p.inner; ++k) {
        const double term = double(p.a[i + k * p.a_step]) * p.b[k * p.b_inner + j * p.b_column];
        sum += term;
        sizes += std::abs(term);
      }
      if (p.rectify) sum = std::max(sum, 0.0);
      if (p.only && !(p.only[i + j * p.c_column] > 0)) sum = 0;
      worst = std::max(worst, std::abs(p.c[i * p.c_row + j * p.c_column] - sum) / sizes);
    }
  }
  return worst / 6e-8;
}

TEST(Product, IsTheSumInDoubleAtEverySize) {
  for (const Sizes s : {Sizes{1, 1, 1},
                        {1, 100, 64},
                        {2, 9, 3},
                        {3, 5, 700},
                        {4, 4, 4},
                        {7, 13, 5},
                        {8, 3, 16},
                        {15, 17, 31},
                        {16, 8, 0},
                        {33, 6, 12},
                        {64, 100, 7},
                        {64, 64, 100},
                        {71, 23, 9},
                        {100, 1, 2},
                        {256, 19, 256}}) {
    const auto a = ProductNumbers(s.rows * s.inner, 1), bias = ProductNumbers(s.rows, 3),
               b = ProductNumbers(s.inner * s.columns, 2),
               only = ProductNumbers(s.rows * s.columns, 4);
    std::vector<float> c(s.rows * s.columns, NAN);
    Product p = {.rows = s.rows,
                 .columns = s.columns,
                 .inner = s.inner,
                 .a = a.data(),
                 .a_step = s.rows,
                 .b = b.data(),
                 .b_column = s.inner,
                 .c = c.data(),
                 .c_column = s.rows};
    // Round-off of a sum of `inner` terms, at most (Higham 2002, eq. 3.5).
    const double allowed = double(s.inner) + 2;
    EXPECT_LE(WorstError(p), allowed) << s.rows << " " << s.columns << " " << s.inner;
    p.bias = bias.data();
    p.rectify = true;
    EXPECT_LE(WorstError(p), allowed);
    p.bias = nullptr;
    p.rectify = false;
    p.only = only.data();
    EXPECT_LE(WorstError(p), allowed);
    p.only = nullptr;
    p.b_inner = s.columns;  // B with its columns side by side
    p.b_column = 1;
    EXPECT_LE(WorstError(p), allowed);
    p.c_row = s.columns;  // and C turned
    p.c_column = 1;
    EXPECT_LE(WorstError(p), allowed);
  }
}

TEST(Product, AColumnIsTheSameInAnyCompany) {
  const size_t rows = 71, inner = 37, columns = 29;
  const auto a = ProductNumbers(rows * inner, 1), b = ProductNumbers(inner * columns, 2);
  std::vector<float> all(rows * columns), one(rows);
  Product p = {.rows = rows,
               .columns = columns,
               .inner = inner,
               .a = a.data(),
               .a_step = rows,
               .b = b.data(),
               .b_column = inner,
               .c = all.data(),
               .c_column = rows};
  Multiply(p);
  p.columns = 1;
  p.c = one.data();
  for (size_t j = 0; j < columns; ++j) {
    p.b = b.data() + j * inner;
    Multiply(p);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + std::ptrdiff_t(j * rows))) << j;
  }
}

TEST(Product, Transposes) {
  const size_t rows = 35, columns = 19;
  const auto from = ProductNumbers(rows * columns, 1);
  std::vector<float> to(from.size());
  Transpose(from.data(), rows, columns, to.data());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) EXPECT_EQ(to[j + i * columns], from[i + j * rows]);
  }
}

}  // namespace
}  // namespace ronchi::agents
