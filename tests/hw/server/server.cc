#include "hw/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "hw/wire/stream.h"

namespace ronchi::hw {
namespace {

using wire::Dial;
using wire::Stream;

// Answers what came; "slow" after a while, "bye" ends the connection.
class Echo final : public Session {
 public:
  explicit Echo(std::atomic<bool>* go) : go_(go) {}
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    while (bytes == "slow" && !*go_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    answer->append(bytes);
    if (bytes == "throw") throw std::runtime_error("thrown");
    return bytes == "bye" ? absl::CancelledError() : absl::OkStatus();
  }

 private:
  std::atomic<bool>* const go_;
};

class ServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> Start(const ServerOptions& options = {}, double silent_s = 600) {
    Protocol echo{.name = "echo", .silent_s = silent_s};
    echo.open = [this](std::shared_ptr<Outbox> out) {
      last_ = out;
      return std::make_unique<Echo>(&go_);
    };
    auto server = Server::Start({{*wire::ParseAddress("127.0.0.1:0", true), echo}}, options);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  static Stream Connect(const Server& server) {
    auto stream = Dial({"here", "127.0.0.1", server.port(0)}, 20);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return *std::move(stream);
  }
  static std::string Next(Stream* stream, double within_s = 30) {
    std::array<char, 100> bytes;
    const auto n = stream->Receive(bytes, Stream::After(within_s));
    if (!n.ok()) return std::string(n.status().message());
    return std::string(bytes.data(), *n);
  }
  static std::string Ask(Stream* stream, const std::string& bytes) {
    const absl::Status s = stream->Send(bytes, Stream::After(30));
    return s.ok() ? Next(stream) : std::string(s.message());
  }

  std::atomic<bool> go_ = false;
  std::shared_ptr<Outbox> last_;
};

TEST_F(ServerTest, AThousandIdleConnectionsKeepNobodyWaiting) {
  const auto server = Start();
  std::vector<Stream> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(Connect(*server));
  Stream one = Connect(*server);
  EXPECT_EQ(Ask(&one, "hello"), "hello");
  EXPECT_EQ(Ask(&idle[500], "I am here"), "I am here");
  EXPECT_EQ(server->connections(), 1001u);
}

TEST_F(ServerTest, BeyondTheMostTheOneThatIsIdleLongestEnds) {
  const auto server = Start({.most_connections = 3});
  std::vector<Stream> some;
  for (int i = 0; i < 3; ++i) {
    some.push_back(Connect(*server));
    EXPECT_EQ(Ask(&some.back(), "a"), "a");
  }
  EXPECT_EQ(Ask(&some[0], "b"), "b");
  Stream one = Connect(*server);
  EXPECT_EQ(Ask(&one, "hello"), "hello");
  EXPECT_THAT(Next(&some[1]), testing::HasSubstr("closed"));
  EXPECT_EQ(Ask(&some[0], "c"), "c");
  EXPECT_EQ(Ask(&some[2], "d"), "d");
}

TEST_F(ServerTest, WhoWaitsForTheInstrumentKeepsNobodyWaiting) {
  const auto server = Start();
  Stream slow = Connect(*server), quick = Connect(*server);
  ASSERT_TRUE(slow.Send("slow", Stream::After(30)).ok());
  EXPECT_EQ(Ask(&quick, "hello"), "hello");
  go_ = true;
  EXPECT_EQ(Next(&slow), "slow");
}

TEST_F(ServerTest, ASessionEndsItsConnectionOnceItsAnswerIsSent) {
  const auto server = Start();
  for (const std::string last : {"bye", "throw"}) {
    Stream one = Connect(*server);
    EXPECT_EQ(Ask(&one, last), last);
    EXPECT_THAT(Next(&one), testing::HasSubstr("closed"));
  }
}

TEST_F(ServerTest, WhoIsSilentTooLongIsEnded) {
  const auto server = Start({}, 0.01);
  Stream one = Connect(*server);
  EXPECT_THAT(Next(&one), testing::HasSubstr("closed"));
}

TEST_F(ServerTest, WhatIsPushedWaitsForRoomAndEndsWithTheConnection) {
  const auto server = Start({.most_unsent = 1 << 20});
  Stream one = Connect(*server);
  EXPECT_EQ(Ask(&one, "a"), "a");
  const auto out = last_;
  EXPECT_TRUE(out->Push("pushed", Stream::After(30)).ok());
  EXPECT_EQ(Next(&one), "pushed");
  absl::Status s;  // nobody reads: buffers fill, and then there is no room
  for (int i = 0; i < 1000 && s.ok(); ++i) {
    s = out->Push(std::string(1 << 20, 'x'), Stream::After(0.2));
  }
  EXPECT_TRUE(absl::IsDeadlineExceeded(s)) << s;
  one.Shut();
  do {
    s = out->Push("x", Stream::After(0.01));
  } while (!absl::IsUnavailable(s));
}

TEST_F(ServerTest, WhoTakesNothingIsEnded) {
  const auto server = Start({.most_unsent = 1 << 20, .stuck_s = 0.01});
  Stream one = Connect(*server);
  EXPECT_EQ(Ask(&one, "a"), "a");
  absl::Status s;
  while (!absl::IsUnavailable(s)) s = last_->Push(std::string(1 << 20, 'x'), Stream::After(0.05));
}

// Its questions wait in the network, and its answers in no memory of ours.
TEST_F(ServerTest, OfWhoTakesNoAnswersNoMoreIsRead) {
  const auto server = Start({.pause_unsent = 1000});
  Stream one = Connect(*server);
  absl::Status s;
  size_t sent = 0;
  while (s.ok() && sent < (1u << 28)) {
    s = one.Send(std::string(1 << 16, 'x'), Stream::After(0.3));
    if (s.ok()) sent += 1 << 16;
  }
  EXPECT_TRUE(absl::IsDeadlineExceeded(s)) << sent;
  size_t back = 0;
  while (back < sent) {  // and all of it comes once it is taken
    std::vector<char> bytes(1 << 16);
    const auto n = one.Receive(bytes, Stream::After(30));
    ASSERT_TRUE(n.ok() && *n > 0) << back << " of " << sent;
    back += *n;
  }
}

TEST_F(ServerTest, AnAddressThatIsTakenIsToldInALine) {
  const auto server = Start();
  const auto again =
      Server::Start({{{"127.0.0.1:x", "127.0.0.1", server->port(0)}, {.name = "echo"}}});
  EXPECT_TRUE(absl::IsUnavailable(again.status()));
  EXPECT_THAT(std::string(again.status().message()), testing::HasSubstr("cannot listen"));
  const auto foreign = Server::Start({{{"192.0.2.1:1", "192.0.2.1", 4711}, {.name = "echo"}}});
  EXPECT_TRUE(absl::IsNotFound(foreign.status())) << foreign.status();
}

}  // namespace
}  // namespace ronchi::hw
