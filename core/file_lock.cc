#include "core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/files.h"

namespace ronchi {

absl::Status TryLockOpenFile(const Descriptor& file, const std::string& path) {
  while (flock(file.value(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return absl::UnavailableError(path + ": locked by another process");
    if (errno != EINTR) return ErrnoStatus(errno, path);
  }
  struct stat info = {};
  if (fstat(file.value(), &info) != 0) return ErrnoStatus(errno, path);
  if (info.st_nlink == 0) return absl::NotFoundError(path + ": deleted");
  return absl::OkStatus();
}

absl::StatusOr<FileLock> FileLock::TryAcquire(const std::string& path) {
  for (;;) {
    Descriptor file(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
    if (!file.is_open()) return ErrnoStatus(errno, path);
    const absl::Status locked = TryLockOpenFile(file, path);
    if (locked.ok()) return FileLock(path, std::move(file));
    // Its last holder deleted it between our open and our lock: the next try makes a new one.
    if (!absl::IsNotFound(locked)) return locked;
  }
}

FileLock::~FileLock() {
  // Before it is unlocked: who locks a file without a name tries again.
  if (file_.is_open()) unlink(path_.c_str());
}

void RemoveIfUnlocked(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.is_open() && TryLockOpenFile(file, path).ok()) unlink(path.c_str());
}

}  // namespace ronchi
