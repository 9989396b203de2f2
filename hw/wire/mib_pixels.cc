#include "hw/wire/mib_pixels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/status.h"

namespace ronchi::hw::wire {
namespace {

static_assert(std::endian::native == std::endian::little);

uint8_t Swapped(uint8_t x) { return x; }
uint16_t Swapped(uint16_t x) { return __builtin_bswap16(x); }
uint32_t Swapped(uint32_t x) { return __builtin_bswap32(x); }

template <class Integer, class Number>
void FromBigEndian(std::string_view bytes, std::span<Number> to) {
  RONCHI_CHECK_EQ(bytes.size(), to.size() * sizeof(Integer));
  const char* const from = bytes.data();
  for (size_t i = 0; i < to.size(); ++i) {
    Integer x;
    std::memcpy(&x, from + i * sizeof(Integer), sizeof(Integer));
    to[i] = Number(Swapped(x));
  }
}

template <class Integer>
void ToBigEndian(std::span<const float> from, uint32_t most, char* to) {
  most = std::min<uint32_t>(most, std::numeric_limits<Integer>::max());
  for (size_t i = 0; i < from.size(); ++i) {
    const double x = std::nearbyint(double(from[i]));
    const Integer n = Swapped(Integer(x >= double(most) ? most : x > 0 ? uint32_t(x) : 0));
    std::memcpy(to + i * sizeof(Integer), &n, sizeof(Integer));
  }
}

}  // namespace

void PixelsToFloats(std::string_view bytes, MibPixel pixel, std::span<float> to) {
  switch (pixel) {
    case MibPixel::kU08:
      return FromBigEndian<uint8_t>(bytes, to);
    case MibPixel::kU16:
      return FromBigEndian<uint16_t>(bytes, to);
    case MibPixel::kU32:
      return FromBigEndian<uint32_t>(bytes, to);
  }
}

void PixelsToIntegers(std::string_view bytes, std::span<uint16_t> to) {
  FromBigEndian<uint16_t>(bytes, to);
}

void FloatsToPixels(std::span<const float> from, MibPixel pixel, uint32_t most, char* to) {
  switch (pixel) {
    case MibPixel::kU08:
      return ToBigEndian<uint8_t>(from, most, to);
    case MibPixel::kU16:
      return ToBigEndian<uint16_t>(from, most, to);
    case MibPixel::kU32:
      return ToBigEndian<uint32_t>(from, most, to);
  }
}

}  // namespace ronchi::hw::wire
