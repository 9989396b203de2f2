#include "hw/wire/bitshuffle.h"

#include <lz4.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ronchi::hw::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are little-endian");

constexpr size_t kHeaderBytes = 12;
constexpr size_t kUsualBlockBytes = 8192;
constexpr size_t kMostBlockBytes = 16 << 20;

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | uint8_t(c);
  return value;
}

absl::Status Damaged(const std::string& what) { return absl::InvalidArgumentError(what); }

// Takes the size that stands before a block, and the block; empty: they are not there.
std::string_view TakeBlock(std::string_view* bytes) {
  if (bytes->size() < 4) return {};
  const uint64_t size = BigEndian(bytes->substr(0, 4));
  if (size > bytes->size() - 4) return {};
  const std::string_view block = bytes->substr(4, size);
  bytes->remove_prefix(4 + size);
  return block;
}

// Row r of 8, byte i is bit r of elements 8 i … 8 i + 7 of a row of bytes: the transpose of 8 × 8
// bits (Hacker's Delight, 7-3), byte by byte.
uint64_t TransposeBits(uint64_t x) {
  uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAull;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCull;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0ull;
  return x ^ t ^ (t << 28);
}

#if defined(__SSE2__)
template <int kShift>
__m128i SwapBits(__m128i x, __m128i mask) {
  const __m128i t = _mm_and_si128(_mm_xor_si128(x, _mm_srli_epi64(x, kShift)), mask);
  return _mm_xor_si128(x, _mm_xor_si128(t, _mm_slli_epi64(t, kShift)));
}
__m128i TransposeBits(__m128i x) {
  x = SwapBits<7>(x, _mm_set1_epi64x(0x00AA00AA00AA00AAll));
  x = SwapBits<14>(x, _mm_set1_epi64x(0x0000CCCC0000CCCCll));
  return SwapBits<28>(x, _mm_set1_epi64x(0x00000000F0F0F0F0ll));
}

// Sixteen groups of eight elements at once.
void GatherSixteen(const char* planes, size_t stride, char* row) {
  __m128i p[8], q[8];
  for (size_t k = 0; k < 8; ++k) {
    p[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(planes + k * stride));
  }
  for (size_t k = 0; k < 4; ++k) {  // planes k and k + 1 side by side
    q[2 * k] = _mm_unpacklo_epi8(p[2 * k], p[2 * k + 1]);
    q[2 * k + 1] = _mm_unpackhi_epi8(p[2 * k], p[2 * k + 1]);
  }
  for (size_t half = 0; half < 2; ++half) {  // groups 0 … 7, 8 … 15
    const __m128i a = _mm_unpacklo_epi16(q[half], q[2 + half]);
    const __m128i b = _mm_unpackhi_epi16(q[half], q[2 + half]);
    const __m128i c = _mm_unpacklo_epi16(q[4 + half], q[6 + half]);
    const __m128i d = _mm_unpackhi_epi16(q[4 + half], q[6 + half]);
    const __m128i out[] = {_mm_unpacklo_epi32(a, c), _mm_unpackhi_epi32(a, c),
                           _mm_unpacklo_epi32(b, d), _mm_unpackhi_epi32(b, d)};
    for (size_t i = 0; i < 4; ++i) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(row + 64 * half + 16 * i), TransposeBits(out[i]));
    }
  }
}
#endif

// One byte of every element, of its eight planes of bits.
void GatherRow(const char* planes, size_t groups, char* row) {
  size_t g = 0;
#if defined(__SSE2__)
  for (; g + 16 <= groups; g += 16) GatherSixteen(planes + g, groups, row + 8 * g);
#endif
  for (; g < groups; ++g) {
    uint64_t x = 0;
    for (size_t k = 0; k < 8; ++k) x |= uint64_t(uint8_t(planes[k * groups + g])) << (8 * k);
    x = TransposeBits(x);
    std::memcpy(row + 8 * g, &x, sizeof(x));
  }
}

struct BlocksHeader {
  uint64_t bytes = 0;
  size_t block = 0;
};
absl::StatusOr<BlocksHeader> TakeHeader(std::string_view* bytes, size_t expected) {
  if (bytes->size() < kHeaderBytes) return Damaged("compressed pixels without a header");
  BlocksHeader h{BigEndian(bytes->substr(0, 8)), size_t(BigEndian(bytes->substr(8, 4)))};
  bytes->remove_prefix(kHeaderBytes);
  if (h.bytes == 0 && h.block == 0) h = {expected, kUsualBlockBytes};
  if (h.bytes != expected) {
    return Damaged(absl::StrCat("compressed are ", h.bytes, " bytes where ", expected, " are due"));
  }
  if (h.block == 0 || h.block > kMostBlockBytes) {
    return Damaged(absl::StrCat("compressed in blocks of ", h.block, " bytes; allowed are 1 … ",
                                kMostBlockBytes));
  }
  return h;
}

}  // namespace

