// One entry of the cache on disk, as it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/cache_entry.h"
#include "core/descriptor.h"
#include "core/hash.h"
#include "core/mapping.h"
#include "core/status.h"

namespace ronchi {

// Takes a payload piece by piece into a temporary file beside `path`, or, where that cannot be
// written or would exceed the limit, into memory: what is already on disk is then read back.
class CacheWriter {
 public:
  // An empty path: memory from the start.
  CacheWriter(std::string path, const std::string& key, const std::string& description,
              uint64_t limit_bytes);
  ~CacheWriter();  // an unfinished temporary file is deleted
  CacheWriter(const CacheWriter&) = delete;
  CacheWriter& operator=(const CacheWriter&) = delete;

  // In large pieces: each is a system call. Fails only when there is neither disk nor memory.
  absl::Status Append(std::span<const std::byte> bytes);

  // Header, sync, rename, sync of the folder; the payload as it is mapped. Once.
  absl::StatusOr<std::shared_ptr<const MappedEntry>> Finish();
  // Why the payload is not on disk. OK: it is, or no path was given.
  const absl::Status& disk_status() const { return disk_status_; }

 private:
  absl::Status Open();
  absl::Status AppendToDisk(std::span<const std::byte> bytes);
  absl::Status AppendToMemory(std::span<const std::byte> bytes);
  // Gives the disk up for this reason.
  absl::Status MoveToMemory(const absl::Status& why);
  absl::Status Publish();
  void RemoveTemporary();

  const std::string path_;
  const uint64_t key_bytes_, description_bytes_, limit_bytes_;
  std::string temporary_;
  Descriptor file_;          // open while it goes to disk
  const std::string front_;  // what stands between header and payload
  uint64_t bytes_ = 0;       // of the payload so far
  Hasher hasher_;            // of all behind the header, while it goes to disk
  Mapping memory_;
  absl::Status disk_status_;
};

}  // namespace ronchi
