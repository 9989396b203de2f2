// An open file of the system, closed with the object.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/status.h"

namespace ronchi {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  bool is_open() const { return value_ >= 0; }
  int value() const { return value_; }
  // All of the span or an error, which names `path`.
  absl::Status ReadAt(size_t offset, std::span<std::byte> bytes, const std::string& path) const;
  absl::Status WriteAt(size_t offset, std::span<const std::byte> bytes,
                       const std::string& path) const;

 private:
  int value_ = -1;
};

}  // namespace ronchi
