#include "hw/wrappers/slow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::NullInstrument;
using testing_support::TwinFromYaml;

TEST(Slow, WaitsAndEndsItsWaitWhenCancelled) {
  auto slow = MakeSlow(std::make_unique<NullInstrument>(), {.latency_s = 0.05});
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  EXPECT_TRUE(slow->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(50));
  slow = MakeSlow(std::make_unique<NullInstrument>(), {.latency_s = 30});
  start = Clock::now();
  CancelToken token;
  token.SetDeadline(start + std::chrono::milliseconds(50));
  ExecuteOptions options;
  options.cancel = &token;
  EXPECT_TRUE(absl::IsCancelled(slow->Execute(Set{"optics.C10", Nanometres(1)}, options).status()));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  slow = MakeSlow(*MakeTwin(TwinFromYaml(), 1), {.real_time = 1});
  start = Clock::now();
  const Reply reply = *slow->Execute(Set{"optics.C10", Nanometres(1)});  // settles for 50 ms
  EXPECT_GE(Clock::now() - start, std::chrono::duration<double>(reply.elapsed_s));
}

}  // namespace
}  // namespace ronchi::hw
