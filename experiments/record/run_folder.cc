#include "experiments/record/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/file_lock.h"
#include "core/files.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

constexpr int kTries = 100;  // for who deletes an empty folder between two of our steps

absl::Status Taken(const std::string& path, const char* why) {
  return absl::AlreadyExistsError(absl::StrCat(path, ": ", why, "; nothing is overwritten"));
}

}  // namespace

// Each step by mkdir, which says who was first.
absl::Status RunFolder::Make(const std::string& path) {
  fs::path so_far;
  for (const fs::path& part : fs::path(path).lexically_normal()) {
    so_far /= part;
    if (part.empty() || part == "/") continue;
    if (mkdir(so_far.c_str(), 0777) == 0) {
      made_.push_back(so_far.string());
    } else if (errno != EEXIST) {
      std::error_code ec;  // mkdir of what is there may fail for want of rights
      const int error = errno;
      if (!fs::is_directory(so_far, ec)) return ErrnoStatus(error, so_far.string());
    }
  }
  return MakeWritableDirectory(path);
}

absl::Status RunFolder::Claim() {
  lock_ = Descriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_.is_open()) return ErrnoStatus(errno, path_);
  const absl::Status locked = TryLockOpenFile(lock_, path_);
  if (absl::IsUnavailable(locked)) return Taken(path_, "another process writes there");
  if (absl::IsNotFound(locked)) return locked;
  // Without locks, mkdir has told who was first.
  const bool own = !made_.empty() && made_.back() == fs::path(path_).lexically_normal().string();
  if (!locked.ok() && !own) return Annotate(locked, "name a folder that does not exist");
  std::error_code ec;
  if (!fs::is_empty(path_, ec) || ec) return Taken(path_, "exists and is not an empty folder");
  return absl::OkStatus();
}

absl::StatusOr<RunFolder> RunFolder::Take(const std::string& path) {
  std::error_code ec;
  if (fs::exists(path, ec) && !fs::is_directory(path, ec)) {
    return Taken(path, "exists and is not an empty folder");
  }
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    RunFolder folder;
    folder.path_ = path;
    status = folder.Make(path);
    if (status.ok()) status = folder.Claim();
    if (status.ok()) return folder;
    // The folders may be another's by now.
    if (absl::IsAlreadyExists(status)) folder.Keep();
    if (!absl::IsNotFound(status)) break;
  }
  return status;
}

absl::StatusOr<RunFolder> RunFolder::TakeFree(const std::string& base) {
  for (int i = 1;; ++i) {
    absl::StatusOr<RunFolder> folder = Take(i == 1 ? base : absl::StrCat(base, "-", i));
    if (folder.ok() || !absl::IsAlreadyExists(folder.status())) return folder;
  }
}

RunFolder::~RunFolder() {
  for (const std::string& name : names_) unlink(absl::StrCat(path_, "/", name).c_str());
  for (auto it = made_.rbegin(); it != made_.rend(); ++it) rmdir(it->c_str());
}

}  // namespace ronchi
