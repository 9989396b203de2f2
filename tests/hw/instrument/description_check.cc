// What an instrument says of itself, as JSON and as such: each mistake is a line that says where.
#include "hw/instrument/description_check.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hw/instrument/description_json.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using ::testing::HasSubstr;
using testing_support::NullDescription;

absl::Status ReadDescription(const std::string& text) {
  const auto d = DescriptionFromJson(nlohmann::json::parse(text));
  return d.ok() ? CheckDescription(*d) : d.status();
}

TEST(DescriptionCheck, LittleIsNeededAndAllComesBack) {
  EXPECT_EQ(ReadDescription(R"({"id": "i"})"), absl::OkStatus());
  EXPECT_EQ(ReadDescription(
                R"({"id": "i", "properties": [{"name": "a"}], "detectors": [{"name": "a"}]})"),
            absl::OkStatus());
  const Description d = NullDescription();
  EXPECT_EQ(CheckDescription(d), absl::OkStatus());
  EXPECT_EQ(ToJson(*DescriptionFromJson(ToJson(d))), ToJson(d));
}

TEST(DescriptionCheck, MistakesAreToldWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "description: a mapping is needed"},
      {R"({})", "description: id is missing"},
      {R"({"id": 3})", "description: id = 3 is not allowed; allowed: a text"},
      {R"({"id": "i", "propertys": []})", "description: propertys is unknown; allowed: id, "},
      {R"({"id": "i", "properties": {}})", "properties = {} is not allowed; allowed: a list"},
      {R"({"id": "i", "properties": [3]})", "description: properties[0]: a mapping is needed"},
      {R"({"id": "i", "properties": [{"name": "a"}, {"max": 1}]})",
       "properties[1]: name is missing"},
      // A limit that is misspelt would be none.
      {R"({"id": "i", "properties": [{"name": "a", "maximum": 1}]})",
       "properties[0] (a): maximum is unknown; allowed: name, "},
      {R"({"id": "i", "properties": [{"name": "a", "max": "1 nm"}]})",
       "max = \"1 nm\" is not allowed; allowed: a number"},
      {R"({"id": "i", "properties": [{"name": "a", "dimension": "mass"}]})",
       "dimension = \"mass\" is not allowed; allowed: number, "},
      {R"({"id": "i", "properties": [{"name": "a", "writable": 1}]})", "allowed: true or false"},
      {R"({"id": "i", "detectors": [{"name": "c", "kind": "camera", "pixels": [4]}]})",
       "pixels = [4] is not allowed; allowed: two whole numbers"},
      {R"({"id": "i", "max_pixels": -1})", "max_pixels = -1 is not allowed"},
      {R"({"id": "i", "max_pixels": 18446744073709551615})", "is not allowed; allowed: a whole"},
      {R"({"id": "i", "properties": [{"name": "a", "min": 2, "max": 1}]})",
       "property 'a': min 2 above max 1"},
      {R"({"id": "i", "properties": [{"name": "a", "max": "nan"}]})", "above max nan"},
      {R"({"id": "i", "properties": [{"name": "a"}, {"name": "a"}]})", "two properties a"},
      {R"({"id": "i", "properties": [{"name": "a", "dimension": "length", "unit": "mrad"}]})",
       "a: 'mrad' is no unit of a length"},
      {R"({"id": "i", "cannot": ["fly"]})", "it cannot 'fly', which is no capability"},
      {R"({"id": "i", "min_dwell_s": 2, "max_dwell_s": 1})", "min_dwell_s above max_dwell_s"},
  };
  for (const auto& [text, says] : cases) {
    const absl::Status s = ReadDescription(text);
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << text;
    EXPECT_THAT(std::string(s.message()), HasSubstr(says)) << text;
    EXPECT_EQ(s.message().find('\n'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace ronchi::hw
