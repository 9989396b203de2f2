#include "hw/wire/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/error.h"
#include "hw/server/server.h"

namespace ronchi::hw::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers whatever comes with the same bytes, and ends the connection if told.
class Canned final : public Session {
 public:
  Canned(std::string answer, bool ends) : answer_(std::move(answer)), ends_(ends) {}
  absl::Status Take(std::string_view, std::string* answer) override {
    *answer = answer_;
    return ends_ ? absl::CancelledError() : absl::OkStatus();
  }

 private:
  const std::string answer_;
  const bool ends_;
};

absl::StatusOr<HttpAnswer> Ask(const std::string& bytes, bool ends, double within_s = 20) {
  Protocol p{.name = "canned"};
  p.open = [=](auto) { return std::make_unique<Canned>(bytes, ends); };
  const auto server = *Server::Start({{*ParseAddress("127.0.0.1:0", true), p}});
  return AskHttp({"service", "127.0.0.1", server->port(0)}, {"GET", "/v1/x", ""}, within_s, 1000);
}

TEST(Http, AnAnswerHasItsLengthOrEndsWithTheConnection) {
  const auto with = Ask("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue", false);
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->status, 200);
  EXPECT_EQ(with->body, "true");
  EXPECT_EQ(Ask("HTTP/1.0 200 OK\r\n\r\n[1, 2]", true)->body, "[1, 2]");
  EXPECT_EQ(Ask("HTTP/1.0 404 \"no such thing\"\r\n\r\n", true)->reason, "\"no such thing\"");
  EXPECT_EQ(Ask("HTTP/1.0 204 No Content\r\n\r\n", true)->status, 204);
  const auto chunks =
      Ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntr\r\n2\r\nue\r\n0\r\n\r\n",
          false);
  EXPECT_EQ(chunks->body, "true");
}

TEST(Http, WhatIsNoAnswerIsToldAndPerhapsDone) {
  const std::pair<std::string, std::string> cases[] = {
      {"RNCH\x01\x02\x03\r\n\r\n", "no HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntr", "cut off"},
      {"HTTP/1.1 2", "cut off"},
      {"\r\n", "cut off"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "no HTTP: body limit"},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), "no HTTP: body limit"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), "no HTTP: header limit"},
      {"", "closed it"}};
  for (const auto& [bytes, words] : cases) {
    const auto answer = Ask(bytes, true);
    ASSERT_FALSE(answer.ok()) << bytes;
    const Error e = ErrorOf(answer.status());
    EXPECT_EQ(e.kind, ErrorKind::kCommunication);
    EXPECT_EQ(*e.effect, Effect::kPerhaps);
    EXPECT_THAT(e.cause, HasSubstr("service: GET /v1/x: "));
    EXPECT_THAT(e.cause, HasSubstr(words));
  }
  const Error late = ErrorOf(Ask("HTTP/1.1 200 OK\r\n", false, 0.05).status());
  EXPECT_EQ(late.kind, ErrorKind::kTimeout);
  const auto nobody = AskHttp({"service", "127.0.0.1", 1}, {"GET", "/", ""}, 5, 1000);
  EXPECT_EQ(*ErrorOf(nobody.status()).effect, Effect::kNone);
}

const std::string kPut =
    "PUT /v1/a?b=c%20d HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nContent-Length: 2\r\n\r\n[]";

TEST(HttpRequests, AreTheSameHoweverTheyAreCut) {
  for (const size_t piece : {size_t{1}, size_t{7}, kPut.size() * 2}) {
    HttpRequests requests;
    std::vector<HttpRequests::Came> all;
    std::string answer;
    const std::string bytes = kPut + kPut;
    for (size_t i = 0; i < bytes.size(); i += piece) {
      auto some = requests.Take(std::string_view(bytes).substr(i, piece), &answer);
      ASSERT_TRUE(some.ok()) << some.status();
      for (auto& one : *some) all.push_back(std::move(one));
    }
    ASSERT_EQ(all.size(), 2u);
    for (const auto& one : all) {
      EXPECT_EQ(one.request.method, "PUT");
      EXPECT_EQ(one.request.target, "/v1/a?b=c%20d");
      EXPECT_EQ(one.request.body, "[]");
      EXPECT_EQ(*one.Find("x-one"), "1");
      EXPECT_EQ(one.Find("x-two"), nullptr);
      EXPECT_FALSE(one.last);
    }
    EXPECT_EQ(answer, "");
  }
}

TEST(HttpRequests, AreBounded) {
  const HttpLimits limits{.most_header_bytes = 200, .most_body_bytes = 10};
  const auto take = [&](const std::string& bytes, std::string* answer) {
    return HttpRequests(limits).Take(bytes, answer).status();
  };
  std::string answer;
  EXPECT_TRUE(
      absl::IsResourceExhausted(take("PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", &answer)));
  EXPECT_TRUE(absl::IsResourceExhausted(
      take("PUT / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n{", &answer)));
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 413 "));
  answer.clear();
  EXPECT_TRUE(
      absl::IsResourceExhausted(take("GET / HTTP/1.1\r\nX: " + std::string(300, 'x'), &answer)));
  answer.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(take("\x16\x03\x01 hello\r\n\r\n", &answer)));
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400 "));
}

TEST(Http, AReasonIsOneLineOfAscii) {
  EXPECT_EQ(HttpAnswerBytes(500, "1 … 2 µm\r\nX: y é", "", "", true),
            "HTTP/1.1 500 1 ... 2 um  X: y ??\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(Http, NamesAreEscapedInTargets) {
  EXPECT_EQ(UrlEncode("BM-Ceta 16M/é"), "BM-Ceta%2016M%2f%c3%a9");
  EXPECT_EQ(UrlDecode(UrlEncode("a b/+%é")), "a b/+%é");
  EXPECT_EQ(UrlDecode("a+b%2"), "a b%2");
  EXPECT_THAT(QueryValues("acquire?detectors=HAADF&x=1&detectors=BF%20S&detectors", "detectors"),
              ElementsAre("HAADF", "BF S", ""));
  EXPECT_THAT(QueryValues("acquire", "detectors"), ElementsAre());
}

}  // namespace
}  // namespace ronchi::hw::wire
