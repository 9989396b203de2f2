// What DECTRIS' detectors send of an exposure, one message at a time: the first version (parts of
// JSON and pixels) and the second (a map of CBOR).
// Source: SIMPLON API 1.8, stream; https://github.com/dectris/documentation (stream_v2, tag 56500).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/status.h"
#include "hw/wire/bitshuffle.h"

namespace ronchi::hw::wire {

inline constexpr size_t kMostSimplonSide = 16384;

struct SimplonStart {
  uint64_t series = 0;
};
enum class SimplonCoding {
  kNone,
  kLz4,  // one block
  kLz4Blocks,
  kBitshuffledLz4,
};
struct SimplonImage {
  uint64_t series = 0, image = 0;  // image: from 0
  size_t width = 0, height = 0;
  size_t pixel_bytes = 0;  // 1, 2, 4; unsigned, little-endian
  SimplonCoding coding = SimplonCoding::kNone;
  std::string_view data;  // as it was sent: a view of the message

  size_t bytes() const { return width * height * pixel_bytes; }
};
struct SimplonEnd {
  uint64_t series = 0;
};
// Of the first version: what belongs to a start and says nothing about images.
struct SimplonOther {};
using SimplonMessage = std::variant<SimplonStart, SimplonImage, SimplonEnd, SimplonOther>;

// The parts of one message. InvalidArgument: they are none.
// Unimplemented: pixels of a kind that is not read.
absl::StatusOr<SimplonMessage> ParseSimplonParts(std::span<const std::string_view> parts);
// `channel`: whose pixels are wanted where there are several; empty: there is one.
absl::StatusOr<SimplonMessage> ParseSimplonCbor(std::string_view message,
                                                const std::string& channel);

// Pixels as numbers, [y, x]. All bits set mark a pixel that was not measured, which becomes 0.
// InvalidArgument: damaged.
class SimplonPixels {
 public:
  absl::Status Decode(const SimplonImage& image, std::span<float> to);
  // As they are; `to` has image.bytes().
  absl::Status Decode(const SimplonImage& image, std::span<char> to);

 private:
  Scratch scratch_;
  std::vector<char> whole_;
};

}  // namespace ronchi::hw::wire