void Unshuffle(std::span<const char> bits, size_t element_bytes, std::span<char> to,
               Scratch* scratch) {
  const size_t elements = to.size() / element_bytes, groups = elements / 8;
  if (element_bytes == 1) return GatherRow(bits.data(), groups, to.data());
  scratch->resize(std::max(scratch->size(), to.size()));
  char* const rows = scratch->data();
  for (size_t j = 0; j < element_bytes; ++j) {
    GatherRow(bits.data() + j * elements, groups, rows + j * elements);
  }
  const auto* r = reinterpret_cast<const uint8_t*>(rows);
  if (element_bytes == 2) {
    for (size_t i = 0; i < elements; ++i) {
      const auto value = uint16_t(r[i] | r[elements + i] << 8);
      std::memcpy(to.data() + 2 * i, &value, sizeof(value));
    }
    return;
  }
  for (size_t i = 0; i < elements; ++i) {
    const uint32_t value = uint32_t(r[i]) | uint32_t(r[elements + i]) << 8 |
                           uint32_t(r[2 * elements + i]) << 16 |
                           uint32_t(r[3 * elements + i]) << 24;
    std::memcpy(to.data() + 4 * i, &value, sizeof(value));
  }
}

absl::Status DecodeLz4(std::string_view bytes, std::span<char> to) {
  if (bytes.size() > size_t(LZ4_MAX_INPUT_SIZE) || to.size() > size_t(LZ4_MAX_INPUT_SIZE)) {
    return Damaged("a block of LZ4 that is too large");
  }
  const int got = LZ4_decompress_safe(bytes.data(), to.data(), int(bytes.size()), int(to.size()));
  if (got == int(to.size())) return absl::OkStatus();
  return Damaged(
      got < 0 ? "a block that is no LZ4"
              : absl::StrCat("a block of LZ4 makes ", got, " bytes where ", to.size(), " are due"));
}

absl::Status DecodeLz4Blocks(std::string_view bytes, std::span<char> to) {
  RONCHI_ASSIGN_OR_RETURN(const BlocksHeader h, TakeHeader(&bytes, to.size()));
  while (!to.empty()) {
    const std::span<char> part = to.first(std::min(h.block, to.size()));
    const std::string_view block = TakeBlock(&bytes);
    if (block.empty()) return Damaged("compressed pixels that are cut");
    if (block.size() == part.size()) {  // that would not become smaller
      std::copy(block.begin(), block.end(), part.begin());
    } else {
      RONCHI_RETURN_IF_ERROR(DecodeLz4(block, part));
    }
    to = to.subspan(part.size());
  }
  return bytes.empty() ? absl::OkStatus()
                       : Damaged(absl::StrCat(bytes.size(), " bytes after the pixels"));
}

absl::Status DecodeBitshuffledLz4(std::string_view bytes, size_t element_bytes, std::span<char> to,
                                  Scratch* scratch) {
  RONCHI_ASSIGN_OR_RETURN(const BlocksHeader h, TakeHeader(&bytes, to.size()));
  const size_t eight = 8 * element_bytes;  // bytes of eight elements, which belong together
  if (h.block % eight != 0) {
    return Damaged(absl::StrCat("blocks of ", h.block, " bytes are not eights of elements of ",
                                element_bytes, " bytes"));
  }
  Scratch bits(std::min(h.block, to.size()));
  while (to.size() >= eight) {
    const std::span<char> part = to.first(std::min(h.block, to.size() / eight * eight));
    const std::string_view block = TakeBlock(&bytes);
    if (block.empty()) return Damaged("compressed pixels that are cut");
    const std::span<char> shuffled(bits.data(), part.size());
    RONCHI_RETURN_IF_ERROR(DecodeLz4(block, shuffled));
    Unshuffle(shuffled, element_bytes, part, scratch);
    to = to.subspan(part.size());
  }
  if (bytes.size() != to.size()) {  // elements that make no eight come as they are
    return Damaged(absl::StrCat(bytes.size(), " bytes are left for ", to.size()));
  }
  std::copy(bytes.begin(), bytes.end(), to.begin());
  return absl::OkStatus();
}

}  // namespace ronchi::hw::wire
