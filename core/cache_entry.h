// One entry of the cache on disk, as it is read: a file (core/cache_format.h) that appears whole or
// not at all and never changes, mapped into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/mapping.h"
#include "core/status.h"

namespace ronchi {

// An immutable payload, mapped from its file or held in memory; unmapped with the object. Its file
// may be deleted or replaced meanwhile: Linux keeps an unlinked file until its last mapping goes.
class MappedEntry {
 public:
  enum class Origin { kLoaded, kWritten, kMemory };  // kMemory: it could not be kept on disk
  MappedEntry(Mapping mapping, size_t begin, size_t bytes, Origin origin)
      : mapping_(std::move(mapping)), begin_(begin), bytes_(bytes), origin_(origin) {}

  // Begins on a page.
  std::span<const std::byte> payload() const { return {mapping_.data() + begin_, bytes_}; }
  Origin origin() const { return origin_; }

 private:
  const Mapping mapping_;
  const size_t begin_, bytes_;
  const Origin origin_;
};

// Maps the entry and verifies all of it. NotFound: there is none. Cancelled: Interrupted(). Any
// other error says why the file is not this key's entry.
absl::StatusOr<std::shared_ptr<const MappedEntry>> LoadEntry(const std::string& path,
                                                             const std::string& key);

struct EntryLabel {
  std::string key, description;
  uint64_t payload_bytes = 0;
};
// What the entry says of itself. Sizes and the header's checksum are verified, the payload is not.
absl::StatusOr<EntryLabel> ReadEntryLabel(const std::string& path);

}  // namespace ronchi
