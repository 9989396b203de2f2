#include "core/cache_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
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

TEST(CacheWriting, WhatExceedsTheLimitIsHeldInMemory) {
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

TEST(CacheWriting, NoFolderAtAll) {
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

TEST(CacheWriting, AFolderThatMayNotBeWritten) {
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
