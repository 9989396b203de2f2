#include "experiments/loop/watch.h"

#include <gtest/gtest.h>

#include "core/quantity.h"
#include "experiments/loop/theory_at_work.h"

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
  const hw::Description description_ = [] {
    hw::Description d;
    d.properties.push_back({.name = "optics.C12.a", .writable = true, .unit = "nm"});
    d.properties.push_back({.name = "beam.current"});
    return d;
  }();
};

TEST(ToAcquisition, IsTheMeanOfTheFrames) {
  hw::Reply reply;
  reply.time_s = 7;
  reply.frames = {{"haadf", Array<float>({1, 2}, {1, 2})}, {"haadf", Array<float>({1, 2}, {3, 6})}};
  const theory::Acquisition a = ToAcquisition(reply, {{"optics.C10", 1e-9}});
  EXPECT_EQ(a.frames, 2);
  EXPECT_EQ(a.time_s, 7);
  EXPECT_EQ(a.Setting("optics.C10"), 1e-9);
  EXPECT_EQ(a.data[0], 2);
  EXPECT_EQ(a.data[1], 4);
}

TEST(Watch, TellsWhatPassedAndWhereTheSettingsStand) {
  absl::StatusOr<hw::Reply> next = hw::Reply{};
  EventBus bus;
  Watch watch(std::make_unique<Stub>(&next), &bus);
  std::vector<std::string> asked, seen;
  absl::Status says;
  auto subscription = bus.Subscribe([&](const Event& event) {
    if (const auto* command = std::get_if<events::Command>(&event)) {
      asked.push_back(hw::VerbName(*command->command));
    } else if (const auto* reply = std::get_if<events::Reply>(&event)) {
      seen.push_back(hw::VerbName(*reply->command));
      EXPECT_EQ(reply->settings, &watch.settings());
    }
    return says;
  });

  hw::Reply set;  // asked for 3 nm, the corrector says 2.9
  set.readings = {{"optics.C12.a", Nanometres(2.9), 0}, {"beam.current", {1e-11}, 0}};
  next = set;
  EXPECT_TRUE(watch.Execute(hw::Set{"optics.C12.a", Nanometres(3)}).ok());
  EXPECT_EQ(watch.settings(), (std::map<std::string, double>{{"optics.C12.a", 2.9e-9}}))
      << "what cannot be set is no setting";
  EXPECT_EQ(watch.exposures(), 0);

  hw::Reply scan;
  scan.frames = {{"haadf", Array<float>({1, 1}, {5})}};
  next = scan;
  const auto reply = watch.Execute(hw::Scan{});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->frames[0].counts[0], 5);
  EXPECT_EQ(watch.exposures(), 1);
  EXPECT_EQ(seen, (std::vector<std::string>{"set", "scan"}));

  next = absl::UnavailableError("away");
  EXPECT_TRUE(absl::IsUnavailable(watch.Execute(hw::Scan{}).status()));
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(asked, (std::vector<std::string>{"set", "scan", "scan"}));
  next = scan;
  says = absl::ResourceExhaustedError("no room for it");
  EXPECT_TRUE(absl::IsResourceExhausted(watch.Execute(hw::Scan{}).status()))
      << "what a subscriber could not take is no success";
  subscription = {};
  EXPECT_TRUE(watch.Execute(hw::Scan{}).ok()) << "nobody listens";
}

TEST(Watch, APropertysColumnIsItsNameAndUnit) {
  const PropertyColumn column = ColumnOf({.name = "optics.C12.a", .unit = "nm"});
  EXPECT_EQ(column.name, "C12a_nm");
  EXPECT_DOUBLE_EQ(column.unit_si, 1e-9);
  EXPECT_EQ(ColumnOf({.name = "stage.alpha", .unit = "mrad"}).name, "alpha_mrad");
  EXPECT_EQ(ColumnOf({.name = "gain"}).name, "gain");
}

}  // namespace
}  // namespace ronchi
