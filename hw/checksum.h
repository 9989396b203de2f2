// XXH3 of bytes (core/hash.h), 64 bits of it: finds what a torn write or a bad disk did, not what somebody
// meant to do. And lines that end in the checksum of what stands before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ronchi::hw {

uint64_t Checksum(std::string_view bytes);
std::string ChecksumText(std::string_view bytes);  // 16 hexadecimal digits

// "text #0123456789abcdef"
std::string WithChecksum(std::string_view text);
// The text; nothing when the checksum is not there or not its own.
std::optional<std::string> CheckedText(std::string_view line);

}  // namespace ronchi::hw
