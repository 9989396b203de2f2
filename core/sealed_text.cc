#include "core/sealed_text.h"

#include "absl/strings/str_cat.h"
#include "core/hash.h"

namespace ronchi {
namespace {

std::string FirstLine(std::string_view kind, std::string_view text) {
  return absl::StrCat(std::string(kind), " ", HashOf(text).Hex(), "\n");
}

}  // namespace

std::string Seal(std::string_view kind, std::string_view text) {
  return FirstLine(kind, text) + std::string(text);
}

absl::StatusOr<std::string> Unseal(std::string_view kind, std::string_view sealed) {
  const size_t end = sealed.find('\n');
  const std::string_view first = sealed.substr(0, end);
  if (end == std::string_view::npos || first.substr(0, kind.size()) != kind) {
    return absl::InvalidArgumentError("not " + std::string(kind));
  }
  const std::string_view text = sealed.substr(end + 1);
  if (sealed.substr(0, end + 1) != FirstLine(kind, text)) {
    return absl::InvalidArgumentError("damaged: the checksum is not its own");
  }
  return std::string(text);
}

std::string SealLine(std::string_view text) {
  return absl::StrCat(std::string(text), " #", HashOf(text).LowHex());
}

std::optional<std::string> UnsealLine(std::string_view line) {
  constexpr size_t kTail = 2 + 16;  // " #" and the digits
  if (line.size() < kTail) return std::nullopt;
  const std::string_view text = line.substr(0, line.size() - kTail);
  if (line != SealLine(text)) return std::nullopt;
  return std::string(text);
}

}  // namespace ronchi
