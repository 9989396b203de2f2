#include "core/cache_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/cached.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::Contents;
using testing_support::Holds;
using testing_support::PayloadOf;
using testing_support::TemporaryFolder;
using testing_support::TestCache;
using testing_support::WriteAll;
using Origin = MappedEntry::Origin;

TEST(CacheFolder, TheLeastRecentlyUsedGo) {
  const TemporaryFolder folder;
  // Room for three entries of a page and 10000 bytes, not for four.
  TestCache cache(folder.path(), 3 * (4096 + 10000) + 100);
  const auto age = [&](const std::string& key, int days) {
    const fs::file_time_type when =
        fs::file_time_type::clock::now() - std::chrono::hours(24 * days);
    fs::last_write_time(cache.cache.PathOf(key), when);
  };
  for (const char* key : {"a", "b", "c"}) cache.Get(key, 10000);
  age("a", 3), age("b", 2), age("c", 1);
  ASSERT_TRUE(cache.cache.Load("a").ok());  // now the last used
  const ContentCache::Entry held = *cache.cache.Load("b");
  age("b", 2);
  cache.Get("d", 10000);
  EXPECT_TRUE(cache.cache.Contains("a"));
  EXPECT_FALSE(cache.cache.Contains("b"));
  EXPECT_TRUE(cache.cache.Contains("c"));
  EXPECT_TRUE(cache.cache.Contains("d"));
  EXPECT_TRUE(Holds(held, PayloadOf("b", 10000))) << "deleted, but mapped";
  // Other kinds count as well, and go as well; what was just written stays although it is the
  // oldest by its time, as it would be if the clock were set back.
  TestCache small(folder.path(), 4096 + 10000);
  age("a", -1), age("c", -1), age("d", -1);
  small.Get("e", 10000);
  EXPECT_EQ(ListCache(folder.path()).size(), 1u);
  EXPECT_TRUE(small.cache.Contains("e"));
  EXPECT_THAT(small.warnings, IsEmpty());
}

TEST(CacheFolder, TheLimitFromTheEnvironment) {
  const TemporaryFolder folder;
  const auto limit = [&](const char* text) {
    setenv("RONCHI_CACHE_GB", text, 1);
    return CacheLimitBytes(folder.path());
  };
  EXPECT_EQ(*limit("1.5"), 1500000000u);
  EXPECT_EQ(*limit("0"), 0u);
  for (const char* bad : {"x", "-1", "nan", "inf", "1e7", "1 GB"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(limit(bad).status())) << bad;
  }
  TestCache cache(folder.path(), std::nullopt);
  EXPECT_TRUE(Holds(cache.Get("k", 100), PayloadOf("k", 100)));
  EXPECT_THAT(cache.warnings, ElementsAre(HasSubstr("RONCHI_CACHE_GB: '1 GB'")));
  unsetenv("RONCHI_CACHE_GB");
  EXPECT_LE(*CacheLimitBytes(folder.path()), 20000000000u);
  EXPECT_GT(*CacheLimitBytes(folder.path()), 0u);
  // A tenth of what is free, also where the folder is not yet made; programs beside this one write,
  // hence the margin of 1 GB.
  const double tenth = 0.1 * double(fs::space(folder.path()).available);
  for (const std::string& root : {folder.path().string(), folder / "not/yet/there"}) {
    EXPECT_NEAR(double(*CacheLimitBytes(root)), std::min(20e9, tenth), 1e9);
  }
}

TEST(CacheFolder, ListAndClear) {
  const TemporaryFolder folder;
  TestCache cache(folder.path());
  ContentCache other({.kind = "other", .root = folder.path(), .limit_bytes = 1 << 30});
  ASSERT_TRUE(other.GetOrMake("o", "other", [](CacheWriter&) { return absl::OkStatus(); }).ok());
  const ContentCache::Entry held = cache.Get("old", 1000);
  cache.Get("new", 2000);
  cache.Get("bad", 3000);
  fs::last_write_time(cache.cache.PathOf("old"),
                      fs::file_time_type::clock::now() - std::chrono::hours(48));
  fs::resize_file(cache.cache.PathOf("bad"), 4000);
  fs::last_write_time(cache.cache.PathOf("bad"),
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  WriteAll(folder / "fftwf-measure", "wisdom");
  WriteAll(folder / "somebody's", "own");
  const std::vector<CachedFile> files = ListCache(folder.path());
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files[0].kind, "fft");
  EXPECT_EQ(files[0].bytes, 6u);
  EXPECT_EQ(files[1].description, "other");
  EXPECT_EQ(files[2].key, "new");
  EXPECT_EQ(files[2].description, "what new is");
  EXPECT_EQ(files[2].bytes, 4096u + 2000);
  EXPECT_FALSE(files[3].good);
  EXPECT_EQ(files[3].description, "truncated");
  EXPECT_EQ(files[4].key, "old");
  EXPECT_EQ(ClearCache(folder.path(), {.kind = "test", .older_than_s = 86400}).size(), 1u);
  EXPECT_FALSE(cache.cache.Contains("old"));
  EXPECT_TRUE(Holds(held, PayloadOf("old", 1000))) << "deleted, but mapped";
  EXPECT_EQ(ClearCache(folder.path(), {.kind = "test"}).size(), 2u);
  EXPECT_EQ(ClearCache(folder.path(), {.older_than_s = 86400}).size(), 0u);
  EXPECT_EQ(ClearCache(folder.path(), {}).size(), 2u);
  EXPECT_THAT(Contents(folder.path()), ElementsAre("other", "somebody's", "test"));
  EXPECT_THAT(ListCache(folder / "absent"), IsEmpty());
}

// The cache folder may be set to somebody's home, by mistake. What the cache has not named stays,
// whatever it is called.
TEST(CacheFolder, AnotherProgramsFilesAreLeftAlone) {
  const TemporaryFolder folder;
  TestCache cache(folder.path(), 10000);
  const std::string hash = "0123456789abcdef0123456789abcdef";
  const std::vector<std::string> foreign = {"test/notes.entry",
                                            "test/composer.lock",
                                            "test/Cargo.lock",
                                            "test/my.entry.part-2",
                                            "test/" + hash + ".bak",
                                            "test/" + hash + "0.entry",
                                            "test/" + hash,
                                            "project/yarn.lock",
                                            "My Project/" + hash + ".entry",
                                            "test/" + hash + ".locks",
                                            "fftwf-notes",
                                            "fftwf-measure.bak",
                                            "wisdom",
                                            "test/" + hash + ".entry.part-x"};
  for (const std::string& name : foreign) {
    fs::create_directories(fs::path(folder / name).parent_path());
    WriteAll(folder / name, std::string(5000, 'x'));
    fs::last_write_time(folder / name, fs::file_time_type::clock::now() - std::chrono::hours(48));
  }
  const std::string occupied = cache.cache.PathOf("k");
  fs::create_directories(occupied + "/with/content");
  EXPECT_EQ(cache.Get("k", 1000)->origin(), Origin::kMemory) << "the place is somebody's folder";
  for (const char* key : {"a", "b", "c", "d"}) cache.Get(key, 4000);  // trims, more than once
  EXPECT_FALSE(cache.cache.Contains("a"));
  ClearCache(folder.path(), {});
  EXPECT_FALSE(cache.cache.Contains("d"));
  for (const std::string& name : foreign) EXPECT_TRUE(fs::exists(folder / name)) << name;
  EXPECT_TRUE(fs::exists(occupied + "/with/content"));
}

}  // namespace
}  // namespace ronchi
