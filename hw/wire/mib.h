// What Merlin sends on its data port: at the beginning of an acquisition a header of lines, then
// for each frame a header "MQ1,…" with pixels behind it, each in an MPX message (hw/wire/mpx.h).
// Pixels are integers, big-endian: U08 of a counter of 1 or 6 bits, U16 of 12, U32 of 24.
// Source of the facts: LiberTEM-live's documentation, and its simulator as measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"

namespace ronchi::hw::wire {

enum class MibPixel { kU08, kU16, kU32 };
size_t PixelBytes(MibPixel pixel);
MibPixel PixelOfDepth(int counter_bits);

struct MibHeader {
  size_t sequence = 1;  // from 1 in every acquisition
  size_t header_bytes = 384;
  size_t chips = 1;
  size_t width = 0, height = 0;
  MibPixel pixel = MibPixel::kU16;
  std::string layout = "1x1";
  size_t counter = 0;  // of the two that a chip has

  size_t pixel_bytes() const { return width * height * PixelBytes(pixel); }
};
constexpr size_t kMostMibHeaderBytes = 1 << 16;
constexpr size_t kMostMibSide = 1 << 14;  // pixels along an axis

// Of a message's body, which is longer. InvalidArgument: no header of a frame, or numbers beyond
// the bounds. Unimplemented: pixels of another type: U01 and R64 are packed in the order of the
// chip's registers.
absl::StatusOr<MibHeader> ParseMibHeader(std::string_view body);

// What stands in a header for those who write files.
struct MibStamp {
  std::string time = "2000-01-01 00:00:00.000000";  // UTC
  double shutter_s = 0;
  int depth = 12;
};
// header_bytes bytes.
std::string MibHeaderText(const MibHeader& header, const MibStamp& stamp);

struct AcquisitionHeader {
  size_t frames = 0;              // 0: without end
  size_t frames_per_trigger = 0;  // 0: not said
  int depth = 0;                  // 0: not said
};
bool IsAcquisitionHeader(std::string_view body);
// Of lines "key:\tvalue" in Latin-1, which any bytes are. InvalidArgument: none, or no number of
// frames.
absl::StatusOr<AcquisitionHeader> ParseAcquisitionHeader(std::string_view body);
std::string AcquisitionHeaderText(
    const AcquisitionHeader& header,
    const std::vector<std::pair<std::string, std::string>>& more = {});

}  // namespace ronchi::hw::wire
