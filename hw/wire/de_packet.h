// The messages of Direct Electron's DE-Server, from the side of a client: a length of four bytes,
// little-endian, and that many bytes of protobuf (hw/wire/de_server.proto). An answer that brings
// an image is three things in a row: an acknowledgement, a header that tells how many bytes follow,
// and these bytes. What comes is taken for hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi::hw::wire {

inline constexpr size_t kMostDeMessage = 4 << 20;   // bytes of one message
inline constexpr size_t kMostDePixels = 256 << 20;  // pixels of one image: 16384 × 16384
inline constexpr int kDeOperations = 100;           // a command's id: operation + 100 · version

// What is asked of the server.
enum class DeOperation : uint32_t {
  kListCameras = 0,
  kListProperties = 1,
  kListAllowedValues = 2,
  kGetProperty = 3,
  kSetProperty = 4,
  kStopAcquisition = 11,
  kGetResult = 14,
  kStartAcquisition = 15,
  kGetSpecifications = 35,
};
constexpr uint32_t DeCommandId(DeOperation operation, int version) {
  return uint32_t(operation) + uint32_t(kDeOperations * version);
}

using DeValue = std::variant<int32_t, bool, float, std::string>;
std::string DeText(const DeValue& value);              // as a reader would write it
std::optional<double> DeNumber(const DeValue& value);  // also of a text that is one; finite

// A question as it goes over the wire, whole. A first value that is a text is named "label", as the
// maker's client names it, all others "val". `camera`: of those that the server lists; "": its own.
std::string DeCommandBytes(uint32_t id, const std::string& camera,
                           const std::vector<DeValue>& values);

// Where the first answer of `bytes` ends, its image included; 0: it is not whole yet.
// InvalidArgument: it is none, or larger than may be.
absl::StatusOr<size_t> DeAnswerEnd(std::string_view bytes);

struct DeAnswer {
  bool refused = false;  // by the server; then `why` says what it says, if anything
  std::string why;
  std::vector<DeValue> values;
  std::string_view pixels;  // of the frame that was given
};
// Of one whole answer. InvalidArgument: it answers another command, or none.
absl::StatusOr<DeAnswer> ParseDeAnswer(std::string_view frame, uint32_t id);

// What the answer to kGetResult says of its image.
struct DeImage {
  int64_t acquisition = 0;  // counted from when the server was started
  int64_t frames = 0;       // of the camera, that are in it
  Array<float> counts;      // [y, x]
};
// InvalidArgument: sizes that contradict each other, a format that is not known, NaN.
absl::StatusOr<DeImage> DeImageOf(const DeAnswer& answer);

// The limits of a property, in the answer to kListAllowedValues or kGetSpecifications.
struct DeRange {
  double min = 0, max = 0;
};
// None: it is not told as a range.
std::optional<DeRange> DeRangeOf(const DeAnswer& answer);

}  // namespace ronchi::hw::wire
