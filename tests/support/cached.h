// What the tests of the cache share: payloads that can be told apart, caches in a folder of their
// own whose warnings are kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/content_cache.h"

namespace ronchi::testing_support {

// Bytes that depend on the key and on the place.
inline std::vector<std::byte> PayloadOf(const std::string& key, size_t bytes) {
  std::vector<std::byte> payload(bytes);
  uint32_t state = 2166136261u;
  for (char c : key) state = (state ^ uint8_t(c)) * 16777619u;  // FNV-1a
  for (std::byte& b : payload) {
    state = state * 1664525u + 1013904223u;
    b = std::byte(state >> 24);
  }
  return payload;
}

inline bool Holds(const ContentCache::Entry& entry, const std::vector<std::byte>& payload) {
  return entry && std::ranges::equal(entry->payload(), payload);
}

// Appends the payload in pieces.
inline absl::Status AppendInPieces(CacheWriter& out, std::span<const std::byte> payload,
                                   size_t piece) {
  for (size_t at = 0; at < payload.size(); at += piece) {
    RONCHI_RETURN_IF_ERROR(out.Append(payload.subspan(at, std::min(piece, payload.size() - at))));
  }
  return absl::OkStatus();
}

// A cache of kind "test" in `root`, with its warnings, and how often it made something.
struct TestCache {
  explicit TestCache(const std::string& root, std::optional<uint64_t> limit_bytes = 1 << 30)
      : cache({.kind = "test",
               .root = root,
               .limit_bytes = limit_bytes,
               .warn = [this](const std::string& line) { warnings.push_back(line); }}) {}
  TestCache(const TestCache&) = delete;

  // PayloadOf(key), from the cache or made. Null: an error.
  ContentCache::Entry Get(const std::string& key, size_t bytes, size_t piece = 1 << 16) {
    const auto entry = cache.GetOrMake(key, "what " + key + " is", [&](CacheWriter& out) {
      ++made;
      return AppendInPieces(out, PayloadOf(key, bytes), piece);
    });
    return entry.ok() ? *entry : nullptr;
  }

  std::vector<std::string> warnings;
  int made = 0;
  const ContentCache cache;
};

}  // namespace ronchi::testing_support
