#include "hw/append_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/files.h"

namespace ronchi::hw {

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::CreateNew(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) return std::unique_ptr<AppendFile>(new AppendFile(path, fd));
  if (errno == EEXIST) return absl::AlreadyExistsError(path + ": there is a log already");
  return ErrnoStatus(errno, path);
}

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::OpenLocked(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, path);
  std::unique_ptr<AppendFile> file(new AppendFile(path, fd));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError(path + ": another process has it open; end that first");
  }
  return ErrnoStatus(errno, path);
}

AppendFile::AppendFile(std::string path, int fd)
    : owner_(getpid()), path_(std::move(path)), fd_(fd) {
  struct stat info;
  if (fstat(fd, &info) == 0) size_ = size_t(info.st_size);
}

AppendFile::~AppendFile() { close(fd_); }

absl::Status AppendFile::CheckOwner() const {
  if (getpid() == owner_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path_, ": opened by process ", owner_,
                   ", of which this is a fork; only one of both may write to it"));
}

absl::Status AppendFile::Append(std::string_view bytes) {
  RONCHI_RETURN_IF_ERROR(CheckOwner());
  const size_t new_size = size_ + bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const absl::Status failed = ErrnoStatus(errno, path_);
      (void)Truncate(size_);
      return failed;
    }
    bytes.remove_prefix(size_t(n));
  }
  size_ = new_size;
  return absl::OkStatus();
}

absl::Status AppendFile::Sync() {
  RONCHI_RETURN_IF_ERROR(CheckOwner());
  return fdatasync(fd_) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path_);
}

absl::Status AppendFile::Truncate(size_t new_size) {
  RONCHI_RETURN_IF_ERROR(CheckOwner());
  if (ftruncate(fd_, off_t(new_size)) != 0) return ErrnoStatus(errno, path_);
  size_ = new_size;
  return absl::OkStatus();
}

}  // namespace ronchi::hw
