// Every config of examples/simulate through the built program, with fewer probes and phonons than
// it asks for: what its comments promise must go on working.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/config.h"
#include "core/storage.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;

std::vector<std::string> Examples() {
  std::vector<std::string> stems;
  for (const auto& entry :
       std::filesystem::directory_iterator(RONCHI_SOURCE_DIR "/examples/simulate")) {
    if (entry.path().extension() == ".yaml") stems.push_back(entry.path().stem().string());
  }
  std::sort(stems.begin(), stems.end());
  return stems;
}

std::string FileOf(const std::string& stem) {
  return RONCHI_SOURCE_DIR "/examples/simulate/" + stem + ".yaml";
}

TEST(Examples, TwelveOfThem) { EXPECT_EQ(Examples().size(), 12u); }

class Example : public ::testing::TestWithParam<std::string> {};

TEST_P(Example, RunsAndItsPicturesAreWhole) {
  const std::string file = FileOf(GetParam());
  // The first thing a reader copies.
  EXPECT_THAT(ReadAll(file),
              HasSubstr("ronchi simulate examples/simulate/" + GetParam() + ".yaml -o "));
  const absl::StatusOr<Config> config = Config::Load(file);
  ASSERT_TRUE(config.ok()) << config.status();
  ConfigReader top(*config);
  std::vector<std::string> words = {"simulate", file, "-o", "out.hdf5", "--json", "-q"};
  if (top.Child("scan").Has("pixels")) words.insert(words.end(), {"--set", "scan.pixels=[4, 3]"});
  if (top.Has("phonons")) words.insert(words.end(), {"--set", "phonons.configurations=1"});

  const TemporaryFolder folder;
  const Finished done = Ronchi(words, folder.path());
  ASSERT_EQ(done.status, 0) << done.err;
  const json result = json::parse(done.out, nullptr, false);
  ASSERT_FALSE(result.is_discarded()) << done.out;
  const auto data = DataFileReader::Open(folder / "out.hdf5");
  ASSERT_TRUE(data.ok()) << data.status();
  for (const std::string& name : top.Child("detectors").Keys()) {
    ASSERT_TRUE(result["means"][name].is_number()) << name << " has values that are no numbers";
    const absl::StatusOr<Array<float>> values = data->ReadFloat("/root/" + name + "/data");
    ASSERT_TRUE(values.ok()) << values.status();
    float low = INFINITY, high = -INFINITY;
    for (float v : *values) {
      ASSERT_TRUE(std::isfinite(v)) << name;
      low = std::min(low, v);
      high = std::max(high, v);
    }
    // An image of nothing is one value.
    EXPECT_LT(low, high) << name;
    EXPECT_THAT(ReadAll(folder / ("out." + name + ".png")), ::testing::StartsWith("\x89PNG"));
  }
}

INSTANTIATE_TEST_SUITE_P(Simulate, Example, ::testing::ValuesIn(Examples()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ronchi
