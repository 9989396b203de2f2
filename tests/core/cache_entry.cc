#include "core/cache_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/cache_format.h"
#include "tests/support/cached.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::Holds;
using testing_support::PayloadOf;
using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::TestCache;
using testing_support::WriteAll;
using Origin = MappedEntry::Origin;

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

}  // namespace
}  // namespace ronchi
