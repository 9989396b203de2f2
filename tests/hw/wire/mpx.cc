#include "hw/wire/mpx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ronchi::hw::wire {
namespace {

TEST(Mpx, RequestsAreThoseOfTheVendorByteForByte) {
  EXPECT_EQ(MpxRequestText({"GET", "COUNTERDEPTH", "0"}), "MPX,0000000019,GET,COUNTERDEPTH,0");
  EXPECT_EQ(MpxRequestText({"SET", "ACQUISITIONTIME", "1.5"}),
            "MPX,0000000024,SET,ACQUISITIONTIME,1.5");
  EXPECT_EQ(MpxRequestText({"CMD", "SOFTTRIGGER", "0"}), "MPX,0000000018,CMD,SOFTTRIGGER,0");
  const auto request = ParseMpxRequest("MPX,0000000016,CMD,SOFTTRIGGER");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->value, "0");
}

// The first is of a server whose number counts the comma, the second of one whose number does not.
TEST(Mpx, AnswersEndWithTheirCodeWhateverTheNumberCounts) {
  const std::pair<const char*, MpxAnswer> answers[] = {
      {"MPX,0000000022,GET,COUNTERDEPTH,12,0", {"GET", "COUNTERDEPTH", "12", 0}},
      {"MPX,0000000021,GET,COUNTERDEPTH,12,0", {"GET", "COUNTERDEPTH", "12", 0}},
      {"MPX,0000000016,SET,NUMFRAMES,3", {"SET", "NUMFRAMES", "", 3}},
      {"MPX,0000000018,CMD,SOFTTRIGGER,1", {"CMD", "SOFTTRIGGER", "", 1}},
      {"MPX,0000000017,CMD,SOFTTRIGGER,1", {"CMD", "SOFTTRIGGER", "", 1}},
      {"MPX,0000000009,GET,X,,2", {"GET", "X", "", 2}},
      {"MPX,0000000012,GET,X,a,b,2", {"GET", "X", "a,b", 2}}};
  for (const auto& [bytes, expected] : answers) {
    const std::string text = bytes;
    for (size_t n = 0; n < text.size(); ++n) {
      EXPECT_EQ(MpxAnswerEnd(text.substr(0, n)).value_or(99), 0u) << text << " cut after " << n;
    }
    ASSERT_EQ(MpxAnswerEnd(text + "MPX").value_or(0), text.size()) << text;
    const auto answer = ParseMpxAnswer(text);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->verb, expected.verb);
    EXPECT_EQ(answer->name, expected.name);
    EXPECT_EQ(answer->value, expected.value);
    EXPECT_EQ(answer->code, expected.code);
  }
}

TEST(Mpx, EncodedIsParsedAgain) {
  for (const char* verb : {"GET", "SET", "CMD"}) {
    const std::string text = MpxMessage(MpxAnswerText({verb, "NAME", "7", 2}));
    ASSERT_EQ(MpxAnswerEnd(text).value_or(0), text.size());
    EXPECT_EQ(ParseMpxAnswer(text)->code, 2);
    EXPECT_EQ(ParseMpxAnswer(text)->value, verb == std::string("GET") ? "7" : "");
  }
}

TEST(Mpx, WhatIsNoMessageIsRefusedAsSoonAsItShows) {
  for (const char* bytes :
       {"H", "MPY", "MPX;", "MPX,12a", "MPX,-000000001,", "MPX,0000000019;", "MPX,0000000000,",
        "MPX,0000000001,", "MPX,9999999999,", "MPX,0000004098,", "\xff\xfe"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(MpxEnd(bytes).status())) << bytes;
    EXPECT_TRUE(absl::IsInvalidArgument(MpxAnswerEnd(bytes).status())) << bytes;
  }
  for (const char* body : {"", "GET", "GET,,1,0", "PUT,X,0", "GET,X,1,", "GET,X,1,zero",
                           "GET,X,1,-1", "SET,X", "CMD,X,1234"}) {
    const auto answer = ParseMpxAnswer(MpxMessage(body));
    EXPECT_TRUE(absl::IsInvalidArgument(answer.status())) << body;
    EXPECT_FALSE(answer.status().message().empty());
  }
  for (const char* body : {"", "GET", "SET,X", "GET,,0", "get,X,0", "SET,X,1,2"}) {
    EXPECT_FALSE(ParseMpxRequest(MpxMessage(body)).ok()) << body;
  }
}

}  // namespace
}  // namespace ronchi::hw::wire
