// Mapped memory: of a file, or anonymous.
#pragma once

#include <cstddef>
#include <string>

#include "core/status.h"

namespace ronchi {

// Of x86-64.
constexpr size_t kPageBytes = 4096;
constexpr size_t RoundUpToPage(size_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

// Whole pages of memory, given back with the object.
class Mapping {
 public:
  Mapping() = default;
  // An open file from its beginning, to be read. Errors name `path`.
  static absl::StatusOr<Mapping> OfFile(int file, size_t bytes, const std::string& path);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Anonymous memory of this many bytes or up to a page more; what is in it stays, uncopied.
  absl::Status Resize(size_t bytes);
  std::byte* data() const { return base_; }
  size_t size() const { return bytes_; }

 private:
  Mapping(void* base, size_t bytes) : base_(static_cast<std::byte*>(base)), bytes_(bytes) {}
  std::byte* base_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ronchi
