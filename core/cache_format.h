// How an entry of the cache is laid out in its file:
//   header    magic, version, lengths, checksum of all that follows, checksum of the header
//   key       the text that names the content, in full
//   description, for people
//   zeros     to the next multiple of 4096, so that the payload begins on a page
//   payload   to the end
// Numbers as this processor writes them: on another the version reads wrong, hence as a miss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/hash.h"
#include "core/mapping.h"

namespace ronchi {

inline constexpr char kCacheMagic[8] = {'R', 'O', 'N', 'C', 'H', 'I', 'c', 'e'};
inline constexpr uint64_t kCacheVersion = 1;

struct CacheHeader {
  char magic[8];
  uint64_t version;
  uint64_t key_bytes, description_bytes, payload_bytes;
  Hash128 content;  // of all that follows the header
  Hash128 header;   // of all above
};
static_assert(sizeof(CacheHeader) == 72, "no padding, whose bytes would be random");

inline Hash128 HeaderHash(const CacheHeader& h) {
  return HashOf(std::as_bytes(std::span(&h, 1)).first(offsetof(CacheHeader, header)));
}

inline size_t PayloadBegin(uint64_t key_bytes, uint64_t description_bytes) {
  return RoundUpToPage(sizeof(CacheHeader) + key_bytes + description_bytes);
}

// What stands between header and payload.
inline std::string CacheFront(const std::string& key, const std::string& description) {
  std::string front = key + description;
  front.resize(PayloadBegin(key.size(), description.size()) - sizeof(CacheHeader), '\0');
  return front;
}

}  // namespace ronchi
