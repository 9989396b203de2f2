// A file in the making: it appears under its name whole or not at all. Until then it has no name
// (O_TMPFILE), so that a program that is killed leaves nothing; where the file system cannot do
// that, it is <path>.part-<process>-<number>, locked, and the next who makes the same file deletes
// what the dead have left.
#pragma once

#include <string>

#include "core/descriptor.h"
#include "core/status.h"

namespace ronchi {

class NewFile {
 public:
  // NotFound: no such folder. PermissionDenied. InvalidArgument: a folder, a device or the like has
  // that name; nothing is ever put in its place.
  static absl::StatusOr<NewFile> Create(const std::string& path);
  NewFile(NewFile&&) = default;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();  // without Publish() nothing is left

  const Descriptor& file() const { return file_; }
  // While it is in the making; empty: it has none.
  const std::string& temporary_name() const { return temporary_; }
  // Syncs it and puts it in its place, over a file that is there. Nothing is left on failure.
  absl::Status Publish();

  // For who needs a name for a moment: no other file's, and deleted by RemoveLeftovers should the
  // program be killed.
  static std::string UniqueName(const std::string& path);
  // Deletes what killed programs have left of making `path`.
  static void RemoveLeftovers(const std::string& path);

 private:
  NewFile(std::string path, std::string temporary, Descriptor file);
  absl::Status Name();
  std::string path_, temporary_;  // temporary_: empty while it has no name
  Descriptor file_;
};

}  // namespace ronchi
