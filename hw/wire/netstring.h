// Netstrings (D. J. Bernstein, 1997), in which correctors and others frame their JSON:
//   "12:Hello world!,"   the payload's length in decimal digits, ':', the payload, ','
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::hw::wire {

inline constexpr size_t kMostNetstringBytes = 16 << 20;  // of a payload

// A FrameEnd (hw/wire/framed_peer.h): where the first netstring ends; 0: it is not whole yet.
// InvalidArgument, as soon as it shows: no length, one with a leading zero, one above the most, no
// comma at the end.
absl::StatusOr<size_t> NetstringEnd(std::string_view bytes);
// The same for payloads of `most` bytes or fewer.
absl::StatusOr<size_t> NetstringEndUpTo(std::string_view bytes, size_t most);

std::string Netstring(std::string_view payload);
// Of a whole frame, as NetstringEnd delimits it.
std::string_view PayloadOf(std::string_view frame);

}  // namespace ronchi::hw::wire
