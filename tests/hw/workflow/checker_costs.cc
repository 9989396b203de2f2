// What a workflow is said to cost.
#include <gtest/gtest.h>

#include "tests/hw/workflow/checked.h"

namespace ronchi::hw::workflow {
namespace {

using testing_support::kColumnCurrent_A;

// By hand: 2 frames of 64² pixels, dwell 2 µs, flyback 0.1 ms a line, 20 ms a frame.
TEST(Check, CostByHand) {
  const CheckReport report = CheckText(
      Document("  - unblank\n  - for: x\n    in: [0 nm, 1 nm, 2 nm]\n    do:\n"
               "      - set: {property: optics.C10, to: x}\n"
               "      - scan: {fov: field, pixels: 64, dwell: 2 us, frames: 2, detectors: haadf}\n"
               "  - blank\n"));
  ASSERT_TRUE(report.ok()) << Findings(report);
  const double scan_s = 2 * (0.02 + 64 * (64 * 2e-6 + 1e-4));
  const double time_s = 2e-4 + 3 * (0.05 + scan_s);
  const double electrons = 3 * 2 * 64 * 64 * 2e-6 * kColumnCurrent_A / kElementaryCharge_C;
  const double dose = electrons / (4e-9 * 4e-9);
  for (const Spending& s : {report.expected, report.worst}) {
    // Sums of a dozen doubles.
    EXPECT_NEAR(s.time_s, time_s, 1e-12 * time_s);
    EXPECT_NEAR(s.electrons, electrons, 1e-12 * electrons);
    EXPECT_NEAR(s.dose_e_per_m2, dose, 1e-12 * dose);
    EXPECT_EQ(s.commands, 8);
  }
}

TEST(Check, FieldsSideBySideDoNotAddUpAndOverlapsDo) {
  const auto dose = [](const std::string& centers) {
    return CheckText(Document("  - unblank\n  - for: x\n    in: " + centers +
                              "\n    do:\n      - scan: {center: [x, 0 nm], fov: field, pixels: 32,"
                              " dwell: 1 us, detectors: haadf}\n"))
        .worst.dose_e_per_m2;
  };
  const double one = dose("[0 nm]");
  EXPECT_NEAR(dose("[-4 nm, 0 nm, 4 nm]"), one, 1e-12 * one);
  EXPECT_NEAR(dose("[-3 nm, 0 nm, 3 nm]"), 2 * one, 1e-12 * one);
  EXPECT_NEAR(dose("[0 nm, 0 nm, 0 nm]"), 3 * one, 1e-12 * one);
}

}  // namespace
}  // namespace ronchi::hw::workflow
