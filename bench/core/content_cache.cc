// Entries of the cache on disk: loading one, verified in full, when the system still has the file
// in memory, and writing one, synced. The argument is the payload in MB.
#include "core/content_cache.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <vector>

namespace ronchi {
namespace {

std::string Folder() {
  return (std::filesystem::temp_directory_path() / "ronchi-bench-cache").string();
}

std::vector<std::byte> Payload(int64_t megabytes) {
  std::vector<std::byte> payload(size_t(megabytes) * 1000000);
  uint32_t state = 1;
  for (std::byte& b : payload) b = std::byte((state = state * 1664525u + 1013904223u) >> 24);
  return payload;
}

const ContentCache& Cache() {
  static const ContentCache cache({.kind = "bench", .root = Folder(), .limit_bytes = 1ull << 40});
  return cache;
}

absl::StatusOr<ContentCache::Entry> Write(const std::vector<std::byte>& payload) {
  return Cache().GetOrMake("key", "bench", [&](CacheWriter& out) { return out.Append(payload); });
}

void BM_Load(benchmark::State& state) {
  const std::vector<std::byte> payload = Payload(state.range(0));
  if (!Write(payload).ok()) return state.SkipWithError("cannot write");
  for (auto _ : state) {
    const auto entry = Cache().Load("key");
    if (!entry.ok()) return state.SkipWithError("not loaded");
    benchmark::DoNotOptimize((*entry)->payload().data());
  }
  state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(payload.size()));
  std::filesystem::remove_all(Folder());
}
BENCHMARK(BM_Load)->Arg(1)->Arg(36)->Arg(1000)->Unit(benchmark::kMillisecond);

void BM_Write(benchmark::State& state) {
  const std::vector<std::byte> payload = Payload(state.range(0));
  for (auto _ : state) {
    std::filesystem::remove_all(Folder());
    const auto entry = Write(payload);
    if (!entry.ok() || (*entry)->origin() != MappedEntry::Origin::kWritten) {
      return state.SkipWithError("not written");
    }
  }
  state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(payload.size()));
  std::filesystem::remove_all(Folder());
}
BENCHMARK(BM_Write)->Arg(1)->Arg(36)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
