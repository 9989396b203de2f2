#include "experiments/loop/watch.h"

#include <gtest/gtest.h>

#include "core/quantity.h"

namespace ronchi {
namespace {

// Replies with what it was told to.
class Stub : public hw::Instrument {
 public:
  explicit Stub(absl::StatusOr<hw::Reply>* next) : next_(next) {}
  const hw::Description& description() const override { return description_; }
  absl::StatusOr<hw::Reply> Run(const hw::Command&, const hw::ExecuteOptions&) override {
    return *next_;
  }

 private:
  absl::StatusOr<hw::Reply>* next_;
  hw::Description description_;
};

TEST(ToAcquisition, IsTheMeanOfTheFrames) {
  hw::Reply reply;
  reply.time_s = 7;
  reply.frames = {{"haadf", Array<float>({1, 2}, {1, 2})}, {"haadf", Array<float>({1, 2}, {3, 6})}};
  const theory::Acquisition a = ToAcquisition(reply, {1, 2, 3});
  EXPECT_EQ(a.frames, 2);
  EXPECT_EQ(a.time_s, 7);
  EXPECT_EQ(a.settings_A, (std::array<double, 3>{1, 2, 3}));
  EXPECT_EQ(a.image[0], 2);
  EXPECT_EQ(a.image[1], 4);
}

TEST(Watch, HandsOnImagesWithTheSettingsReadBack) {
  absl::StatusOr<hw::Reply> next = hw::Reply{};
  Watch watch(std::make_unique<Stub>(&next));
  std::vector<theory::Acquisition> seen;
  watch.set_listener([&](const theory::Acquisition& a) { seen.push_back(a); });

  hw::Reply set;  // asked for 3 nm, the corrector says 2.9
  set.readings = {{"optics.C12.a", Nanometres(2.9), 0}, {"stage.alpha", Radians(1), 0}};
  next = set;
  EXPECT_TRUE(watch.Execute(hw::Set{"optics.C12.a", Nanometres(3)}).ok());
  EXPECT_TRUE(seen.empty()) << "no image, nothing to see";

  hw::Reply scan;
  scan.frames = {{"haadf", Array<float>({1, 1}, {5})}};
  next = scan;
  const auto reply = watch.Execute(hw::Scan{});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->frames[0].counts[0], 5);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].settings_A[0], 0);
  EXPECT_NEAR(seen[0].settings_A[1], 29, 1e-12);  // Å; round-off
  EXPECT_EQ(seen[0].settings_A[2], 0);

  next = absl::UnavailableError("away");
  EXPECT_TRUE(absl::IsUnavailable(watch.Execute(hw::Scan{}).status()));
  EXPECT_EQ(seen.size(), 1u);
  next = scan;
  watch.set_listener({});
  EXPECT_TRUE(watch.Execute(hw::Scan{}).ok()) << "nobody listens";
}

}  // namespace
}  // namespace ronchi
