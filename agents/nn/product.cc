#include "agents/nn/product.h"

#include <algorithm>
#include <cstring>
#ifdef __FMA__
#include <immintrin.h>
#endif

namespace ronchi::agents {
namespace {

// Floats in a register, and columns of C that are summed at a time: with two registers of rows, as
// many sums as there are registers for, and enough to hide how long an addition takes.
#if defined(__AVX512F__)
constexpr size_t kWide = 16, kAtOnce = 8;
#elif defined(__AVX__)
constexpr size_t kWide = 8, kAtOnce = 5;
#else
constexpr size_t kWide = 4, kAtOnce = 5;
#endif

template <size_t width>
struct Lanes {
  typedef float Type __attribute__((vector_size(width * sizeof(float))));
};

template <class V>
inline V LoadLanes(const float* from) {
  V lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

// a b + c, rounded once where the processor can, in every tile alike: left to itself, GCC fuses the
// two in some tiles and not in others (-mtune's avoid-fma-chains), and a sample's numbers would
// depend on its place in the batch.
template <size_t width, class V>
inline V AddProduct(V a, V b, V c) {
#ifdef __FMA__
  if constexpr (width == 4) return V(_mm_fmadd_ps(__m128(a), __m128(b), __m128(c)));
  if constexpr (width == 8) return V(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
#endif
#ifdef __AVX512F__
  if constexpr (width == 16) return V(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
#endif
  return a * b + c;
}

template <class V, size_t width>
inline void StoreLanes(const Product& p, size_t i, size_t j, V sum) {
  if (p.rectify) sum = sum > 0 ? sum : V{};
  if (p.only) sum = LoadLanes<V>(p.only + i + j * p.c_column) > 0 ? sum : V{};
  float* to = p.c + i * p.c_row + j * p.c_column;
  if (p.c_row == 1) {
    std::memcpy(to, &sum, sizeof sum);
  } else {
    for (size_t l = 0; l < width; ++l) to[l * p.c_row] = sum[l];
  }
}

// `high` registers of rows from i, by `wide` columns from j.
template <size_t width, size_t high, size_t wide>
inline void Tile(const Product& p, size_t i, size_t j) {
  using V = typename Lanes<width>::Type;
  V sums[wide][high];
  for (size_t c = 0; c < wide; ++c) {
    for (size_t r = 0; r < high; ++r) {
      sums[c][r] = p.bias ? LoadLanes<V>(p.bias + i + r * width) : V{};
    }
  }
  const float* a = p.a + i;
  const float* b = p.b + j * p.b_column;
  for (size_t k = 0; k < p.inner; ++k, a += p.a_step, b += p.b_inner) {
    V rows[high];
    for (size_t r = 0; r < high; ++r) rows[r] = LoadLanes<V>(a + r * width);
#pragma GCC unroll 8
    for (size_t c = 0; c < wide; ++c) {
      const float factor = b[c * p.b_column];
      for (size_t r = 0; r < high; ++r) {
        sums[c][r] = AddProduct<width>(rows[r], V{} + factor, sums[c][r]);
      }
    }
  }
  for (size_t c = 0; c < wide; ++c) {
    for (size_t r = 0; r < high; ++r) StoreLanes<V, width>(p, i + r * width, j + c, sums[c][r]);
  }
}

template <size_t width, size_t high>
void Strip(const Product& p, size_t i) {
  size_t j = 0;
  for (; j + kAtOnce <= p.columns; j += kAtOnce) Tile<width, high, kAtOnce>(p, i, j);
  for (; j + 4 <= p.columns; j += 4) Tile<width, high, 4>(p, i, j);
  for (; j < p.columns; ++j) Tile<width, high, 1>(p, i, j);
}

inline void StoreOne(const Product& p, size_t i, size_t j, float sum) {
  if (p.rectify) sum = std::max(sum, 0.0f);
  if (p.only && !(p.only[i + j * p.c_column] > 0)) sum = 0;
  p.c[i * p.c_row + j * p.c_column] = sum;
}

// A single row where a column of B is consecutive: scalar products. Lane l of the sum has the terms
// l, l + kWide, …; then the lanes are added in their order.
void RowOfProducts(const Product& p, size_t i) {
  using V = typename Lanes<kWide>::Type;
  constexpr size_t kMost = 512;  // of the row at a time, made consecutive
  float row[kMost];
  for (size_t first = 0; first < p.inner || first == 0; first += kMost) {
    const size_t count = std::min(kMost, p.inner - first), whole = count / kWide * kWide;
    for (size_t k = 0; k < count; ++k) row[k] = p.a[i + (first + k) * p.a_step];
    for (size_t j = 0; j < p.columns; ++j) {
      const float* b = p.b + first + j * p.b_column;
      float sum = first > 0 ? p.c[i * p.c_row + j * p.c_column] : p.bias ? p.bias[i] : 0;
      V lanes = {};
      for (size_t k = 0; k < whole; k += kWide) {
        lanes = AddProduct<kWide>(LoadLanes<V>(row + k), LoadLanes<V>(b + k), lanes);
      }
      for (size_t l = 0; l < kWide; ++l) sum += lanes[l];
      for (size_t k = whole; k < count; ++k) sum += row[k] * b[k];
      if (first + count == p.inner) {
        StoreOne(p, i, j, sum);
      } else {
        p.c[i * p.c_row + j * p.c_column] = sum;
      }
    }
  }
}

void FewRows(const Product& p, size_t i) {
  if (p.b_inner == 1) {
    for (; i < p.rows; ++i) RowOfProducts(p, i);
    return;
  }
  // B's columns lie side by side: of the transposed product they are the rows.
  const Product turned = {.rows = p.columns,
                          .columns = p.rows - i,
                          .inner = p.inner,
                          .a = p.b,
                          .a_step = p.b_inner,
                          .b = p.a + i,
                          .b_inner = p.a_step,
                          .b_column = 1,
                          .c = p.c + i * p.c_row,
                          .c_row = p.c_column,
                          .c_column = p.c_row};
  size_t j = 0;
  for (; j + kWide <= turned.rows; j += kWide) Strip<kWide, 1>(turned, j);
  for (; j + 4 <= turned.rows; j += 4) Strip<4, 1>(turned, j);
  for (; j < turned.rows; ++j) {
    for (size_t c = 0; c < turned.columns; ++c) {
      float sum = 0;
      for (size_t k = 0; k < p.inner; ++k) {
        sum += p.b[k * p.b_inner + j] * p.a[i + c + k * p.a_step];
      }
      StoreOne(p, i + c, j, sum);
    }
  }
}

}  // namespace

void Multiply(const Product& p) {
  size_t i = 0;
  for (; i + 2 * kWide <= p.rows; i += 2 * kWide) Strip<kWide, 2>(p, i);
  for (; i + kWide <= p.rows; i += kWide) Strip<kWide, 1>(p, i);
  if constexpr (kWide > 8) {
    for (; i + 8 <= p.rows; i += 8) Strip<8, 1>(p, i);
  }
  for (; i + 4 <= p.rows; i += 4) Strip<4, 1>(p, i);
  if (i < p.rows) FewRows(p, i);
}

void Transpose(const float* from, size_t rows, size_t columns, float* to) {
  constexpr size_t kBlock = 16;  // a line of the cache
  for (size_t first = 0; first < columns; first += kBlock) {
    const size_t end = std::min(columns, first + kBlock);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = first; j < end; ++j) to[j + i * columns] = from[i + j * rows];
    }
  }
}

}  // namespace ronchi::agents
