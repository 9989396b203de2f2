// A file that only grows: one write(2) an append, so that a killed process leaves whole appends and
// at most one torn one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "core/status.h"

namespace ronchi::hw {

class AppendFile {
 public:
  // AlreadyExists: nothing is ever overwritten.
  static absl::StatusOr<std::unique_ptr<AppendFile>> CreateNew(const std::string& path);
  // Opens or makes it, for this process alone. FailedPrecondition: another process has it.
  // InvalidArgument: a device, a pipe or the like. Any other error: it cannot be locked here.
  static absl::StatusOr<std::unique_ptr<AppendFile>> OpenLocked(const std::string& path);
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
  AppendFile(std::string path, Descriptor file);
  absl::Status CheckOwner() const;
  const int owner_;  // the process
  const std::string path_;
  const Descriptor file_;
  size_t size_ = 0;
};

}  // namespace ronchi::hw
