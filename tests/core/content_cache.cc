// The cache of one process: what is put in comes out, and nothing else ever does.
#include "core/content_cache.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "core/cache_folder.h"
#include "core/cache_format.h"
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
using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::TestCache;
using testing_support::WriteAll;
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

// The entry's file in all states that a test brings it to: never loaded, made anew, loaded again.
class BadEntry : public ::testing::Test {
 protected:
  BadEntry() : path_(TestCache(folder_.path()).cache.PathOf(kKey)) {
    TestCache cache(folder_.path());
    cache.Get(kKey, kBytes);
    good_ = ReadAll(path_);
  }

  void ExpectAMiss(const std::string& what) {
    TestCache cache(folder_.path());
    EXPECT_TRUE(absl::IsNotFound(cache.cache.Load(kKey).status())) << what;
    EXPECT_THAT(cache.warnings, ElementsAre(HasSubstr(path_))) << what;
  }
  void ExpectRebuilt(const std::string& what) {
    ExpectAMiss(what);
    TestCache cache(folder_.path());
    const ContentCache::Entry made = cache.Get(kKey, kBytes);
    ASSERT_TRUE(Holds(made, PayloadOf(kKey, kBytes))) << what;
    EXPECT_EQ(made->origin(), Origin::kWritten) << what;
    EXPECT_EQ(cache.warnings.size(), 1u) << what;
    EXPECT_EQ(cache.Get(kKey, kBytes)->origin(), Origin::kLoaded) << what;
    EXPECT_EQ(cache.made, 1) << what;
    EXPECT_EQ(ReadAll(path_), good_) << what;
  }

  static constexpr char kKey[] = "specimen: …, version: 1";
  static constexpr size_t kBytes = 50000;
  TemporaryFolder folder_;
  const std::string path_;
  std::string good_;
};

TEST_F(BadEntry, Truncated) {
  // The lengths that the layout knows, and 50 between them.
  std::vector<size_t> lengths = {0, 1, 8, 71, 72, 73, 4095, 4096, 4097, good_.size() - 1};
  for (size_t i = 1; i <= 50; ++i) lengths.push_back(good_.size() * i / 51);
  for (const size_t length : lengths) {
    WriteAll(path_, good_.substr(0, length));
    ExpectAMiss("cut at " + std::to_string(length));
  }
  WriteAll(path_, good_ + "x");
  ExpectAMiss("a byte more");
  WriteAll(path_, good_.substr(0, 30000));
  ExpectRebuilt("cut at 30000");
}

TEST_F(BadEntry, AnyByteFlipped) {
  std::vector<size_t> places;
  for (size_t at = 0; at < 200; ++at) places.push_back(at);  // header, key, description
  for (size_t at = 200; at < good_.size(); at += 997) places.push_back(at);
  places.push_back(good_.size() - 1);
  for (const size_t at : places) {
    std::string bad = good_;
    bad[at] = char(bad[at] ^ (1 << at % 8));
    WriteAll(path_, bad);
    ExpectAMiss("flipped at " + std::to_string(at));
  }
  ExpectRebuilt("the last byte flipped");
  WriteAll(path_, good_);
  EXPECT_TRUE(TestCache(folder_.path()).cache.Load(kKey).ok())
      << "the test's own writing is at fault";
}

TEST_F(BadEntry, ForeignFiles) {
  WriteAll(path_, "hello");
  ExpectRebuilt("a short text");
  WriteAll(path_, std::string(60000, 'x'));
  ExpectRebuilt("a long text");
  TestCache cache(folder_.path());
  cache.Get("another key", kBytes);
  fs::copy_file(cache.cache.PathOf("another key"), path_, fs::copy_options::overwrite_existing);
  ExpectRebuilt("a good entry of another key, as if the hashes collided");
  CacheHeader header;
  std::memcpy(&header, good_.data(), sizeof header);
  header.version += 1;
  header.header = HeaderHash(header);
  WriteAll(path_, std::string(reinterpret_cast<const char*>(&header), sizeof header) +
                      good_.substr(sizeof header));
  ExpectRebuilt("an entry of the next version");
}

TEST_F(BadEntry, OtherThingsThanFiles) {
  fs::remove(path_);
  fs::create_directories(path_);
  ExpectRebuilt("an empty folder");
  fs::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0644), 0);
  ExpectRebuilt("a pipe, which to open would wait for a writer");
  fs::remove(path_);
  fs::create_symlink("/dev/zero", path_);
  ExpectRebuilt("a link to a device");
  if (geteuid() == 0) return;  // root reads anything
  fs::permissions(path_, fs::perms::none);
  ExpectRebuilt("a file that may not be read");
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

