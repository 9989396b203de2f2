#include "core/cache_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/cache_format.h"
#include "core/file_lock.h"
#include "core/files.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// Not keyed by a seed: two writers must never take the same name.
std::string TemporaryName(const std::string& path) {
  uint64_t unique = 0;
  if (getentropy(&unique, sizeof unique) != 0) unique = uint64_t(std::time(nullptr));
  return absl::StrCat(path, ".part-", getpid(), "-", absl::Hex(unique));
}

// Over a file, or an empty folder; what is in a folder is not ours.
absl::Status RenameOver(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  if (errno != EISDIR) return ErrnoStatus(errno, to);
  std::error_code ec;
  fs::remove(to, ec);
  return std::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, to);
}

// Makes a rename outlast a power failure; where the system cannot, the entry may be lost, not bad.
void SyncFolder(const std::string& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) (void)fsync(folder.value());
}

}  // namespace

CacheWriter::CacheWriter(std::string path, const std::string& key, const std::string& description,
                         uint64_t limit_bytes)
    : path_(std::move(path)),
      key_bytes_(key.size()),
      description_bytes_(description.size()),
      limit_bytes_(limit_bytes),
      front_(CacheFront(key, description)) {
  if (path_.empty()) return;
  disk_status_ = Open();
  if (!disk_status_.ok()) RemoveTemporary();
}

CacheWriter::~CacheWriter() { RemoveTemporary(); }

absl::Status CacheWriter::Open() {
  absl::Status locked;
  // The lock tells a file in the making from one whose maker died. Somebody who cleans up may come
  // between making and locking it, hence a few tries.
  for (int i = 0; i < 10; ++i) {
    temporary_ = TemporaryName(path_);
    file_ = Descriptor(open(temporary_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644));
    if (!file_.is_open()) {
      locked = ErrnoStatus(errno, temporary_);
      temporary_.clear();
      return locked;
    }
    locked = TryLockOpenFile(file_, temporary_);
    if (locked.ok()) break;
    RemoveTemporary();
    if (!absl::IsUnavailable(locked) && !absl::IsNotFound(locked)) break;
  }
  RONCHI_RETURN_IF_ERROR(locked);
  const auto front = std::as_bytes(std::span(front_));
  RONCHI_RETURN_IF_ERROR(file_.WriteAt(sizeof(CacheHeader), front, path_));
  hasher_.Update(front);
  return absl::OkStatus();
}

void CacheWriter::RemoveTemporary() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
  file_ = Descriptor();
}

absl::Status CacheWriter::Append(std::span<const std::byte> bytes) {
  if (file_.is_open()) {
    const absl::Status status = AppendToDisk(bytes);
    if (status.ok()) return status;
    RONCHI_RETURN_IF_ERROR(MoveToMemory(status));
  }
  return AppendToMemory(bytes);
}

absl::Status CacheWriter::AppendToDisk(std::span<const std::byte> bytes) {
  const size_t end = sizeof(CacheHeader) + front_.size() + bytes_;
  if (end + bytes.size() > limit_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("larger than the cache may become, %.3g GB", double(limit_bytes_) / 1e9));
  }
  RONCHI_RETURN_IF_ERROR(file_.WriteAt(end, bytes, path_));
  hasher_.Update(bytes);
  bytes_ += bytes.size();
  return absl::OkStatus();
}

absl::Status CacheWriter::AppendToMemory(std::span<const std::byte> bytes) {
  const size_t need = bytes_ + bytes.size();
  if (need > memory_.size()) {
    // Half as much again, so that many small pieces do not mean as many calls; or just what fits.
    if (!memory_.Resize(need + need / 2).ok()) RONCHI_RETURN_IF_ERROR(memory_.Resize(need));
  }
  if (!bytes.empty()) std::memcpy(memory_.data() + bytes_, bytes.data(), bytes.size());
  bytes_ = need;
  return absl::OkStatus();
}

absl::Status CacheWriter::MoveToMemory(const absl::Status& why) {
  disk_status_ = why;
  RONCHI_RETURN_IF_ERROR(memory_.Resize(bytes_));
  const std::span<std::byte> payload(memory_.data(), bytes_);
  RONCHI_RETURN_IF_ERROR(file_.ReadAt(sizeof(CacheHeader) + front_.size(), payload, path_));
  // A disk that fails may not give back what it took.
  Hasher check;
  check.Update(std::as_bytes(std::span(front_)));
  check.Update(payload);
  if (check.Digest() != hasher_.Digest()) {
    return absl::DataLossError(path_ + ": the disk gives back other bytes than were written");
  }
  RemoveTemporary();
  return absl::OkStatus();
}

absl::Status CacheWriter::Publish() {
  CacheHeader header = {{},     kCacheVersion,    key_bytes_, description_bytes_,
                        bytes_, hasher_.Digest(), {}};
  std::memcpy(header.magic, kCacheMagic, sizeof kCacheMagic);
  header.header = HeaderHash(header);
  RONCHI_RETURN_IF_ERROR(file_.WriteAt(0, std::as_bytes(std::span(&header, 1)), path_));
  if (fsync(file_.value()) != 0) return ErrnoStatus(errno, path_);
  RONCHI_RETURN_IF_ERROR(RenameOver(temporary_, path_));
  temporary_.clear();
  SyncFolder(fs::path(path_).parent_path());
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const MappedEntry>> CacheWriter::Finish() {
  using Origin = MappedEntry::Origin;
  const size_t begin = sizeof(CacheHeader) + front_.size();
  if (file_.is_open()) {
    const absl::Status status = Publish();
    if (!status.ok()) RONCHI_RETURN_IF_ERROR(MoveToMemory(status));
  }
  if (!file_.is_open()) {
    RONCHI_RETURN_IF_ERROR(memory_.Resize(bytes_));
    return std::make_shared<const MappedEntry>(std::move(memory_), 0, bytes_, Origin::kMemory);
  }
  const Descriptor file = std::move(file_);
  RONCHI_ASSIGN_OR_RETURN(Mapping mapping, Mapping::OfFile(file.value(), begin + bytes_, path_));
  return std::make_shared<const MappedEntry>(std::move(mapping), begin, bytes_, Origin::kWritten);
}

}  // namespace ronchi
