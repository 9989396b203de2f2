// The cache of one process: what is put in comes out, and nothing else ever does.
#include "core/content_cache.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/cached.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::Contents;
using testing_support::Holds;
using testing_support::PayloadOf;
using testing_support::TemporaryFolder;
using testing_support::TestCache;
using Origin = MappedEntry::Origin;

TEST(ContentCache, RoundTrip) {
  const TemporaryFolder folder;
  TestCache first(folder.path());
  for (const size_t bytes : {size_t(0), size_t(1), size_t(4096), size_t(300001)}) {
    const std::string key = "key of " + std::to_string(bytes);
    EXPECT_FALSE(first.cache.Contains(key));
    EXPECT_TRUE(absl::IsNotFound(first.cache.Load(key).status()));
    const ContentCache::Entry made = first.Get(key, bytes, 1000);
    ASSERT_TRUE(Holds(made, PayloadOf(key, bytes)));
    EXPECT_EQ(made->origin(), Origin::kWritten);
    TestCache second(folder.path());  // as another process
    EXPECT_TRUE(second.cache.Contains(key));
    const ContentCache::Entry loaded = second.Get(key, bytes);
    ASSERT_TRUE(Holds(loaded, PayloadOf(key, bytes)));
    EXPECT_EQ(loaded->origin(), Origin::kLoaded);
    EXPECT_EQ(second.made, 0);
  }
  EXPECT_THAT(first.warnings, IsEmpty());
  // Neither locks nor temporary files stay.
  for (const std::string& name : Contents(folder / "test")) EXPECT_THAT(name, HasSubstr(".entry"));
}

TEST(ContentCache, PayloadsBeginOnAPage) {
  const TemporaryFolder folder;
  TestCache cache(folder.path());
  // Keys up to, at and beyond what the header leaves of the first page.
  for (size_t n : {0, 1, 3900, 4023, 4024, 4025, 5000, 100000}) {
    const std::string key(n, 'k');
    for (int i = 0; i < 2; ++i) {
      const ContentCache::Entry entry = cache.Get(key, 100);
      ASSERT_TRUE(Holds(entry, PayloadOf(key, 100)));
      EXPECT_EQ(uintptr_t(entry->payload().data()) % 4096, 0u);
    }
  }
  EXPECT_EQ(cache.made, 8);
  TestCache memory("");
  EXPECT_EQ(uintptr_t(memory.Get("k", 100)->payload().data()) % 4096, 0u);
}

TEST(ContentCache, WhatTheMakerFailsWithIsGivenAndNothingIsKept) {
  const TemporaryFolder folder;
  TestCache cache(folder.path());
  const auto failed = cache.cache.GetOrMake("k", "d", [](CacheWriter& out) -> absl::Status {
    RONCHI_RETURN_IF_ERROR(out.Append(PayloadOf("k", 100)));
    return absl::OutOfRangeError("no such thing");
  });
  EXPECT_EQ(failed.status(), absl::OutOfRangeError("no such thing"));
  EXPECT_THAT(Contents(folder / "test"), IsEmpty());
  EXPECT_TRUE(Holds(cache.Get("k", 100), PayloadOf("k", 100)));
}

}  // namespace
}  // namespace ronchi
