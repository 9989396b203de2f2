// Locks between processes, and between threads of one: advisory locks on a file (flock), which the
// kernel takes back when their holder dies in whatever way.
#pragma once

#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/status.h"

namespace ronchi {

// Makes the file and locks it. The file is deleted with the lock, so that none pile up.
class FileLock {
 public:
  // Unavailable: another holds it. Any other error: there can be no lock here.
  static absl::StatusOr<FileLock> TryAcquire(const std::string& path);
  FileLock(FileLock&& other) = default;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  FileLock(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  Descriptor file_;
};

// Locks an open file without waiting. Unavailable: another holds it; NotFound: it was deleted
// before the lock was had, so that the lock excludes nobody.
absl::Status TryLockOpenFile(const Descriptor& file, const std::string& path);

// Deletes the file if nobody has it locked.
void RemoveIfUnlocked(const std::string& path);

}  // namespace ronchi
