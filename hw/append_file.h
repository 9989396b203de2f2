// A file that only grows: one write(2) an append, so that a killed process leaves whole appends and
// at most one torn one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::hw {

class AppendFile {
 public:
  // AlreadyExists: nothing is ever overwritten.
  static absl::StatusOr<std::unique_ptr<AppendFile>> CreateNew(const std::string& path);
  // Opens or makes it, for this process alone. FailedPrecondition: another process has it.
  static absl::StatusOr<std::unique_ptr<AppendFile>> OpenLocked(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // All of it, or (a full disk) nothing: what was written is taken back. FailedPrecondition (also
  // of the two below): this process is a fork of the one that opened the file, and shares its lock.
  absl::Status Append(std::string_view bytes);
  absl::Status Sync();                     // fdatasync: onto the disk
  absl::Status Truncate(size_t new_size);  // of a torn end
  const std::string& path() const { return path_; }
  size_t size() const { return size_; }

 private:
  AppendFile(std::string path, int fd);
  absl::Status CheckOwner() const;
  const int owner_;  // the process
  const std::string path_;
  const int fd_;
  size_t size_ = 0;
};

}  // namespace ronchi::hw
