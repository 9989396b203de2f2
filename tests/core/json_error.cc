#include "core/json_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "nlohmann/json.hpp"

namespace ronchi {
namespace {

using nlohmann::json;

template <class Do>
std::string ErrorOf(const Do& act) {
  try {
    act();
  } catch (const std::exception& e) {
    return JsonError(e);
  }
  return "nothing";
}

TEST(JsonError, SaysWhatIsWrongAlone) {
  EXPECT_EQ(ErrorOf([] { json::object().at("ending"); }), "key 'ending' not found");
  EXPECT_EQ(ErrorOf([] { json("text").get<double>(); }), "type must be number, but is string");
  EXPECT_THAT(ErrorOf([] { json parsed = json::parse("{\"a\": nan}"); }),
              testing::StartsWith("parse error at line 1, column 8: "));
  EXPECT_THAT(ErrorOf([] { (void)json("\xff").dump(); }), testing::StartsWith("invalid UTF-8"));
}

TEST(JsonError, ShowsWhatAFileWouldDoToATerminal) {
  const std::string said = ErrorOf([] { json::object().at("\x1b[2J"); });
  EXPECT_EQ(said, "key '\\x1b[2J' not found");
}

TEST(JsonError, LeavesOtherErrorsAsTheyAre) {
  EXPECT_EQ(JsonError(std::runtime_error("[link] is down")), "[link] is down");
  EXPECT_EQ(JsonError(std::runtime_error("")), "");
}

}  // namespace
}  // namespace ronchi
