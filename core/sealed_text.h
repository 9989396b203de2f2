// A text under a line that tells what it is and its checksum: for small files that are kept to be
// used again. Against damage, not against malice.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi {

// "<kind> <XXH3 of the text>\n" and the text. `kind` is a few words with a version.
std::string Seal(std::string_view kind, std::string_view text);
// The text. InvalidArgument: another kind, or its checksum is not its own.
absl::StatusOr<std::string> Unseal(std::string_view kind, std::string_view sealed);

}  // namespace ronchi
