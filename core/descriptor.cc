#include "core/descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/files.h"

namespace ronchi {

Descriptor::Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(value_, other.value_);
  return *this;
}

Descriptor::~Descriptor() {
  if (value_ >= 0) close(value_);
}

absl::Status Descriptor::ReadAt(size_t offset, std::span<std::byte> bytes,
                                const std::string& path) const {
  while (!bytes.empty()) {
    const ssize_t n = pread(value_, bytes.data(), bytes.size(), off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    if (n == 0) return absl::DataLossError(path + ": truncated");
    bytes = bytes.subspan(size_t(n)), offset += size_t(n);
  }
  return absl::OkStatus();
}

absl::Status Descriptor::WriteAt(size_t offset, std::span<const std::byte> bytes,
                                 const std::string& path) const {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(value_, bytes.data(), bytes.size(), off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    bytes = bytes.subspan(size_t(n)), offset += size_t(n);
  }
  return absl::OkStatus();
}

}  // namespace ronchi
