#include "core/cache_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/cache_entry.h"
#include "core/file_lock.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

constexpr double kLimitGB = 20;
constexpr double kShareOfDisk = 0.1;

bool HasOnly(const std::string& text, const char* characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string::npos;
}

// The names that the cache itself gives (core/content_cache.cc, core/cache_writer.cc, sim/fft.cc).
// Nothing else is ever deleted: the folder may be somebody's home.
bool IsKind(const std::string& name) {
  return HasOnly(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
}
// What stands behind the hash of "<hash>.entry" and its kin; empty: no name of ours.
std::string BehindHash(const std::string& name) {
  constexpr size_t kHashDigits = 32;
  if (name.size() <= kHashDigits || !HasOnly(name.substr(0, kHashDigits), "0123456789abcdef")) {
    return "";
  }
  return name.substr(kHashDigits);
}
bool IsEntryName(const std::string& name) { return BehindHash(name) == ".entry"; }
bool IsLeftoverName(const std::string& name) {
  const std::string rest = BehindHash(name);
  const std::string part = ".entry.part-";
  return rest == ".lock" ||
         (absl::StartsWith(rest, part) && HasOnly(rest.substr(part.size()), "0123456789abcdef-"));
}
bool IsWisdomName(const std::string& name) {
  for (const char* library : {"fftw", "fftwf"}) {
    for (const char* effort : {"measure", "patient"}) {
      const std::string old = absl::StrCat(library, "-", effort);  // before version 2
      if (name == old || name == old + "-v2") return true;
    }
  }
  return false;
}

// Names of what is directly in the folder.
std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

// Fills size and time of a plain file; false for anything else.
bool Look(CachedFile* file) {
  struct stat info = {};
  if (lstat(file->path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  file->bytes = uint64_t(info.st_size);
  file->last_used_s = double(info.st_mtim.tv_sec) + 1e-9 * double(info.st_mtim.tv_nsec);
  return true;
}

// Entries of every kind, headers unread.
std::vector<CachedFile> Entries(const std::string& root) {
  std::vector<CachedFile> files;
  for (const std::string& kind : Names(root)) {
    if (!IsKind(kind)) continue;
    const std::string folder = absl::StrCat(root, "/", kind);
    for (const std::string& name : Names(folder)) {
      CachedFile file = {.kind = kind, .path = absl::StrCat(folder, "/", name)};
      if (IsEntryName(name) && Look(&file)) files.push_back(std::move(file));
    }
  }
  return files;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::vector<CachedFile> ListCache(const std::string& root) {
  std::vector<CachedFile> files = Entries(root);
  for (CachedFile& file : files) {
    const absl::StatusOr<EntryLabel> label = ReadEntryLabel(file.path);
    file.good = label.ok();
    file.key = label.ok() ? label->key : "";
    file.description =
        label.ok() ? label->description
                   : std::string(absl::StripPrefix(label.status().message(), file.path + ": "));
  }
  for (const std::string& name : Names(root)) {
    CachedFile file = {.kind = kFftKind, .path = absl::StrCat(root, "/", name)};
    file.description = absl::StrCat("FFT plans, ", name);
    if (IsWisdomName(name) && Look(&file)) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const CachedFile& a, const CachedFile& b) {
    return std::tie(a.kind, b.last_used_s, a.path) < std::tie(b.kind, a.last_used_s, b.path);
  });
  return files;
}

std::vector<CachedFile> Chosen(std::vector<CachedFile> files, const CacheChoice& choice) {
  const double now = Now();
  std::erase_if(files, [&](const CachedFile& file) {
    return (!choice.kind.empty() && file.kind != choice.kind) ||
           (choice.older_than_s && now - file.last_used_s <= *choice.older_than_s);
  });
  return files;
}

std::vector<CachedFile> ClearCache(const std::string& root, const CacheChoice& choice) {
  std::vector<CachedFile> files = Chosen(ListCache(root), choice);
  std::erase_if(files, [](const CachedFile& file) { return unlink(file.path.c_str()) != 0; });
  for (const std::string& kind : Names(root)) {
    if (IsKind(kind) && (choice.kind.empty() || choice.kind == kind)) {
      RemoveLeftovers(absl::StrCat(root, "/", kind));
    }
  }
  return files;
}

void RemoveLeftovers(const std::string& folder) {
  for (const std::string& name : Names(folder)) {
    if (IsLeftoverName(name)) {
      RemoveIfUnlocked(absl::StrCat(folder, "/", name));
    }
  }
}

absl::StatusOr<uint64_t> CacheLimitBytes(const std::string& root) {
  if (const char* set = std::getenv("RONCHI_CACHE_GB"); set && *set) {
    double limit_GB = 0;
    // A million GB is beyond any disk and far from what 64 bits hold.
    if (!absl::SimpleAtod(set, &limit_GB) || !(limit_GB >= 0 && limit_GB <= 1e6)) {
      return absl::InvalidArgumentError(
          absl::StrCat("RONCHI_CACHE_GB: '", set, "'; allowed: 0 … 1e6 (GB)"));
    }
    return uint64_t(limit_GB * 1e9);
  }
  std::error_code ec;
  fs::path there = fs::absolute(root, ec);  // or where it will be
  while (!fs::exists(there, ec) && there.has_relative_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, ec);
  if (ec) return uint64_t(kLimitGB * 1e9);
  double free = double(space.available);
  for (const CachedFile& file : Entries(root)) free += double(file.bytes);
  return uint64_t(std::min(kLimitGB * 1e9, kShareOfDisk * free));
}

void TrimCache(const std::string& root, uint64_t limit_bytes, const std::string& keep) {
  std::vector<CachedFile> files = Entries(root);
  uint64_t held = 0;
  for (const CachedFile& file : files) held += file.bytes;
  std::sort(files.begin(), files.end(), [](const CachedFile& a, const CachedFile& b) {
    return std::tie(a.last_used_s, a.path) < std::tie(b.last_used_s, b.path);
  });
  for (const CachedFile& file : files) {
    if (held <= limit_bytes) return;
    if (file.path == keep) continue;
    // Whoever has it mapped goes on reading: Linux keeps an unlinked file until its last mapping
    // goes. If another process was faster, it is gone all the same.
    unlink(file.path.c_str());
    held -= file.bytes;
  }
}

}  // namespace ronchi
