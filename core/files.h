// Where things live, and files that appear whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/descriptor.h"
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

// What is read of the outside world, and how large it may be: far beyond what anybody needs, and
// far from what brings a machine down.
struct FileKind {
  const char* what;  // "a config"
  uint64_t most_bytes;
};
inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr FileKind kConfigFile = {"a config", 16 * kMiB};
inline constexpr FileKind kTableFile = {"a table", 16 * kMiB};
inline constexpr FileKind kTextFile = {"a text", 4096 * kMiB};
inline constexpr FileKind kStructureFile = {"a structure", 4096 * kMiB};
inline constexpr FileKind kPolicyFile = {"a policy", 1024 * kMiB};
inline constexpr FileKind kLedgerFile = {"a dose ledger", 4096 * kMiB};
inline constexpr FileKind kLogFile = {"a log", 16384 * kMiB};
inline constexpr FileKind kFramesFile = {"images of a log", 1048576 * kMiB};

// The one door by which files are read into memory. NotFound, PermissionDenied; InvalidArgument: a
// folder, device, pipe or socket; ResourceExhausted: larger than its kind may be, or than half the
// memory that the machine has left.
absl::StatusOr<std::string> ReadFile(const std::string& path, const FileKind& kind = kTextFile);
// Opens what must be a regular file, without waiting should it be a pipe; `flags` and `mode` as of
// open(2). Errors as of ReadFile.
absl::StatusOr<Descriptor> OpenRegularFile(const std::string& path, int flags, int mode = 0);
// Through a NewFile: it appears whole or not at all. Nothing is left on failure. PermissionDenied:
// not writable. ResourceExhausted: the disk is full.
absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes);
// Makes the folder (and its parents) and proves that it can be written to.
absl::Status MakeWritableDirectory(const std::string& path);
// The Status of errno after a failed call on `path`.
absl::Status ErrnoStatus(int error, const std::string& path);

std::string Base64(std::string_view bytes);
absl::StatusOr<std::string> FromBase64(std::string_view text);

}  // namespace ronchi
