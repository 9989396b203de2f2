// Copies what will not be read again soon past the caches: the line is not fetched before it is
// written, and what the caches hold stays.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__AVX512F__) || defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ronchi::sim {

// `to` and `from` on 64 bytes, `bytes` a multiple of 64. StreamFence() before another thread reads.
inline void StreamCopy(const void* from, size_t bytes, void* to) {
#if defined(__AVX512F__)
  const auto* in = static_cast<const __m512i*>(from);
  auto* out = static_cast<__m512i*>(to);
  for (size_t i = 0; i < bytes / 64; ++i) _mm512_stream_si512(out + i, _mm512_load_si512(in + i));
#elif defined(__SSE2__)
  const auto* in = static_cast<const __m128i*>(from);
  auto* out = static_cast<__m128i*>(to);
  for (size_t i = 0; i < bytes / 16; ++i) _mm_stream_si128(out + i, _mm_load_si128(in + i));
#else
  std::memcpy(to, from, bytes);
#endif
}

inline void StreamFence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace ronchi::sim
