#include "hw/wire/framed_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/error.h"
#include "hw/server/server.h"

namespace ronchi::hw::wire {
namespace {

using testing::HasSubstr;

// Frames end with a full stop; a '!' begins none.
absl::StatusOr<size_t> FullStop(std::string_view bytes) {
  if (bytes.starts_with('!')) return absl::InvalidArgumentError("'!' begins no frame\n");
  const size_t at = bytes.find('.');
  return at == std::string_view::npos ? 0 : at + 1;
}

// Answers by the test's function.
class Scripted final : public Session {
 public:
  using Script = std::function<absl::Status(std::string_view, std::string*)>;
  explicit Scripted(Script script) : script_(std::move(script)) {}
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    return script_(bytes, answer);
  }

 private:
  const Script script_;
};

class FramedPeerTest : public testing::Test {
 protected:
  void Serve(Scripted::Script script) {
    Protocol p{.name = "scripted"};
    p.open = [=, this](auto) {
      ++opened_;
      return std::make_unique<Scripted>(script);
    };
    server_ = *Server::Start({{*ParseAddress("127.0.0.1:0", true), p}});
    peer_ = std::make_unique<FramedPeer>(Address{"peer", "127.0.0.1", server_->port(0)}, FullStop,
                                         PeerOptions{.most_bytes = 1000});
  }
  Error Fails(double within_s = 20) {
    const auto answer = peer_->Ask("?.", within_s);
    EXPECT_FALSE(answer.ok());
    return ErrorOf(answer.status());
  }

  std::atomic<int> opened_ = 0;
  std::unique_ptr<Server> server_;
  std::unique_ptr<FramedPeer> peer_;
};

TEST_F(FramedPeerTest, FramesAreFoundHoweverTheyAreCut) {
  Serve([](std::string_view bytes, std::string* answer) {
    *answer = std::string(bytes) + "one.tw";
    return absl::OkStatus();
  });
  EXPECT_EQ(*peer_->Ask("a.", 20), "a.");
  EXPECT_EQ(*peer_->Next(20), "one.");
  EXPECT_EQ(opened_, 1);
}

TEST_F(FramedPeerTest, WhatCameUnaskedDoesNotAnswerTheNextQuestion) {
  Serve([](std::string_view bytes, std::string* answer) {
    *answer = std::string(bytes) + "late.";
    return absl::OkStatus();
  });
  EXPECT_EQ(*peer_->Ask("a.", 20), "a.");
  EXPECT_EQ(*peer_->Ask("b.", 20), "b.");  // over a link of its own
  EXPECT_EQ(opened_, 2);
}

TEST_F(FramedPeerTest, ALinkThatEndedMeanwhileIsMadeAnew) {
  Serve([](std::string_view bytes, std::string* answer) {
    *answer = std::string(bytes);
    return absl::CancelledError();
  });
  for (int i = 0; i < 100; ++i) {
    // It may end while the question is on its way; that is said, as nobody knows what it did.
    const auto answer = peer_->Ask("a.", 20);
    if (!answer.ok()) {
      EXPECT_EQ(*ErrorOf(answer.status()).effect, Effect::kPerhaps);
      EXPECT_THAT(ErrorOf(answer.status()).cause, HasSubstr("peer: the link is lost"));
    }
  }
}

TEST_F(FramedPeerTest, SilenceEndsAtTheDeadline) {
  Serve([](std::string_view, std::string* answer) {
    *answer = "never whole";
    return absl::OkStatus();
  });
  const Error e = Fails(0.05);
  EXPECT_EQ(e.kind, ErrorKind::kTimeout);
  EXPECT_EQ(*e.effect, Effect::kPerhaps);
  EXPECT_EQ(e.cause, "peer: no answer in time");
}

TEST_F(FramedPeerTest, NonsenseAndFloodsEndTheLink) {
  Serve([](std::string_view, std::string* answer) {
    *answer = "!";
    return absl::OkStatus();
  });
  EXPECT_EQ(Fails().cause, "peer: '!' begins no frame\\n");
  Serve([](std::string_view, std::string* answer) {
    *answer = std::string(5000, 'x');
    return absl::OkStatus();
  });
  EXPECT_THAT(Fails().cause, HasSubstr("more than 1000 bytes in one frame"));
}

TEST_F(FramedPeerTest, NobodyThereHasDoneNothing) {
  Serve([](std::string_view, std::string*) { return absl::OkStatus(); });
  server_.reset();
  const Error e = Fails();
  EXPECT_EQ(e.kind, ErrorKind::kCommunication);
  EXPECT_EQ(*e.effect, Effect::kNone);
}

TEST_F(FramedPeerTest, TenThousandLinksLeaveNothingBehind) {
  Serve([](std::string_view bytes, std::string* answer) {
    *answer = std::string(bytes);
    return absl::OkStatus();
  });
  for (int i = 0; i < 10000; ++i) {
    ASSERT_EQ(*peer_->Ask("a.", 20), "a.");
    peer_->Drop();
  }
  EXPECT_EQ(opened_, 10000);
  while (server_->connections() > 0) std::this_thread::yield();
}

}  // namespace
}  // namespace ronchi::hw::wire
