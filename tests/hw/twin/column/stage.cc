// The stage of a column against closed forms.
#include <gtest/gtest.h>

#include "tests/hw/twin/column/still_column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::Still;

// Play of 40 nm: the stage follows 20 nm behind, and stands still on the first 40 nm back.
TEST(TwinStage, TheStageHasPlay) {
  auto twin = Still("  stage_backlash_nm: [40, 40]\n", "stage: {present: true}\n");
  const auto at_nm = [&] { return -TruthOf(twin.get(), "under_origin_x_A") / 10; };
  const auto go = [&](double nm) { DoOn(twin.get(), Set{"stage.x", Nanometres(nm)}); };
  go(100);
  EXPECT_NEAR(at_nm(), 80, 1e-6);
  go(70);
  EXPECT_NEAR(at_nm(), 80, 1e-6);
  go(0);
  EXPECT_NEAR(at_nm(), 20, 1e-6);
  go(100);
  EXPECT_NEAR(at_nm(), 80, 1e-6);
}

TEST(TwinStage, TheStagesHeightIsDefocus) {
  auto twin = Still("", "stage: {present: true}\n");
  DoOn(twin.get(), Set{"stage.z", Nanometres(7)});
  EXPECT_NEAR(TruthOf(twin.get(), "total_C10_nm"), 7, 1e-6);
}

// A move takes its way at the stage's speed, and its settling time.
TEST(TwinStage, AMoveTakesItsTime) {
  auto twin = Still("", "stage: {present: true, speed_um_per_s: 2, settle_s: 0.4}\n");
  const Reply r = *twin->Execute(Set{"stage.y", Nanometres(3000)});
  EXPECT_NEAR(r.elapsed_s, 1.5 + 0.4, 1e-9);
  // Out of time it stops half way.
  const auto late =
      twin->Execute(Set{.property = "stage.y", .value = Nanometres(5000), .timeout_s = 0.5});
  EXPECT_FALSE(late.ok());
  EXPECT_NEAR((*twin->Execute(Read{{"stage.y"}})).readings[0].value.si, 4e-6, 1e-10);
}

}  // namespace
}  // namespace ronchi::hw
