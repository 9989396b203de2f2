#include "hw/server/merlin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "hw/wire/mib.h"
#include "hw/wire/mib_pixels.h"
#include "hw/wire/mpx.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/pattern_camera.h"

namespace ronchi::hw {
namespace {

using testing_support::PatternCamera;
using testing_support::PatternPixel;
using testing_support::PatternState;

// Keeps what is pushed; takes nothing while it is full.
class Kept final : public Outbox {
 public:
  absl::Status Push(std::string bytes, Clock::time_point until) override {
    std::unique_lock<std::mutex> lock(mutex_);
    if (gone_) return absl::UnavailableError("gone");
    if (full_) {
      changed_.wait_until(lock, until);
      return absl::DeadlineExceededError("full");
    }
    messages_.push_back(std::move(bytes));
    changed_.notify_all();
    return absl::OkStatus();
  }
  std::vector<std::string> Await(size_t messages) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return messages_.size() >= messages; });
    return messages_;
  }
  void Be(bool full, bool gone) {
    const std::lock_guard<std::mutex> lock(mutex_);
    full_ = full;
    gone_ = gone;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  bool full_ = false, gone_ = false;
};

class MerlinServerTest : public testing::Test {
 protected:
  MerlinServerTest() { Serve({.push_s = 20, .listen_s = 0.001}); }
  void Serve(const MerlinServerOptions& options) {
    data_.reset();
    control_.reset();
    protocols_ = *MakeMerlinProtocols(&hub_, options);
    control_ = protocols_.control.open(nullptr);
    kept_ = std::make_shared<Kept>();
    data_ = protocols_.data.open(kept_);
  }
  // The body of the answer; "" of none.
  std::string Ask(const std::string& body) {
    std::string answer;
    EXPECT_TRUE(control_->Take(wire::MpxMessage(body), &answer).ok()) << body;
    return answer.size() > wire::kMpxPrefixBytes ? answer.substr(wire::kMpxPrefixBytes) : "";
  }
  void AwaitIdle() {
    while (Ask("GET,DETECTORSTATUS,0") != "GET,DETECTORSTATUS,0,0") std::this_thread::yield();
  }
  static std::string BodyOf(const std::string& message) {
    EXPECT_EQ(*wire::MpxBodyBytes(message.substr(0, wire::kMpxPrefixBytes)),
              message.size() - wire::kMpxPrefixBytes);
    return message.substr(wire::kMpxPrefixBytes);
  }
  void ExpectFrame(const std::string& message, size_t sequence, size_t n, uint32_t most) {
    const std::string body = BodyOf(message);
    const auto h = wire::ParseMibHeader(body);
    ASSERT_TRUE(h.ok()) << h.status();
    EXPECT_EQ(h->sequence, sequence);
    ASSERT_EQ(body.size(), h->header_bytes + h->pixel_bytes());
    std::vector<float> pixels(h->width * h->height);
    wire::PixelsToFloats(body.substr(h->header_bytes), h->pixel, pixels);
    for (size_t i = 0; i < pixels.size(); ++i) {
      ASSERT_EQ(pixels[i], std::min(PatternPixel(n, i), float(most))) << i;
    }
  }

  std::shared_ptr<PatternState> state_ = std::make_shared<PatternState>();
  PatternCamera camera_{state_, 6, 4};
  Hub hub_{&camera_};
  MerlinProtocols protocols_;
  std::unique_ptr<Session> control_, data_;
  std::shared_ptr<Kept> kept_;
};

TEST_F(MerlinServerTest, TellsWhatItIs) {
  EXPECT_EQ(Ask("GET,IMAGEX,0"), "GET,IMAGEX,6,0");
  EXPECT_EQ(Ask("GET,IMAGEY,0"), "GET,IMAGEY,4,0");
  EXPECT_EQ(Ask("GET,COUNTERDEPTH,0"), "GET,COUNTERDEPTH,12,0");
  EXPECT_EQ(Ask("GET,DETECTORSTATUS,0"), "GET,DETECTORSTATUS,0,0");
  std::string answer;
  EXPECT_TRUE(control_->Take("MPX,0000000019,GET,COUNTERDEPTH,0", &answer).ok());
  EXPECT_EQ(answer, "MPX,0000000022,GET,COUNTERDEPTH,12,0");
}

