// Pixels compressed by LZ4, with their bits shuffled before or not, as DECTRIS' detectors send them
// and as the filters of HDF5 store them.
// Formats: https://github.com/kiyo-masui/bitshuffle (of the HDF5 filter); lz4_Block_format.md of
// https://github.com/lz4/lz4; HDF5's LZ4 filter.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ronchi::hw::wire {

// Space that is used again from one frame to the next.
using Scratch = std::vector<char>;

// All: InvalidArgument where the bytes are not what makes `to`, exactly.

// One block of LZ4.
absl::Status DecodeLz4(std::string_view bytes, std::span<char> to);
// A header of 12 bytes (the size, the size of a block, big-endian), then blocks of LZ4, each after
// its size.
absl::Status DecodeLz4Blocks(std::string_view bytes, std::span<char> to);
// The same header; in each block the first bits of all its elements, the second bits, and so on. A
// header of zeros, which some simulators send, stands for the usual block of 8192 bytes.
// element_bytes: 1, 2 or 4, little-endian.
absl::Status DecodeBitshuffledLz4(std::string_view bytes, size_t element_bytes, std::span<char> to,
                                  Scratch* scratch);

// Of one block: bits together to elements together. As many elements as make `to`, a multiple of 8.
void Unshuffle(std::span<const char> bits, size_t element_bytes, std::span<char> to,
               Scratch* scratch);

}  // namespace ronchi::hw::wire
