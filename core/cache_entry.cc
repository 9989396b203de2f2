#include "core/cache_entry.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/cache_format.h"
#include "core/descriptor.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/interrupt.h"

namespace ronchi {
namespace {

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// Opened without waiting, should it be a pipe.
Descriptor OpenEntry(const std::string& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

absl::StatusOr<CacheHeader> ReadHeader(const Descriptor& file, const std::string& path) {
  if (!file.is_open()) return ErrnoStatus(errno, path);
  struct stat info = {};
  if (fstat(file.value(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return Damaged(path, "not a file");
  const uint64_t size = uint64_t(info.st_size);
  CacheHeader h;
  RONCHI_RETURN_IF_ERROR(file.ReadAt(0, std::as_writable_bytes(std::span(&h, 1)), path));
  if (std::memcmp(h.magic, kCacheMagic, sizeof kCacheMagic) != 0)
    return Damaged(path, "not a cache entry");
  if (h.version != kCacheVersion) return Damaged(path, "of another version");
  if (h.header != HeaderHash(h)) return Damaged(path, "its header is damaged");
  if (size != PayloadBegin(h.key_bytes, h.description_bytes) + h.payload_bytes) {
    return Damaged(path, "truncated");
  }
  return h;
}

absl::StatusOr<EntryLabel> ReadLabel(const Descriptor& file, const CacheHeader& h,
                                     const std::string& path) {
  EntryLabel label = {std::string(h.key_bytes, '\0'), std::string(h.description_bytes, '\0'),
                      h.payload_bytes};
  const auto read = [&](size_t at, std::string* text) {
    return file.ReadAt(at, std::as_writable_bytes(std::span(*text)), path);
  };
  RONCHI_RETURN_IF_ERROR(read(sizeof h, &label.key));
  RONCHI_RETURN_IF_ERROR(read(sizeof h + h.key_bytes, &label.description));
  return label;
}

// Checks a mapped file against its header, a piece at a time: each is asked for in one call, which
// reads a cold disk several times as fast as page by page, and says what would else be a SIGBUS.
absl::Status VerifyContent(const Mapping& mapping, const CacheHeader& h, const std::string& path) {
  constexpr size_t kPiece = size_t(16) << 20;
  Hasher hasher;
  for (size_t at = 0; at < mapping.size(); at += kPiece) {
    // What takes a moment is not worth giving up: who stops early still saves what there is.
    if (at > 0 && Interrupted()) return absl::CancelledError(path + ": interrupted");
    const std::span<const std::byte> piece(mapping.data() + at,
                                           std::min(kPiece, mapping.size() - at));
#ifdef MADV_POPULATE_READ
    // Kernels before Linux 5.14 do not know it (EINVAL): then page by page.
    if (madvise(mapping.data() + at, piece.size(), MADV_POPULATE_READ) != 0 && errno == EFAULT) {
      return Damaged(path, "cannot be read");
    }
#endif
    hasher.Update(at == 0 ? piece.subspan(sizeof(CacheHeader)) : piece);
  }
  return hasher.Digest() == h.content ? absl::OkStatus() : Damaged(path, "damaged");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const MappedEntry>> LoadEntry(const std::string& path,
                                                             const std::string& key) {
  const Descriptor file = OpenEntry(path);
  RONCHI_ASSIGN_OR_RETURN(const CacheHeader h, ReadHeader(file, path));
  RONCHI_ASSIGN_OR_RETURN(const EntryLabel label, ReadLabel(file, h, path));
  if (label.key != key) return Damaged(path, "holds another key");
  const size_t begin = PayloadBegin(h.key_bytes, h.description_bytes);
  RONCHI_ASSIGN_OR_RETURN(Mapping mapping,
                          Mapping::OfFile(file.value(), begin + h.payload_bytes, path));
  RONCHI_RETURN_IF_ERROR(VerifyContent(mapping, h, path));
  // Its time says when it was last used; where that cannot be written, it only grows older.
  (void)futimens(file.value(), nullptr);
  return std::make_shared<const MappedEntry>(std::move(mapping), begin, h.payload_bytes,
                                             MappedEntry::Origin::kLoaded);
}

absl::StatusOr<EntryLabel> ReadEntryLabel(const std::string& path) {
  const Descriptor file = OpenEntry(path);
  RONCHI_ASSIGN_OR_RETURN(const CacheHeader h, ReadHeader(file, path));
  return ReadLabel(file, h, path);
}

}  // namespace ronchi