TEST_F(MerlinServerTest, CodesSayWhyNot) {
  EXPECT_EQ(Ask("SET,COUNTERDEPTH,24"), "SET,COUNTERDEPTH,0");
  EXPECT_EQ(Ask("GET,COUNTERDEPTH,0"), "GET,COUNTERDEPTH,24,0");
  EXPECT_EQ(Ask("SET,ACQUISITIONTIME,2.5"), "SET,ACQUISITIONTIME,0");
  EXPECT_EQ(Ask("GET,ACQUISITIONTIME,0"), "GET,ACQUISITIONTIME,2.5,0");
  for (const char* beyond :
       {"COUNTERDEPTH,8", "ACQUISITIONTIME,0", "ACQUISITIONTIME,1e9", "ACQUISITIONTIME,nan",
        "ACQUISITIONTIME,soon", "NUMFRAMESTOACQUIRE,0", "NUMFRAMESTOACQUIRE,1.5",
        "NUMFRAMESTOACQUIRE,1000000", "TRIGGERSTART,1", "FILEFORMAT,2", "CONTINUOUSRW,1"}) {
    EXPECT_THAT(Ask(std::string("SET,") + beyond), testing::EndsWith(",3")) << beyond;
  }
  EXPECT_EQ(Ask("SET,IMAGEX,7"), "SET,IMAGEX,2");
  EXPECT_EQ(Ask("GET,COFFEE,0"), "GET,COFFEE,0,2");
  EXPECT_EQ(Ask("CMD,COFFEE,0"), "CMD,COFFEE,2");
  EXPECT_EQ(Ask("CMD,SOFTTRIGGER,0"), "CMD,SOFTTRIGGER,1");
  EXPECT_EQ(Ask("CMD,STOPACQUISITION,0"), "CMD,STOPACQUISITION,0");
}

TEST_F(MerlinServerTest, FramesComeInOrderPixelForPixel) {
  for (const auto& [depth, most] : {std::pair("6", 63u), {"12", 4095u}, {"24", 16777215u}}) {
    Serve({.push_s = 20});
    const size_t first = state_->frames;
    Ask(std::string("SET,COUNTERDEPTH,") + depth);
    Ask("SET,NUMFRAMESTOACQUIRE,5");
    EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
    const auto messages = kept_->Await(6);
    ASSERT_EQ(messages.size(), 6u);
    const auto h = wire::ParseAcquisitionHeader(BodyOf(messages[0]));
    ASSERT_TRUE(h.ok());
    EXPECT_EQ(h->frames, 5u);
    EXPECT_EQ(h->depth, std::stoi(depth));
    for (size_t i = 0; i < 5; ++i) ExpectFrame(messages[i + 1], i + 1, first + i, most);
  }
}

TEST_F(MerlinServerTest, SoftTriggersReleaseFramesOneByOne) {
  Ask("SET,NUMFRAMESTOACQUIRE,3");
  Ask("SET,NUMFRAMESPERTRIGGER,2");
  Ask("SET,TRIGGERSTART,5");
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  EXPECT_EQ(kept_->Await(1).size(), 1u);
  EXPECT_EQ(state_->frames, 0u);
  EXPECT_EQ(Ask("CMD,SOFTTRIGGER,0"), "CMD,SOFTTRIGGER,0");
  EXPECT_EQ(kept_->Await(3).size(), 3u);
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,1") << "it is armed";
  EXPECT_EQ(Ask("SET,COUNTERDEPTH,6"), "SET,COUNTERDEPTH,1");
  EXPECT_EQ(Ask("GET,DETECTORSTATUS,0"), "GET,DETECTORSTATUS,1,0");
  EXPECT_EQ(Ask("CMD,SOFTTRIGGER,0"), "CMD,SOFTTRIGGER,0");
  EXPECT_EQ(kept_->Await(4).size(), 4u);
  AwaitIdle();
}

