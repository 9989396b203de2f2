// A cache on disk of large immutable results, named by what determines them. Safe for several
// processes and threads; a process killed at any moment leaves no bad entry; what is damaged counts
// as absent. Nothing that fails on the disk is an error: the result is then held in memory.
//
//   const ContentCache cache({.kind = "contracted"});
//   RONCHI_ASSIGN_OR_RETURN(
//       const std::shared_ptr<const MappedEntry> entry,
//       cache.GetOrMake(key, "SrTiO3, 2 detectors", [&](CacheWriter& out) -> absl::Status {
//         for (const Block& block : Compute()) {
//           RONCHI_RETURN_IF_ERROR(out.Append(std::as_bytes(std::span(block.values))));
//         }
//         return absl::OkStatus();
//       }));
//   const std::span<const std::byte> payload = entry->payload();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/cache_entry.h"
#include "core/cache_writer.h"
#include "core/files.h"
#include "core/status.h"

namespace ronchi {

class ContentCache {
 public:
  struct Options {
    std::string kind;                     // a folder in root: lower-case letters, digits, '_'
    std::string root = CachePath();       // empty: nothing is kept
    std::optional<uint64_t> limit_bytes;  // over CacheLimitBytes(root); 0: nothing is kept
    // One line about what went wrong on the disk. Default: "ronchi: …" on stderr.
    std::function<void(const std::string&)> warn;
  };
  using Entry = std::shared_ptr<const MappedEntry>;
  // Appends the payload. An error of it is GetOrMake's, and nothing is kept.
  using Maker = std::function<absl::Status(CacheWriter&)>;

  explicit ContentCache(Options options);

  // The key's entry, verified in full and mapped; if there is none it is made, by one process while
  // the others wait. `key` is all that determines the payload, with a version of its layout, in
  // words; `description` is for people. Cancelled: Interrupted() while waiting or verifying.
  // `make` must not ask for the same key, and when interrupted must fail: what it ends well with is
  // kept.
  absl::StatusOr<Entry> GetOrMake(const std::string& key, const std::string& description,
                                  const Maker& make) const;
  // NotFound: there is none, or it is damaged (a warning says so).
  absl::StatusOr<Entry> Load(const std::string& key) const;
  // Whether there seems to be one: all but the payload is looked at. For estimates of cost.
  bool Contains(const std::string& key) const;
  std::string PathOf(const std::string& key) const;

 private:
  absl::StatusOr<Entry> MakeEntry(const std::string& path, const std::string& key,
                                  const std::string& description, uint64_t limit_bytes,
                                  const Maker& make) const;
  uint64_t LimitBytes() const;
  void WarnNotKept(const std::string& description, const absl::Status& why) const;
  Options options_;
};

}  // namespace ronchi
