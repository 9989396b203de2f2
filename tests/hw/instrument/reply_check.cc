// Each thing that a driver may answer wrongly is told by what it is; what is right passes.
#include "hw/instrument/reply_check.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using ::testing::HasSubstr;
using testing_support::NullInstrument;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// A driver whose answers are changed by `lie`.
class Liar final : public Instrument {
 public:
  explicit Liar(std::function<void(Reply*)> lie) : lie_(std::move(lie)) {}
  const Description& description() const override { return inner_.description(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    absl::StatusOr<Reply> reply = inner_.Execute(command, options);
    if (reply.ok()) lie_(&*reply);
    return reply;
  }
  NullInstrument inner_;
  const std::function<void(Reply*)> lie_;
};

Scan SmallScan() { return {0, 0, 1e-9, 1e-9, 4, 3, 1e-6, 2, {"haadf"}}; }
const Command kRead = Read{{"optics.C10", "stage.x"}};
const Command kSet = Set{"optics.C10", {2e-9, Dimension::kLength}, false, 1e-12};

absl::Status Answer(const Command& command, std::function<void(Reply*)> lie) {
  const auto checked = MakeChecked(std::make_unique<Liar>(std::move(lie)));
  // Before it lies: both with and without a beam all is well.
  EXPECT_TRUE(checked->Execute(Abort{}).ok());
  (void)checked->Execute(Unblank{});
  return checked->Execute(command).status();
}

TEST(ReplyCheck, WhatFitsPasses) {
  for (const Command& c : {kRead, kSet, Command(SmallScan()), Command(Park{0, 0, 1e-6})}) {
    EXPECT_EQ(Answer(c, [](Reply*) {}), absl::OkStatus()) << VerbName(c);
  }
  // What is ended early may lack frames and hold NaN.
  EXPECT_EQ(Answer(SmallScan(),
                   [](Reply* r) {
                     if (r->frames.empty()) return;
                     r->ended = Ended::kCancelled;
                     r->frames.pop_back();
                     r->frames[0].counts.data()[5] = NAN;
                   }),
            absl::OkStatus());
}

TEST(ReplyCheck, WhatDoesNotFitIsHardwareThatMayHaveHappened) {
  const auto readings = [](auto change) {
    return [=](Reply* r) {
      if (!r->readings.empty()) change(&r->readings);
    };
  };
  const auto frames = [](auto change) {
    return [=](Reply* r) {
      if (!r->frames.empty()) change(&r->frames);
    };
  };
  const auto of_scans = [](auto change) {
    return [=](Reply* r) {
      if (!r->frames.empty()) change(r);
    };
  };
  struct Case {
    Command command;
    std::function<void(Reply*)> lie;
    const char* says;
  };
  const Case cases[] = {
      {kRead, readings([](auto* r) { r->pop_back(); }), "1 readings where 2 were asked for"},
      {kRead, readings([](auto* r) { std::swap(r->at(0), r->at(1)); }),
       "optics.C10 is answered by stage.x"},
      {kRead, readings([](auto* r) { r->at(0).value.dimension = Dimension::kAngle; }),
       "optics.C10 is answered with a angle"},
      {kSet, readings([](auto* r) { r->at(0).value.si *= 1e9; }), "stands at 2 m instead of 2 nm"},
      {kSet, readings([](auto* r) { r->at(0).value.si = kNan; }), "stands at nan m"},
      {SmallScan(), frames([](auto* f) { f->pop_back(); }), "1 frames where 2 were asked for"},
      {SmallScan(), frames([](auto* f) { f->at(1).detector = "bf"; }), "frame 1 is of 'bf'"},
      {SmallScan(), frames([](auto* f) {
         f->at(0).counts = Array<float>({4, 3});
       }),
       "has the shape [4, 3]; asked for was [3, 4]"},
      {SmallScan(), frames([](auto* f) { f->at(1).counts.data()[7] = NAN; }),
       "pixel 7 of frame 1 of haadf is nan, and it says that it is complete"},
      {SmallScan(), of_scans([](Reply* r) { r->electrons = kInf; }), "its electrons: inf"},
      {SmallScan(), of_scans([](Reply* r) { r->electrons = -1; }), "its electrons: -1"},
      {SmallScan(), of_scans([](Reply* r) { r->dose_e_per_m2 = kNan; }), "its dose: nan"},
      {SmallScan(), of_scans([](Reply* r) { r->elapsed_s = -1; }), "its elapsed time: -1"},
      {SmallScan(), of_scans([](Reply* r) { r->time_s = -5; }), "its clock went from 0 s to -5 s"},
      {SmallScan(), of_scans([](Reply* r) { r->time_s = kInf; }),
       "its clock went from 0 s to inf s"},
  };
  for (const Case& c : cases) {
    const absl::Status s = Answer(c.command, c.lie);
    EXPECT_THAT(std::string(s.message()),
                ::testing::AllOf(HasSubstr("null: its answer to "), HasSubstr(c.says)));
    EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware) << c.says;
    EXPECT_TRUE(MayHaveHappened(s)) << c.says;
  }
}

TEST(ReplyCheck, WhatTheDescriptionForbidsDoesNotReachTheDriver) {
  int reached = 0;
  const auto checked = MakeChecked(std::make_unique<Liar>([&](Reply*) { ++reached; }));
  EXPECT_FALSE(checked->Execute(Set{"optics.C10", {1, Dimension::kLength}}).ok());
  EXPECT_FALSE(checked->Execute(Read{{"no.such"}}).ok());
  EXPECT_EQ(reached, 0);
}

}  // namespace
}  // namespace ronchi::hw
