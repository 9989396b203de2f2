#include "core/content_cache.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/cache_folder.h"
#include "core/file_lock.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "core/progress.h"

namespace ronchi {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(20);

void WarnOnStderr(const std::string& line) {
  std::fprintf(stderr, "ronchi: %s\n", Printable(line).c_str());
}

bool IsFolderName(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

// Waits for the lock and says so once. Cancelled: Interrupted(). Any other error: no lock here.
// A blocking flock would not do: a signal may reach another thread and leave it waiting.
absl::StatusOr<FileLock> WaitForLock(const std::string& path, const std::string& description) {
  for (bool told = false;;) {
    absl::StatusOr<FileLock> lock = FileLock::TryAcquire(path);
    if (lock.ok() || !absl::IsUnavailable(lock.status())) return lock;
    if (Interrupted()) return absl::CancelledError(description + ": interrupted while waiting");
    if (!told) Progress::Say(absl::StrCat("waiting for who prepares the same: ", description));
    told = true;
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

ContentCache::ContentCache(Options options) : options_(std::move(options)) {
  RONCHI_CHECK(IsFolderName(options_.kind));
  if (!options_.warn) options_.warn = WarnOnStderr;
}

std::string ContentCache::PathOf(const std::string& key) const {
  return absl::StrCat(options_.root, "/", options_.kind, "/", HashOf(key).Hex(), ".entry");
}

bool ContentCache::Contains(const std::string& key) const {
  const absl::StatusOr<EntryLabel> label = ReadEntryLabel(PathOf(key));
  return label.ok() && label->key == key;
}

absl::StatusOr<ContentCache::Entry> ContentCache::Load(const std::string& key) const {
  absl::StatusOr<Entry> entry = LoadEntry(PathOf(key), key);
  if (entry.ok() || absl::IsNotFound(entry.status()) || absl::IsCancelled(entry.status())) {
    return entry;
  }
  const std::string why(entry.status().message());
  options_.warn(absl::StrCat("cache: ", why, "; passed over"));
  return absl::NotFoundError(why);
}

uint64_t ContentCache::LimitBytes() const {
  if (options_.limit_bytes) return *options_.limit_bytes;
  const absl::StatusOr<uint64_t> limit = CacheLimitBytes(options_.root);
  if (limit.ok()) return *limit;
  options_.warn(absl::StrCat("cache: ", std::string(limit.status().message())));
  return 0;
}

void ContentCache::WarnNotKept(const std::string& description, const absl::Status& why) const {
  options_.warn(absl::StrCat("cache: ", description, " is not kept: ", std::string(why.message())));
}

absl::StatusOr<ContentCache::Entry> ContentCache::GetOrMake(const std::string& key,
                                                            const std::string& description,
                                                            const Maker& make) const {
  if (options_.root.empty()) {
    WarnNotKept(description, absl::NotFoundError("no cache folder; set RONCHI_CACHE or HOME"));
    return MakeEntry("", key, description, 0, make);
  }
  absl::StatusOr<Entry> found = Load(key);
  if (!absl::IsNotFound(found.status())) return found;
  const std::string path = PathOf(key);
  const std::string folder = std::filesystem::path(path).parent_path();
  if (const absl::Status writable = MakeWritableDirectory(folder); !writable.ok()) {
    WarnNotKept(description, writable);
    return MakeEntry("", key, description, 0, make);
  }
  const uint64_t limit = LimitBytes();
  if (limit == 0) return MakeEntry("", key, description, 0, make);
  const absl::StatusOr<FileLock> lock =
      WaitForLock(path.substr(0, path.rfind('.')) + ".lock", description);
  if (absl::IsCancelled(lock.status())) return lock.status();
  if (!lock.ok()) {
    WarnNotKept(description, lock.status());
    return MakeEntry("", key, description, 0, make);
  }
  // Whoever had the lock has made it, unless it failed.
  found = LoadEntry(path, key);
  if (found.ok() || absl::IsCancelled(found.status())) return found;
  RemoveLeftovers(folder);
  return MakeEntry(path, key, description, limit, make);
}

absl::StatusOr<ContentCache::Entry> ContentCache::MakeEntry(const std::string& path,
                                                            const std::string& key,
                                                            const std::string& description,
                                                            uint64_t limit_bytes,
                                                            const Maker& make) const {
  CacheWriter writer(path, key, description, limit_bytes);
  RONCHI_RETURN_IF_ERROR(make(writer));
  absl::StatusOr<Entry> entry = writer.Finish();
  if (!writer.disk_status().ok()) WarnNotKept(description, writer.disk_status());
  if (entry.ok() && (*entry)->origin() == MappedEntry::Origin::kWritten) {
    TrimCache(options_.root, limit_bytes, path);
  }
  return entry;
}

}  // namespace ronchi
