// Texts that carry their checksum (core/hash.h). Against damage, as by a torn write or a bad disk,
// not against malice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi {

// A small file that is kept to be used again: "<kind> <XXH3 of the text>\n" and the text. `kind` is
// a few words with a version.
std::string Seal(std::string_view kind, std::string_view text);
// The text. InvalidArgument: another kind, or its checksum is not its own.
absl::StatusOr<std::string> Unseal(std::string_view kind, std::string_view sealed);

// A line of a journal: "text #0123456789abcdef", 64 bits of the text's XXH3.
std::string SealLine(std::string_view text);
// The text; nothing when the checksum is not there or not its own.
std::optional<std::string> UnsealLine(std::string_view line);

}  // namespace ronchi
