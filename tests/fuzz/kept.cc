// What is kept to be used again: entries of the cache, FFT wisdom, saved simulations.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "core/cache_format.h"
#include "core/content_cache.h"
#include "core/sealed_text.h"
#include "sim/fft.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"

namespace ronchi {
namespace {

using testing_support::Fuzz;
using testing_support::Scratch;

std::string SealEntry(std::string bytes) {
  CacheHeader header;
  if (bytes.size() < sizeof header) return bytes;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.content = HashOf(std::string_view(bytes).substr(sizeof header));
  header.header = HeaderHash(header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST(FuzzKept, CacheEntry) {
  const Scratch scratch;
  const ContentCache cache({.kind = "test",
                            .root = scratch.path(),
                            .limit_bytes = 1 << 30,
                            .warn = [](const std::string&) {}});
  const std::string payload(5000, 'p');
  ASSERT_TRUE(cache
                  .GetOrMake("key", "description",
                             [&](CacheWriter& out) {
                               return out.Append(std::as_bytes(std::span(payload)));
                             })
                  .ok());
  const std::string name = cache.PathOf("key").substr(scratch.path().size() + 1);
  const std::string good = scratch.Read(name);
  Fuzz({.kind = "cache_entry",
        .corpus = {good},
        .read = [&](const std::string& bytes) -> absl::Status {
          scratch.Write(name, bytes);
          (void)ReadEntryLabel(scratch / name);
          RONCHI_ASSIGN_OR_RETURN(const auto entry, LoadEntry(scratch / name, "key"));
          uint8_t sum = 0;
          for (std::byte b : entry->payload()) sum = uint8_t(sum + uint8_t(b));
          return sum == 255 ? absl::OkStatus() : absl::OkStatus();
        },
        .reseal = SealEntry});
}

// A damaged file is passed over whole: what FFTW would make of it is never seen.
TEST(FuzzKept, FftWisdom) {
  const Scratch scratch;
  setenv("RONCHI_CACHE", scratch.path().c_str(), 1);
  const auto plan = [] {
    (void)sim::Fft::Plane(6, 10, sim::Fft::Direction::kForward, sim::Fft::Effort::kMeasure);
  };
  plan();
  const std::string name = "fftwf-measure-v2", good = scratch.Read(name);
  ASSERT_NE(good, "");
  testing::internal::CaptureStderr();  // one warning
  Fuzz({.kind = "wisdom",
        .corpus = {good},
        .read = [&](const std::string& bytes) -> absl::Status {
          scratch.Write(name, bytes);
          const absl::Status sealed = Unseal("ronchi FFT wisdom 2", bytes).status();
          plan();
          EXPECT_EQ(sealed.ok(), bytes == good);
          return sealed;
        },
        .quick = 300});
  (void)testing::internal::GetCapturedStderr();
  unsetenv("RONCHI_CACHE");
}

}  // namespace
}  // namespace ronchi
