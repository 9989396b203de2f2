// One message of the wire between Ronchi and an instrument's program (docs/add_driver.md has it
// byte by byte):
//   4 bytes   "RNCH"
//   4 bytes   J: length of the JSON text in bytes, unsigned, little-endian; 2 … 16777216
//   4 bytes   N: how many pixels follow, likewise; 0 … 1073741824
//   J bytes   a JSON object, UTF-8
//   4N bytes  pixels: IEEE 754 single precision, little-endian
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ronchi::hw::wire {

inline constexpr int kVersion = 1;  // of the wire: framing and messages
inline constexpr size_t kHeaderBytes = 12;
inline constexpr uint32_t kMostJsonBytes = 1u << 24;
inline constexpr uint32_t kMostPixels = 1u << 30;

struct Message {
  nlohmann::json head = nlohmann::json::object();
  std::vector<float> pixels;
};

struct Header {
  uint32_t json_bytes = 0, pixels = 0;
};

// Header and JSON; the pixels follow as they lie in memory. OutOfRange: larger than a message may
// be.
absl::StatusOr<std::string> EncodeHead(const nlohmann::json& head, size_t pixels);
// InvalidArgument: these bytes begin no message, or one that may not be as large.
absl::StatusOr<Header> DecodeHeader(std::span<const char, kHeaderBytes> bytes,
                                    uint32_t most_pixels = kMostPixels);
// InvalidArgument: no JSON object, not UTF-8, nested too deeply; JSON knows no NaN.
absl::StatusOr<nlohmann::json> DecodeHead(std::string_view text);
// Whole messages one after the other, and nothing else.
absl::StatusOr<std::vector<Message>> DecodeAll(std::string_view bytes,
                                               uint32_t most_pixels = kMostPixels);

}  // namespace ronchi::hw::wire
