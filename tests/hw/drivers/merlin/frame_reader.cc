#include "hw/drivers/merlin/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/drivers/merlin/fake_merlin.h"

namespace ronchi::hw {
namespace {

using testing_support::FakeMerlin;
using testing_support::Peer;
using testing_support::WireServer;
using wire::Stream;

std::string AcquisitionOf(size_t frames) {
  return wire::MpxMessage(wire::AcquisitionHeaderText({frames, 1, 12}));
}

class FrameReaderTest : public testing::Test {
 protected:
  void Serve(std::function<void(Peer*)> serve, const FrameReaderOptions& options = {}) {
    reader_.reset();
    server_ = std::make_unique<WireServer>(std::move(serve));
    reader_ = std::make_unique<FrameReader>(*wire::ParseAddress(server_->address()), options);
    ASSERT_TRUE(reader_->Connect(30).ok());
  }
  std::unique_ptr<WireServer> server_;
  std::unique_ptr<FrameReader> reader_;
};

TEST_F(FrameReaderTest, ManyFramesThroughABufferOfAnySize) {
  constexpr size_t kFrames = 2000;
  const size_t one = FakeMerlin::FrameOf(1).size();
  for (const size_t bytes : {size_t{1}, one - 1, one, one + 1, 3 * one / 2, size_t{100000}}) {
    Serve(
        [](Peer* peer) {
          std::string all = AcquisitionOf(kFrames);
          for (size_t i = 1; i <= kFrames; ++i) all += FakeMerlin::FrameOf(i);
          peer->Write(all);
          peer->AwaitEnd();
        },
        {.buffer_bytes = bytes});
    const auto begun = reader_->Begin(Stream::After(60));
    ASSERT_TRUE(begun.ok() && *begun) << begun.status();
    EXPECT_EQ((*begun)->frames, kFrames);
    for (size_t i = 1; i <= kFrames; ++i) {
      const auto frame = reader_->Next(Stream::After(60));
      ASSERT_TRUE(frame.ok() && *frame) << frame.status();
      ASSERT_EQ((*frame)->header.sequence, i);
      const std::string whole = FakeMerlin::FrameOf(i);
      ASSERT_EQ((*frame)->pixels, whole.substr(wire::kMpxPrefixBytes + 384));
    }
  }
}

TEST_F(FrameReaderTest, WhatHasComeIsKeptUntilTheRestComes) {
  std::atomic<bool> go = false;
  Serve([&](Peer* peer) {
    const std::string frame = FakeMerlin::FrameOf(1);
    peer->Write(AcquisitionOf(1) + frame.substr(0, 100));
    while (!go) std::this_thread::yield();
    peer->Write(frame.substr(100));
    peer->AwaitEnd();
  });
  ASSERT_TRUE((*reader_->Begin(Stream::After(60))).has_value());
  for (int i = 0; i < 3; ++i) {
    const auto none = reader_->Next(Stream::After(0.01));
    ASSERT_TRUE(none.ok()) << none.status();
    EXPECT_FALSE(*none);
  }
  go = true;
  EXPECT_TRUE((*reader_->Next(Stream::After(60))).has_value());
}

TEST_F(FrameReaderTest, DrainingForgetsWhatCameAndSeesAnEnd) {
  Serve([](Peer* peer) {
    peer->Write("old");
    peer->Read();  // until the test says so
  });
  absl::Status s;
  EXPECT_TRUE(reader_->Drain(Stream::After(60)).ok());
  server_->Stop();
  EXPECT_FALSE(reader_->Drain(Stream::After(60)).ok());
  // One that does not end.
  Serve(
      [](Peer* peer) {
        while (peer->Write(std::string(100000, 'x'))) {
        }
      },
      {.most_junk = 1000});
  do {
    s = reader_->Drain(Stream::After(60));
  } while (s.ok());
  EXPECT_TRUE(absl::IsResourceExhausted(s)) << s;
  reader_->Drop();
}

TEST_F(FrameReaderTest, ShutEndsWhatWaits) {
  Serve([](Peer* peer) { peer->AwaitEnd(); });
  std::thread other([&] { reader_->Shut(); });
  EXPECT_FALSE(reader_->Begin(Stream::After(600)).ok());
  other.join();
}

}  // namespace
}  // namespace ronchi::hw
