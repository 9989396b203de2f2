// Pixels of frames as Merlin sends them (hw/wire/mib.h), from and to numbers. Loops that the
// compiler makes vectors of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "hw/wire/mib.h"

namespace ronchi::hw::wire {

// `to` has as many numbers as there are pixels; `bytes` has PixelBytes of each.
void PixelsToFloats(std::string_view bytes, MibPixel pixel, std::span<float> to);
// Of U16 alone, as they are.
void PixelsToIntegers(std::string_view bytes, std::span<uint16_t> to);
// Rounded to the nearest and clipped to 0 … `most`; what is no number is 0.
void FloatsToPixels(std::span<const float> from, MibPixel pixel, uint32_t most, char* to);

}  // namespace ronchi::hw::wire
