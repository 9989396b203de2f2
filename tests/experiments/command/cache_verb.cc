// `ronchi cache` as a user meets it, over a cache with two kinds in it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/cached.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::TestCache;
using testing_support::WriteAll;

class CacheVerb : public ::testing::Test {
 protected:
  CacheVerb() {
    setenv("RONCHI_CACHE", root_.c_str(), 1);
    cache_.Get("a", 1000);
    cache_.Get("b", 2000000);
    WriteAll(root_ + "/fftwf-measure", "wisdom");
    fs::last_write_time(cache_.cache.PathOf("a"),
                        fs::file_time_type::clock::now() - std::chrono::hours(24 * 31));
  }
  ~CacheVerb() override {
    unsetenv("RONCHI_CACHE");
    unsetenv("RONCHI_CACHE_GB");
  }

  std::string Printed(std::vector<std::string> words) {
    words.insert(words.begin(), "cache");
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.err, "");
    return done.out;
  }
  void Refused(std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), "cache");
    const Finished done = Ronchi(words, folder_.path());
    EXPECT_EQ(done.status, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(part));
    EXPECT_EQ(done.out, "");
  }

  const TemporaryFolder folder_;
  const std::string root_ = folder_ / "cache";
  TestCache cache_{root_};
};

TEST_F(CacheVerb, ListsWhatThereIs) {
  const std::string table = Printed({"list"});
  for (const char* part : {"test ", "5.1 kB", "what a is", "2.0 MB", "what b is", "fft ",
                           "fftwf-measure", "3 files, 2.0 MB of at most "}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  setenv("RONCHI_CACHE_GB", "3", 1);
  const json all = json::parse(Printed({"list", "--json"}));
  EXPECT_EQ(all["path"], root_);
  EXPECT_EQ(all["limit_bytes"], 3000000000);
  EXPECT_EQ(all["bytes"], 6 + 2 * 4096 + 2001000);
  ASSERT_EQ(all["entries"].size(), 3u);
  const json& b = all["entries"][1];
  EXPECT_EQ(b["kind"], "test");
  EXPECT_EQ(b["key"], "b");
  EXPECT_EQ(b["description"], "what b is");
  EXPECT_EQ(b["file"], cache_.cache.PathOf("b"));
  EXPECT_EQ(b["good"], true);
  EXPECT_THAT(b["last_used"].get<std::string>(), ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(json::parse(Printed({"list", "--kind", "fft", "--json"}))["entries"].size(), 1u);
  WriteAll(cache_.cache.PathOf("b"), "x");
  EXPECT_THAT(Printed({"list"}), HasSubstr("not usable: truncated"));
}

TEST_F(CacheVerb, ClearsWhatIsChosen) {
  EXPECT_THAT(Printed({"clear", "--older-than", "30d"}), HasSubstr("deleted 1 files, 5.1 kB"));
  EXPECT_FALSE(cache_.cache.Contains("a"));
  EXPECT_TRUE(cache_.cache.Contains("b"));
  EXPECT_EQ(json::parse(Printed({"clear", "--kind", "contracted", "--json"}))["bytes"], 0);
  EXPECT_THAT(Printed({"clear", "--kind", "test"}), HasSubstr("deleted 1 files, 2.0 MB"));
  EXPECT_TRUE(fs::exists(root_ + "/fftwf-measure"));
  EXPECT_THAT(Printed({"clear"}), HasSubstr("deleted 1 files, 0.0 kB"));
  EXPECT_THAT(Printed({"list"}), HasSubstr("0 files, 0.0 kB of at most"));
}

TEST_F(CacheVerb, Path) {
  EXPECT_EQ(Printed({"path"}), root_ + "\n");
  EXPECT_EQ(json::parse(Printed({"path", "--json"}))["path"], root_);
  setenv("RONCHI_CACHE", "/proc/absent", 1);
  EXPECT_EQ(Printed({"path"}), "/proc/absent\n");
  EXPECT_THAT(Printed({"list"}), HasSubstr("0 files"));
}

TEST_F(CacheVerb, WrongArguments) {
  Refused({}, "action");
  Refused({"frobnicate"}, "'frobnicate' is nothing to do with a cache; allowed: list, clear, path");
  Refused({"clear", "--kind", "nonesuch"}, "'nonesuch'; allowed: contracted, fft, test");
  for (const char* age : {"30", "d", "-1d", "30 days", "1e3d", "1.2.3d", ""}) {
    Refused({"clear", "--older-than", age}, "--older-than");
  }
  Refused({"clear", "--kind", ""}, "--kind");  // an empty shell variable must not mean "all"
  Refused({"path", "--kind", "fft"}, "not with cache path");
  setenv("RONCHI_CACHE_GB", "much", 1);
  Refused({"list"}, "RONCHI_CACHE_GB: 'much'; allowed: 0");
  EXPECT_EQ(TestCache(root_).cache.Contains("a"), true) << "nothing was cleared";
}

}  // namespace
}  // namespace ronchi
