// XXH3 of 128 bits (Yann Collet, xxHash): names and checks what is kept on disk. Fast and evenly
// spread, but no defence against someone who wants a collision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ronchi {

struct Hash128 {
  uint64_t low = 0, high = 0;
  bool operator==(const Hash128&) const = default;
  std::string Hex() const;     // 32 digits, the high half first
  std::string LowHex() const;  // 16 digits of the low half: enough for what one line or frame holds
};

Hash128 HashOf(std::span<const std::byte> bytes);
Hash128 HashOf(std::string_view text);

// The same of pieces, one after the other.
class Hasher {
 public:
  Hasher();
  void Update(std::span<const std::byte> bytes);
  Hash128 Digest() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

}  // namespace ronchi
