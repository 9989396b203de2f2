#include "hw/record/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/file_lock.h"
#include "core/files.h"

namespace ronchi::hw {

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::CreateNew(const std::string& path) {
  Descriptor made(open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644));
  if (made.is_open()) return std::unique_ptr<AppendFile>(new AppendFile(path, std::move(made)));
  if (errno == EEXIST) return absl::AlreadyExistsError(path + ": there is a log already");
  return ErrnoStatus(errno, path);
}

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::OpenLocked(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(Descriptor opened,
                          OpenRegularFile(path, O_CREAT | O_WRONLY | O_APPEND, 0644));
  const absl::Status locked = TryLockOpenFile(opened, path);
  if (absl::IsUnavailable(locked)) {
    return absl::FailedPreconditionError(path + ": another process has it open; end that first");
  }
  RONCHI_RETURN_IF_ERROR(Annotate(locked, "cannot be locked, which has to be"));
  return std::unique_ptr<AppendFile>(new AppendFile(path, std::move(opened)));
}

AppendFile::AppendFile(std::string path, Descriptor file)
    : owner_(getpid()), path_(std::move(path)), file_(std::move(file)) {
  struct stat info;
  if (fstat(file_.value(), &info) == 0) size_ = size_t(info.st_size);
}

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
    const ssize_t n = write(file_.value(), bytes.data(), bytes.size());
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
  return fdatasync(file_.value()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path_);
}

absl::Status AppendFile::Truncate(size_t new_size) {
  RONCHI_RETURN_IF_ERROR(CheckOwner());
  if (ftruncate(file_.value(), off_t(new_size)) != 0) return ErrnoStatus(errno, path_);
  size_ = new_size;
  return absl::OkStatus();
}

}  // namespace ronchi::hw
