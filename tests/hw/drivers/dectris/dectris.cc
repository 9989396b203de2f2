// The driver against a detector that does as it should.
#include "hw/drivers/dectris/dectris.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "hw/instrument/error.h"
#include "tests/hw/drivers/dectris/fake_dectris.h"

namespace ronchi::hw::dectris {
namespace {

using testing::HasSubstr;
using testing_support::FakeDectris;
using testing_support::PatternPixel;
using testing_support::SimplonForm;

const Expose kFour{.camera = "cam", .time_s = 2e-3, .frames = 4};

void ExpectFrames(const absl::StatusOr<Reply>& reply, size_t frames) {
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kComplete);
  ASSERT_EQ(reply->frames.size(), frames);
  for (size_t n = 0; n < frames; ++n) {
    const Array<float>& counts = reply->frames[n].counts;
    for (size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(counts[i], PatternPixel(n, i)) << n << " " << i;
    }
  }
}

TEST(Dectris, DescribesWhatTheServerTells) {
  FakeDectris fake;
  DectrisOptions options = fake.Options(60);
  options.pixel_rad = 1e-3;
  const auto camera = *MakeDectris(options);
  const DetectorInfo& d = camera->description().detectors.at(0);
  EXPECT_EQ(d.name, "cam");
  EXPECT_EQ(d.pixels_x, FakeDectris::kWidth);
  EXPECT_EQ(d.pixels_y, FakeDectris::kHeight);
  EXPECT_EQ(d.saturation_counts, 65534);
  EXPECT_EQ(d.min_dwell_s, 5e-8);
  EXPECT_EQ(d.max_dwell_s, 3600);
  EXPECT_FALSE(camera->description().simulated);
  EXPECT_TRUE(absl::IsUnimplemented(camera->Execute(Blank{}).status()));
  EXPECT_TRUE(camera->Execute(Safe{}).ok());
  EXPECT_TRUE(fake.Did("abort"));
}

// Either version of the stream, every depth and packing, one connection for many exposures.
TEST(Dectris, ExposuresComePixelForPixel) {
  for (const bool cbor : {false, true}) {
    for (const size_t bytes : {2u, 4u}) {
      for (const char* coding : {"none", "lz4", "bslz4"}) {
        FakeDectris fake(cbor, {FakeDectris::kWidth, FakeDectris::kHeight, bytes, coding});
        const auto camera = *MakeDectris(fake.Options(60));
        for (const size_t frames : {1u, 300u, 2u}) {
          Expose e = kFour;
          e.frames = frames;
          ExpectFrames(camera->Execute(e), frames);
        }
        EXPECT_EQ(fake.Value("mode"), "enabled");
        EXPECT_EQ(fake.Value("format"), cbor ? "cbor" : "legacy");
      }
    }
  }
}

TEST(Dectris, EveryTriggerSetsItsNumbers) {
  FakeDectris fake;
  DectrisOptions options = fake.Options(60);
  ExpectFrames((*MakeDectris(options))->Execute(kFour), 4);
  EXPECT_EQ(fake.Value("trigger_mode"), "ints");
  EXPECT_EQ(fake.Value("nimages"), 4);
  EXPECT_EQ(fake.Value("ntrigger"), 1);
  EXPECT_EQ(fake.Value("count_time"), 2e-3);
  EXPECT_EQ(fake.Value("frame_time"), 2e-3) << "it cannot be shorter";
  EXPECT_TRUE(fake.Did("disarm"));
  EXPECT_FALSE(fake.Did("abort"));
}

TEST(Dectris, WhatCannotBeIsRefusedBeforeAnythingIsExposed) {
  FakeDectris fake;
  DectrisOptions options = fake.Options(60);
  options.most_bytes = FakeDectris::kWidth * FakeDectris::kHeight * 4 * 3;
  const auto camera = *MakeDectris(options);
  const auto kind = [&](Expose e) { return KindName(ErrorOf(camera->Execute(e).status()).kind); };
  EXPECT_EQ(kind({.camera = "cam", .time_s = 1e-3, .binning = 2}), "out_of_limits") << "7 rows";
  EXPECT_EQ(kind(kFour), "out_of_limits");
  EXPECT_EQ(kind({.camera = "ceta", .time_s = 1e-3}), "no_such_name");
  EXPECT_EQ(kind({.camera = "cam", .time_s = 1e9}), "out_of_limits");
  EXPECT_FALSE(fake.Did("arm"));
}

TEST(Dectris, ACancelStopsTheDetectorAndTheNextExposureIsRight) {
  FakeDectris fake;
  const auto camera = *MakeDectris(fake.Options(60));
  fake.Put({.stream = [](auto* messages) { messages->resize(2); }});
  CancelToken cancel;
  std::thread other([&] {
    while (!fake.Did("trigger")) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto reply = camera->Execute(kFour, {.cancel = &cancel});
  other.join();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_LE(reply->frames.size(), 1u);
  EXPECT_TRUE(fake.Did("abort"));
  fake.Put({});
  ExpectFrames(camera->Execute(kFour), 4);
}

TEST(Dectris, ATimeAllowedEndsIt) {
  FakeDectris fake;
  const auto camera = *MakeDectris(fake.Options(60));
  fake.Put({.stream = [](auto* messages) { messages->resize(3); }});
  const auto reply = camera->Execute(kFour, {.timeout_s = 0.05});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kTimeout);
}

TEST(Dectris, WhoIsNotThereOrNotReadyIsSaid) {
  DectrisOptions options;
  {
    FakeDectris fake;
    options = fake.Options(0.2);
    fake.Change("state", "na");
    EXPECT_THAT(std::string(MakeDectris(fake.Options(60)).status().message()),
                HasSubstr("state is na"));
    fake.Change("state", "idle");
    fake.Change("x_pixels_in_detector", 0);
    EXPECT_THAT(std::string(MakeDectris(fake.Options(60)).status().message()),
                HasSubstr("images of 0 × 7"));
    fake.Change("x_pixels_in_detector", 10);
    DectrisOptions elsewhere = fake.Options(0.2);
    elsewhere.stream = *wire::ParseAddress("127.0.0.1:1");
    const auto camera = *MakeDectris(elsewhere);
    const auto reply = camera->Execute(kFour);
    EXPECT_THAT(std::string(reply.status().message()), HasSubstr("nobody sends images there"));
    EXPECT_FALSE(MayHaveHappened(reply.status()));
    EXPECT_FALSE(fake.Did("arm"));
  }
  EXPECT_EQ(KindName(ErrorOf(MakeDectris(options).status()).kind), "communication");
}

TEST(Dectris, PixelsThatWereNotMeasuredAreNought) {
  FakeDectris fake(false, {FakeDectris::kWidth, FakeDectris::kHeight, 1, "bslz4"});
  const auto camera = *MakeDectris(fake.Options(60));
  const auto reply = camera->Execute(kFour);
  ASSERT_TRUE(reply.ok()) << reply.status();
  for (size_t n = 0; n < 4; ++n) {
    for (size_t i = 0; i < 70; ++i) {
      const int low = int(PatternPixel(n, i)) % 256;
      ASSERT_EQ(reply->frames[n].counts[i], float(low == 255 ? 0 : low));
    }
  }
}

}  // namespace
}  // namespace ronchi::hw::dectris
