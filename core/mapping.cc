#include "core/mapping.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/files.h"

namespace ronchi {

Mapping::Mapping(Mapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (base_) munmap(base_, bytes_);
}

absl::Status Mapping::Resize(size_t bytes) {
  bytes = std::max(RoundUpToPage(bytes), kPageBytes);
  if (bytes == bytes_) return absl::OkStatus();
  void* base =
      base_ ? mremap(base_, bytes_, bytes, MREMAP_MAYMOVE)
            : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat(bytes / 1000000, " MB of memory are needed: ", std::strerror(errno)));
  }
  base_ = static_cast<std::byte*>(base);
  bytes_ = bytes;
  return absl::OkStatus();
}

absl::StatusOr<Mapping> Mapping::OfFile(int file, size_t bytes, const std::string& path) {
  void* base = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
  if (base == MAP_FAILED) return ErrnoStatus(errno, path);
  return Mapping(base, bytes);
}

}  // namespace ronchi
