#include "experiments/flow/flow_ending.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(FlowEnding, IsDoneWhenAllThatWasAskedForWasDone) {
  const auto of = [](bool finished, const std::string& ended_by, const absl::Status& fault = {}) {
    hw::workflow::RunResult r;
    r.finished = finished;
    r.ended_by = ended_by;
    r.fault = fault;
    return EndingOf(r);
  };
  EXPECT_EQ(of(true, "done"), Ending::kDone);
  EXPECT_EQ(of(true, "stop: the sample is gone"), Ending::kDone);
  EXPECT_EQ(of(true, "budget"), Ending::kEarly);
  EXPECT_EQ(of(true, "denied: more dose"), Ending::kEarly);
  EXPECT_EQ(of(false, "denied: more dose"), Ending::kEarly);
  EXPECT_EQ(of(false, ""), Ending::kInterrupted);
  EXPECT_EQ(of(false, "done", absl::UnavailableError("link lost")), Ending::kFault);
}

}  // namespace
}  // namespace ronchi
