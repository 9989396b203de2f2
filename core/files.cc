#include "core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/free_memory.h"
#include "core/new_file.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace fs = std::filesystem;

namespace {
std::string& InstalledData() {
  static std::string* const path = new std::string(kSourceDataDirectory);  // no order at exit
  return *path;
}
}  // namespace

std::string DataDirectory() {
  if (const char* env = std::getenv("RONCHI_DATA"); env && *env) return env;
  return InstalledData();
}

void SetDataDirectory(const std::string& path) { InstalledData() = path; }

std::string CachePath() {
  if (const char* own = std::getenv("RONCHI_CACHE"); own && *own) return own;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) {
    return absl::StrCat(xdg, "/ronchi");
  }
  if (const char* home = std::getenv("HOME"); home && *home) {
    return absl::StrCat(home, "/.cache/ronchi");
  }
  return "";
}

std::string CacheDirectory() {
  const std::string path = CachePath();
  if (path.empty() || !MakeWritableDirectory(path).ok()) return "";
  return path;
}

absl::Status ErrnoStatus(int error, const std::string& path) {
  const std::string message = absl::StrCat(path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case EISDIR:
    case EEXIST:
      return absl::InvalidArgumentError(message);
    default:
      return absl::InternalError(message);
  }
}

absl::StatusOr<Descriptor> OpenRegularFile(const std::string& path, int flags, int mode) {
  Descriptor file(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode));
  struct stat info = {};
  // A socket, and a pipe that nobody reads, cannot be opened at all.
  if (!file.is_open() && errno != ENXIO) return ErrnoStatus(errno, path);
  if (!file.is_open()) return absl::InvalidArgumentError(path + ": is not a regular file");
  if (fstat(file.value(), &info) != 0) return ErrnoStatus(errno, path);
  if (S_ISREG(info.st_mode)) return file;
  return absl::InvalidArgumentError(absl::StrCat(
      path, S_ISDIR(info.st_mode) ? ": is a folder, not a file" : ": is not a regular file"));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, const FileKind& kind) {
  RONCHI_ASSIGN_OR_RETURN(const Descriptor file, OpenRegularFile(path, O_RDONLY));
  struct stat info = {};
  if (fstat(file.value(), &info) != 0) return ErrnoStatus(errno, path);
  uint64_t most = kind.most_bytes;
  constexpr uint64_t kNeverMind = 64 * kMiB;  // whatever the machine
  if (uint64_t(info.st_size) > kNeverMind) {
    most = std::min<uint64_t>(most, std::max<uint64_t>(kNeverMind, AvailableMemoryBytes() / 2));
  }
  const auto too_large = [&] {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%s: too large for %s; allowed here: up to %.4g MB", path, kind.what, double(most) / 1e6));
  };
  if (uint64_t(info.st_size) > most) return too_large();
  // To its end, wherever that is: files below /proc have no size, and logs grow.
  std::string text;
  text.resize(size_t(info.st_size) + 1);
  for (size_t at = 0;;) {
    const ssize_t n = read(file.value(), text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    at += size_t(n);
    if (n == 0) {
      text.resize(at);
      return text;
    }
    if (at > most) return too_large();
    if (at == text.size()) text.resize(2 * at);
  }
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes) {
  RONCHI_ASSIGN_OR_RETURN(NewFile file, NewFile::Create(path));
  RONCHI_RETURN_IF_ERROR(file.file().WriteAt(0, std::as_bytes(std::span(bytes)), path));
  return file.Publish();
}

absl::Status MakeWritableDirectory(const std::string& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) return ErrnoStatus(ec.value(), path);
  if (!fs::is_directory(path)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a file, not a folder"));
  }
  if (access(path.c_str(), W_OK | X_OK) != 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

std::string Base64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string out;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &out)) {
    return absl::InvalidArgumentError("not valid base64");
  }
  return out;
}

}  // namespace ronchi
