#include "core/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/file_lock.h"
#include "core/files.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

constexpr char kPart[] = ".part-";
constexpr mode_t kMode = 0644;

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// The process of "<digits>" or "<digits>-<digits>"; 0: it is no name of ours.
pid_t ProcessOf(const std::string& text) {
  const size_t dash = text.find('-');
  const auto all_digits = [](const std::string& s) {
    return !s.empty() && s.size() < 10 && s.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!all_digits(text.substr(0, dash))) return 0;
  if (dash != std::string::npos && !all_digits(text.substr(dash + 1))) return 0;
  return pid_t(std::atol(text.c_str()));
}

absl::Status MayReplace(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) return absl::OkStatus();
  if (S_ISDIR(info.st_mode)) return ErrnoStatus(EISDIR, path);
  return absl::InvalidArgumentError(path + ": is no regular file; nothing is put in its place");
}

std::string LinkOf(const Descriptor& file) { return absl::StrCat("/proc/self/fd/", file.value()); }

}  // namespace

NewFile::NewFile(std::string path, std::string temporary, Descriptor file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

NewFile::~NewFile() {
  if (file_.is_open() && !temporary_.empty()) unlink(temporary_.c_str());
}

std::string NewFile::UniqueName(const std::string& path) {
  static std::atomic<unsigned> number = 0;
  return absl::StrCat(path, kPart, getpid(), "-", number++);
}

// They are neither locked nor of a process that lives.
void NewFile::RemoveLeftovers(const std::string& path) {
  const std::string stem = fs::path(path).filename().string() + kPart;
  std::error_code ec;
  for (fs::directory_iterator it(FolderOf(path), ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (name.rfind(stem, 0) != 0) continue;
    const pid_t process = ProcessOf(name.substr(stem.size()));
    struct stat info = {};
    if (process <= 0 || kill(process, 0) == 0 || errno != ESRCH) continue;
    if (lstat(it->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (info.st_uid == geteuid()) RemoveIfUnlocked(it->path().string());
  }
}

absl::StatusOr<NewFile> NewFile::Create(const std::string& path) {
  RONCHI_RETURN_IF_ERROR(MayReplace(path));
  Descriptor nameless(open(FolderOf(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kMode));
  if (nameless.is_open() && access(LinkOf(nameless).c_str(), R_OK | W_OK) == 0) {
    return NewFile(path, "", std::move(nameless));
  }
  RemoveLeftovers(path);
  const std::string temporary = UniqueName(path);
  Descriptor named(open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, kMode));
  if (!named.is_open()) return ErrnoStatus(errno, path);
  // Where there are no locks, the process's number alone tells that it is alive.
  (void)TryLockOpenFile(named, temporary);
  return NewFile(path, temporary, std::move(named));
}

absl::Status NewFile::Name() {
  const std::string temporary = UniqueName(path_);
  if (linkat(AT_FDCWD, LinkOf(file_).c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) !=
      0) {
    return ErrnoStatus(errno, path_);
  }
  temporary_ = temporary;
  return absl::OkStatus();
}

absl::Status NewFile::Publish() {
  if (fsync(file_.value()) != 0) return ErrnoStatus(errno, path_);
  if (temporary_.empty()) {
    // At once under its own name, where that is free.
    if (linkat(AT_FDCWD, LinkOf(file_).c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return absl::OkStatus();
    }
    RONCHI_RETURN_IF_ERROR(Name());
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoStatus(errno, path_);
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace ronchi
