#include "hw/checksum.h"

#include "core/hash.h"

namespace ronchi::hw {
namespace {
constexpr size_t kDigits = 16;
}

uint64_t Checksum(std::string_view bytes) { return HashOf(bytes).low; }

std::string ChecksumText(std::string_view bytes) {
  uint64_t sum = Checksum(bytes);
  std::string text(kDigits, '0');
  for (size_t i = kDigits; i-- > 0; sum >>= 4) text[i] = "0123456789abcdef"[sum & 15];
  return text;
}

std::string WithChecksum(std::string_view text) {
  return std::string(text) + " #" + ChecksumText(text);
}

std::optional<std::string> CheckedText(std::string_view line) {
  if (line.size() < kDigits + 2) return std::nullopt;
  const std::string_view text = line.substr(0, line.size() - kDigits - 2);
  if (line.substr(text.size(), 2) != " #" || line.substr(text.size() + 2) != ChecksumText(text)) {
    return std::nullopt;
  }
  return std::string(text);
}

}  // namespace ronchi::hw