TEST_F(MerlinServerTest, NothingIsExposedForNobodyOrBehindABlank) {
  data_.reset();
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,1");
  data_ = protocols_.data.open(kept_);
  state_->blanked = true;
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,1");
  EXPECT_EQ(state_->frames, 0u);
  state_->blanked = false;
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  EXPECT_EQ(kept_->Await(2).size(), 2u);
}

TEST_F(MerlinServerTest, AStopEndsWhatRunsAndWhatWaits) {
  for (const bool soft : {false, true}) {
    state_->stalls = true;
    Ask(soft ? "SET,TRIGGERSTART,5" : "SET,TRIGGERSTART,0");
    EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
    EXPECT_EQ(Ask("CMD,STOPACQUISITION,0"), "CMD,STOPACQUISITION,0");
    EXPECT_EQ(Ask("GET,DETECTORSTATUS,0"), "GET,DETECTORSTATUS,0,0");
  }
  // Also behind a connection that takes nothing.
  state_->stalls = false;
  kept_->Be(true, false);
  Ask("SET,TRIGGERSTART,0");
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  EXPECT_EQ(Ask("CMD,STOPACQUISITION,0"), "CMD,STOPACQUISITION,0");
}

TEST_F(MerlinServerTest, WhoHasGoneOrTakesNothingHoldsNobodyUp) {
  Serve({.push_s = 0.01});
  const auto other = std::make_shared<Kept>();
  const auto data = protocols_.data.open(other);
  kept_->Be(true, false);
  Ask("SET,NUMFRAMESTOACQUIRE,4");
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  EXPECT_EQ(other->Await(5).size(), 5u);
  AwaitIdle();
  other->Be(false, true);
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  AwaitIdle();
  EXPECT_EQ(state_->frames, 4u) << "nobody takes the header: nothing is exposed";
}

TEST_F(MerlinServerTest, AFailureEndsTheAcquisition) {
  state_->fails = true;
  EXPECT_EQ(Ask("CMD,STARTACQUISITION,0"), "CMD,STARTACQUISITION,0");
  AwaitIdle();
  EXPECT_EQ(kept_->Await(1).size(), 1u);
}

TEST_F(MerlinServerTest, RequestsAreFoundHoweverTheyAreCutAndNonsenseEndsTheConnection) {
  const std::string two = wire::MpxMessage("GET,IMAGEX,0") + wire::MpxMessage("GET,IMAGEY,0");
  for (size_t cut = 0; cut <= two.size(); ++cut) {
    std::string answer;
    EXPECT_TRUE(control_->Take(two.substr(0, cut), &answer).ok());
    EXPECT_TRUE(control_->Take(two.substr(cut), &answer).ok());
    EXPECT_EQ(answer, wire::MpxMessage("GET,IMAGEX,6,0") + wire::MpxMessage("GET,IMAGEY,4,0"));
  }
  std::string answer;
  EXPECT_FALSE(control_->Take("GET / HTTP/1.1", &answer).ok());
}

TEST(MerlinServer, ACameraHasToBeThere) {
  testing_support::NullInstrument null;
  Hub none(&null);
  EXPECT_TRUE(absl::IsNotFound(MakeMerlinProtocols(&none).status()));
  PatternCamera camera(std::make_shared<PatternState>(), 2, 2);
  Hub one(&camera);
  EXPECT_TRUE(absl::IsNotFound(MakeMerlinProtocols(&one, {.camera = "ceta"}).status()));
  EXPECT_TRUE(MakeMerlinProtocols(&one, {.camera = "cam"}).ok());
}

}  // namespace
}  // namespace ronchi::hw