TEST(ContentCache, TheLeastRecentlyUsedGo) {
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

TEST(ContentCache, WhatExceedsTheLimitIsHeldInMemory) {
  const TemporaryFolder folder;
  TestCache cache(folder.path(), 100000);
  cache.Get("small", 1000);
  const ContentCache::Entry entry = cache.Get("k", 1 << 20, 1 << 14);
  ASSERT_TRUE(Holds(entry, PayloadOf("k", 1 << 20)));
  EXPECT_EQ(entry->origin(), Origin::kMemory);
  EXPECT_THAT(cache.warnings, ElementsAre(HasSubstr("larger than the cache may become")));
  EXPECT_EQ(Contents(folder / "test").size(), 1u) << "the small one is not deleted for it";
  TestCache none(folder / "none", 0);
  EXPECT_TRUE(Holds(none.Get("k", 5000), PayloadOf("k", 5000)));
  EXPECT_THAT(none.warnings, IsEmpty()) << "it is what the user wants";
}

TEST(ContentCache, TheLimitFromTheEnvironment) {
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

TEST(ContentCache, NoFolderAtAll) {
  for (const char* name : {"RONCHI_CACHE", "XDG_CACHE_HOME", "HOME"}) unsetenv(name);
  EXPECT_EQ(CachePath(), "");
  for (const std::string root : {"", "/proc/absent", "/dev/null"}) {
    TestCache cache(root);
    for (int i = 0; i < 2; ++i) {
      const ContentCache::Entry entry = cache.Get("k", 5000, 7);
      ASSERT_TRUE(Holds(entry, PayloadOf("k", 5000))) << root;
      EXPECT_EQ(entry->origin(), Origin::kMemory);
    }
    const auto said = HasSubstr("what k is is not kept");
    EXPECT_THAT(cache.warnings, ElementsAre(said, said)) << root;
  }
  setenv("HOME", "/nowhere", 1);
  EXPECT_EQ(CachePath(), "/nowhere/.cache/ronchi");
}

TEST(ContentCache, ListAndClear) {
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
TEST(ContentCache, AnotherProgramsFilesAreLeftAlone) {
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

// A small memory disk; needs root and a kernel that lets it.
class SmallDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (mount("none", folder_.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
      GTEST_SKIP() << "cannot mount a small disk here: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  TemporaryFolder folder_;
  bool mounted_ = false;
};

TEST_F(SmallDisk, FullInTheMiddleOfWriting) {
  TestCache cache(folder_.path());
  EXPECT_EQ(cache.Get("small", 50000)->origin(), Origin::kWritten);
  const ContentCache::Entry entry = cache.Get("k", 1 << 20, 10000);
  ASSERT_TRUE(Holds(entry, PayloadOf("k", 1 << 20)));
  EXPECT_EQ(entry->origin(), Origin::kMemory);
  EXPECT_THAT(cache.warnings, ElementsAre(HasSubstr("No space left on device")));
  EXPECT_EQ(Contents(folder_ / "test").size(), 1u) << "the disk is given back";
  EXPECT_EQ(cache.Get("small", 50000)->origin(), Origin::kLoaded);
}

TEST_F(SmallDisk, FullFromTheStart) {
  TestCache cache(folder_.path());
  cache.Get("small", 1000);
  WriteAll(folder_ / "filler", std::string(1 << 18, 'x'));
  EXPECT_TRUE(Holds(cache.Get("k", 5000), PayloadOf("k", 5000)));
  EXPECT_EQ(cache.Get("small", 1000)->origin(), Origin::kLoaded);
  EXPECT_EQ(cache.warnings.size(), 1u);
}

TEST_F(SmallDisk, ReadOnly) {
  TestCache cache(folder_.path());
  cache.Get("there", 1000);
  ASSERT_EQ(mount("none", folder_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const ContentCache::Entry there = cache.Get("there", 1000);
  EXPECT_EQ(there->origin(), Origin::kLoaded) << "what is there can be used";
  const ContentCache::Entry entry = cache.Get("k", 5000);
  ASSERT_TRUE(Holds(entry, PayloadOf("k", 5000)));
  EXPECT_EQ(entry->origin(), Origin::kMemory);
  EXPECT_THAT(cache.warnings, ElementsAre(HasSubstr("Read-only file system")));
}

TEST(ContentCache, AFolderThatMayNotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere; see SmallDisk.ReadOnly";
  const TemporaryFolder folder;
  TestCache cache(folder.path());
  cache.Get("there", 1000);
  fs::permissions(folder / "test", fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(cache.Get("there", 1000)->origin(), Origin::kLoaded);
  EXPECT_TRUE(Holds(cache.Get("k", 5000), PayloadOf("k", 5000)));
  EXPECT_EQ(cache.warnings.size(), 1u);
  fs::permissions(folder / "test", fs::perms::owner_all);
}

}  // namespace
}  // namespace ronchi
