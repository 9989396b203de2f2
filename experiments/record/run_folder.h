// The folder that a run writes, this run's alone.
#pragma once

#include <string>
#include <vector>

#include "core/descriptor.h"
#include "core/status.h"

namespace ronchi {

// Held by a lock while it lives, so that of several that begin at once one gets the folder.
class RunFolder {
 public:
  // Makes the folder and what is missing above it, or takes one that is empty. AlreadyExists:
  // something is in it, or another process has it. Other errors: it cannot be made or written.
  static absl::StatusOr<RunFolder> Take(const std::string& path);
  // <base>, or <base>-2, <base>-3 …: the first that can be taken.
  static absl::StatusOr<RunFolder> TakeFree(const std::string& base);

  RunFolder(RunFolder&&) = default;
  RunFolder& operator=(RunFolder&&) = delete;
  // Unless it is kept: deletes the files of `names` and then the folders that it made, if nothing
  // else is in them.
  ~RunFolder();

  const std::string& path() const { return path_; }
  void DeleteUnlessKept(std::vector<std::string> names) { names_ = std::move(names); }
  void Keep() { names_.clear(), made_.clear(); }

 private:
  RunFolder() = default;
  absl::Status Make(const std::string& path);
  absl::Status Claim();
  std::string path_;
  std::vector<std::string> made_;   // the uppermost first
  std::vector<std::string> names_;  // of files
  Descriptor lock_;
};

}  // namespace ronchi
