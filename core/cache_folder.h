// The cache folder as a whole: what is in it, how large it may become, and what goes.
//   <root>/<kind>/<hash of the key>.entry                  an entry (core/cache_format.h)
//   <root>/<kind>/<hash of the key>.entry.part-<process>-… an entry in the making, locked meanwhile
//   <root>/<kind>/<hash of the key>.lock                   held by who makes the entry
//   <root>/fftwf-measure-v2 and its kin                    FFT wisdom (sim/fft.cc), kind "fft"
// A file of any other name is not the cache's, and is never touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ronchi {

inline constexpr char kFftKind[] = "fft";

struct CachedFile {
  std::string kind, path;
  uint64_t bytes = 0;
  double last_used_s = 0;  // since 1970
  std::string key, description;
  bool good = true;  // false: its header is damaged, and `description` says how
};

// By kind, the last used first. A folder that cannot be read is an empty one.
std::vector<CachedFile> ListCache(const std::string& root);

struct CacheChoice {
  std::string kind;  // empty: all
  std::optional<double> older_than_s;
};
// What `files` of ListCache the choice takes.
std::vector<CachedFile> Chosen(std::vector<CachedFile> files, const CacheChoice& choice);

// Deletes what is chosen, and what killed processes left of their writing. Who has an entry mapped
// goes on reading it; one in the making is left alone. Gives what was deleted.
std::vector<CachedFile> ClearCache(const std::string& root, const CacheChoice& choice);

// Deletes temporary and lock files in the folder of one kind whose owners are dead.
void RemoveLeftovers(const std::string& folder);

// What the cache may hold: $RONCHI_CACHE_GB, else the less of 20 GB and a tenth of what the file
// system would have free without it. InvalidArgument: the variable is no number from 0.
absl::StatusOr<uint64_t> CacheLimitBytes(const std::string& root);

// Deletes the entries that have not been used for longest until at most so many bytes are held; not
// the one at `keep`.
void TrimCache(const std::string& root, uint64_t limit_bytes, const std::string& keep);

}  // namespace ronchi
