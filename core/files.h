// Where things live, and files that appear whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi {

// The project's data folder (scattering tables, structures): $RONCHI_DATA, else what was set, else
// the source tree's.
std::string DataDirectory();
// Where an installed package keeps it. Call it once, at start-up.
void SetDataDirectory(const std::string& path);
// The user's cache (FFT wisdom, prepared engines): $RONCHI_CACHE, $XDG_CACHE_HOME/ronchi or
// ~/.cache/ronchi. It may not exist yet. Empty when none of the variables is set.
std::string CachePath();
// The same, made when missing. Empty when it cannot be written to: then nothing is kept.
std::string CacheDirectory();

absl::StatusOr<std::string> ReadFile(const std::string& path);
// Writes a sibling temporary file, syncs it, renames it over `path`. Nothing is left on failure.
// PermissionDenied: not writable. ResourceExhausted: the disk is full.
absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes);
// Makes the folder (and its parents) and proves that it can be written to.
absl::Status MakeWritableDirectory(const std::string& path);
// The Status of errno after a failed call on `path`.
absl::Status ErrnoStatus(int error, const std::string& path);

std::string Base64(std::string_view bytes);
absl::StatusOr<std::string> FromBase64(std::string_view text);

}  // namespace ronchi
