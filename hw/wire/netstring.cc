#include "hw/wire/netstring.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

// `end`: behind the first byte that is wrong; what came after it makes no difference.
absl::Status NoNetstring(std::string_view bytes, size_t end, const std::string& why) {
  constexpr size_t kShown = 20;
  return absl::InvalidArgumentError(absl::StrCat(
      "no netstring begins with '", Printable(bytes.substr(0, std::min(end, kShown))), "': ", why));
}

}  // namespace

absl::StatusOr<size_t> NetstringEnd(std::string_view bytes) {
  return NetstringEndUpTo(bytes, kMostNetstringBytes);
}

absl::StatusOr<size_t> NetstringEndUpTo(std::string_view bytes, size_t most) {
  size_t length = 0, at = 0;
  for (; at < bytes.size() && bytes[at] != ':'; ++at) {
    if (bytes[at] < '0' || bytes[at] > '9') {
      return NoNetstring(bytes, at + 1, "a length in decimal digits is needed");
    }
    if (at > 0 && bytes[0] == '0')
      return NoNetstring(bytes, at + 1, "its length has a leading zero");
    length = 10 * length + size_t(bytes[at] - '0');  // at most ten times the most
    if (length > most) {
      return NoNetstring(bytes, at + 1, absl::StrCat("more than ", most, " bytes are not allowed"));
    }
  }
  if (at == bytes.size()) return 0;
  if (at == 0) return NoNetstring(bytes, at + 1, "it has no length");
  const size_t comma = at + 1 + length;
  if (bytes.size() <= comma) return 0;
  if (bytes[comma] != ',') return NoNetstring(bytes, comma + 1, "it does not end with a comma");
  return comma + 1;
}

std::string Netstring(std::string_view payload) {
  return absl::StrCat(payload.size(), ":", std::string(payload), ",");
}

std::string_view PayloadOf(std::string_view frame) {
  const size_t colon = frame.find(':');
  return frame.substr(colon + 1, frame.size() - colon - 2);
}

}  // namespace ronchi::hw::wire
