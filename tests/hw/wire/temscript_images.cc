#include "hw/wire/temscript_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace ronchi::hw::wire {
namespace {

using nlohmann::json;

TEST(TemscriptImages, FloatsComeBackToTheBit) {
  const Array<float> counts({2, 3}, {0, -0.0f, 1e-42f, 3e38f, std::nanf(""), 7.25f});
  const auto back = ImageFromTemscript(ImageToTemscript(counts), 2, 3);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->shape(), counts.shape());
  EXPECT_EQ(std::memcmp(back->data(), counts.data(), 24), 0);
}

// As temscript's own pack_array writes them: numpy.array([[1, -2]], '<i2'), and so on.
TEST(TemscriptImages, EveryTypeInBothOrders) {
  const auto image = [](const char* type, const char* order, const char* data) {
    return json{{"width", 2},          {"height", 1},          {"type", type},
                {"endianness", order}, {"encoding", "BASE64"}, {"data", data}};
  };
  const auto is = [](const json& j, float a, float b) {
    const auto back = ImageFromTemscript(j, 1, 2);
    ASSERT_TRUE(back.ok()) << j << back.status();
    EXPECT_EQ(back->values()[0], a) << j;
    EXPECT_EQ(back->values()[1], b) << j;
  };
  is(image("INT16", "LITTLE", "AQD+/w=="), 1, -2);
  is(image("INT16", "BIG", "AAH//g=="), 1, -2);
  is(image("UINT8", "LITTLE", "Af8="), 1, 255);
  is(image("INT8", "BIG", "Af8="), 1, -1);
  is(image("UINT32", "BIG", "AAAAAQABAAA="), 1, 65536);
  is(image("FLOAT64", "LITTLE", "AAAAAAAA+D8AAAAAAAAAwA=="), 1.5, -2);
}

TEST(TemscriptImages, WhatIsNoneIsToldInALine) {
  const json good = ImageToTemscript(Array<float>({2, 2}, 1.0f));
  const std::pair<json, const char*> cases[] = {{{{"width", 3}}, "height and width"},
                                                {{{"width", "2"}}, "height and width"},
                                                {{{"width", nullptr}}, "height and width"},
                                                {{{"type", "PICKLE\n"}}, "type 'PICKLE\\n'"},
                                                {{{"type", 7}}, "type ''"},
                                                {{{"endianness", "MIDDLE"}}, "MIDDLE"},
                                                {{{"encoding", "HEX"}}, "BASE64"},
                                                {{{"data", "!!"}}, "16 bytes"},
                                                {{{"data", "AAAA"}}, "16 bytes"},
                                                {{{"data", nullptr}}, "16 bytes"}};
  for (const auto& [change, words] : cases) {
    json bad = good;
    bad.update(change);
    const auto image = ImageFromTemscript(bad, 2, 2);
    ASSERT_FALSE(image.ok()) << bad;
    EXPECT_THAT(std::string(image.status().message()), testing::HasSubstr(words));
  }
  EXPECT_FALSE(ImageFromTemscript(json::array(), 2, 2).ok());
}

}  // namespace
}  // namespace ronchi::hw::wire
