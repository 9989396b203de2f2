// The driver against Ronchi's own server of a camera, over the loopback.
#include "hw/drivers/merlin/merlin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "hw/instrument/error.h"
#include "hw/server/merlin_server.h"
#include "hw/server/server.h"
#include "tests/support/pattern_camera.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::PatternCamera;
using testing_support::PatternPixel;
using testing_support::PatternState;

class MerlinTest : public testing::Test {
 protected:
  void Serve() {
    const MerlinProtocols p = *MakeMerlinProtocols(&hub_, {.listen_s = 30});
    const auto at = [](int port) {
      return *wire::ParseAddress("127.0.0.1:" + std::to_string(port), true);
    };
    server_.reset();
    server_ = *Server::Start({{at(control_), p.control}, {at(data_), p.data}});
    control_ = server_->port(0);
    data_ = server_->port(1);
  }
  std::unique_ptr<Instrument> Open(MerlinOptions o = {}) {
    o.control = {"control", "127.0.0.1", control_};
    o.data = {"data", "127.0.0.1", data_};
    o.answer_s = o.frame_s = 60;
    auto merlin = MakeMerlin(o);
    EXPECT_TRUE(merlin.ok()) << merlin.status();
    return *std::move(merlin);
  }
  void ExpectPattern(const absl::StatusOr<Reply>& reply, size_t frames, size_t first, float most) {
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->ended, Ended::kComplete);
    ASSERT_EQ(reply->frames.size(), frames);
    for (size_t n = 0; n < frames; ++n) {
      const Array<float>& counts = reply->frames[n].counts;
      ASSERT_EQ(counts.shape(), (std::vector<size_t>{40, 64}));
      for (size_t i = 0; i < counts.size(); ++i) {
        ASSERT_EQ(counts[i], std::min(PatternPixel(first + n, i), most)) << n << " " << i;
      }
    }
  }

  std::shared_ptr<PatternState> state_ = std::make_shared<PatternState>();
  PatternCamera camera_{state_, 64, 40};
  Hub hub_{&camera_};
  int control_ = 0, data_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(MerlinTest, DescribesWhatTheServerTells) {
  Serve();
  const auto merlin = Open({.pixel_rad = 1e-3, .min_time_s = 1e-4, .max_time_s = 10});
  const DetectorInfo& d = merlin->description().detectors.at(0);
  EXPECT_EQ(d.name, "merlin");
  EXPECT_EQ(d.pixels_x, 64u);
  EXPECT_EQ(d.pixels_y, 40u);
  EXPECT_EQ(d.saturation_counts, 4095);
  EXPECT_EQ(d.pixel_rad, 1e-3);
  EXPECT_EQ(d.min_dwell_s, 1e-4);
  EXPECT_EQ(d.max_dwell_s, 10);
  EXPECT_FALSE(merlin->description().simulated);
  EXPECT_TRUE(absl::IsUnimplemented(merlin->Execute(Blank{}).status()));
  EXPECT_TRUE(merlin->Execute(Safe{}).ok());
}

TEST_F(MerlinTest, ExposuresComePixelForPixel) {
  Serve();
  const auto merlin = Open({.counter_depth = 24});
  const auto clipped = Open({.trigger = MerlinTrigger::kSoft});
  size_t first = 0;
  for (const size_t frames : {1u, 2u, 300u}) {
    ExpectPattern(merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = frames}),
                  frames, first, 1e9f);
    first += frames;
  }
  ExpectPattern(clipped->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 3}), 3, first,
                4095);
}

TEST_F(MerlinTest, CountsAreClippedAtTheCounter) {
  Serve();
  const auto merlin = Open({.counter_depth = 6});
  ExpectPattern(merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3}), 1, 0, 63);
}

TEST_F(MerlinTest, WhatCannotBeIsRefusedBeforeAnythingIsExposed) {
  Serve();
  const auto merlin = Open({.most_bytes = 64 * 40 * 4 * 3});
  const auto kind = [&](const Expose& e) {
    return KindName(ErrorOf(merlin->Execute(e).status()).kind);
  };
  EXPECT_EQ(kind({.camera = "merlin", .time_s = 1e-3, .binning = 2}), "cannot");
  EXPECT_EQ(kind({.camera = "merlin", .time_s = 1e-3, .frames = 4}), "out_of_limits");
  EXPECT_EQ(kind({.camera = "ceta", .time_s = 1e-3}), "no_such_name");
  EXPECT_EQ(kind({.camera = "merlin", .time_s = 1000}), "out_of_limits") << "the server's limit";
  state_->blanked = true;
  EXPECT_EQ(kind({.camera = "merlin", .time_s = 1e-3}), "busy");
  EXPECT_EQ(state_->frames, 0u);
}

TEST_F(MerlinTest, ACancelStopsTheServerAndTheNextExposureIsRight) {
  Serve();
  const auto merlin = Open();
  state_->stalls = true;
  CancelToken cancel;
  std::thread other([&] {
    while (!hub_.busy()) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto reply =
      merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 2}, {.cancel = &cancel});
  other.join();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_TRUE(reply->frames.empty());
  EXPECT_FALSE(hub_.busy());
  state_->stalls = false;
  const size_t first = state_->frames;
  ExpectPattern(merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 2}), 2, first,
                4095);
  EXPECT_TRUE(absl::IsCancelled(
      merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3}, {.cancel = &cancel}).status()));
}

TEST_F(MerlinTest, ATimeAllowedEndsIt) {
  Serve();
  const auto merlin = Open();
  state_->stalls = true;
  const auto reply =
      merlin->Execute(Expose{.camera = "merlin", .time_s = 1e-3}, {.timeout_s = 0.05});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kTimeout);
}

TEST_F(MerlinTest, AServerThatWasStartedAnewIsFoundAgain) {
  Serve();
  const auto merlin = Open();
  const Expose one{.camera = "merlin", .time_s = 1e-3};
  ExpectPattern(merlin->Execute(one), 1, 0, 4095);
  server_.reset();
  const auto gone = merlin->Execute(one);
  EXPECT_EQ(KindName(ErrorOf(gone.status()).kind), "communication");
  EXPECT_FALSE(MayHaveHappened(gone.status()));
  Serve();
  ExpectPattern(merlin->Execute(one), 1, 1, 4095);
}

TEST_F(MerlinTest, TwoDriversTakeTurns) {
  Serve();
  const auto a = Open(), b = Open();
  // Both listen on the data port, and each takes its own acquisition alone.
  ExpectPattern(a->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 3}), 3, 0, 4095);
  ExpectPattern(b->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 2}), 2, 3, 4095);
  ExpectPattern(a->Execute(Expose{.camera = "merlin", .time_s = 1e-3, .frames = 2}), 2, 5, 4095);
}

TEST(Merlin, NobodyThereIsToldInALine) {
  MerlinOptions o;
  o.control = {"127.0.0.1:1", "127.0.0.1", 1};
  o.data = {"127.0.0.1:2", "127.0.0.1", 2};
  const auto merlin = MakeMerlin(o);
  EXPECT_TRUE(absl::IsUnavailable(merlin.status())) << merlin.status();
  EXPECT_THAT(std::string(merlin.status().message()), HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace ronchi::hw
