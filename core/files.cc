#include "core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
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

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder, not a file"));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoStatus(errno ? errno : ENOENT, path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = absl::StrCat(path, ".part-", getpid());
  const int fd = open(temporary.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, path);
  int error = 0;
  while (!bytes.empty() && !error) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) error = errno;
    if (n > 0) bytes.remove_prefix(size_t(n));
  }
  if (!error && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && !error) error = errno;
  if (!error && rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (!error) return absl::OkStatus();
  unlink(temporary.c_str());
  return ErrnoStatus(error, path);
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
