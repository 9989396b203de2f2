// The parts of the twin's column against closed forms: lag, cross-talk, several
// detectors, decay of the current, fading of the crystal.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/hw/twin/column/still_column.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::Still;

Scan Field(size_t frames, double dwell_s, std::vector<std::string> detectors = {"haadf"}) {
  return {.fov_x_m = 7.81e-10,
          .fov_y_m = 7.81e-10,
          .pixels_x = 16,
          .pixels_y = 16,
          .dwell_s = dwell_s,
          .frames = frames,
          .detectors = std::move(detectors)};
}

// 4 nm of which 30 % come late, with 5 s.
TEST(TwinColumn, ACorrectorCreepsExponentially) {
  auto twin = Still("  corrector_lag_share: [0.3, 0.3]\n  corrector_lag_s: [5, 5]\n");
  DoOn(twin.get(), Unblank{});
  const Reply set = *twin->Execute(Set{"optics.C12.a", Nanometres(4)});
  for (double waited = 0.05; waited < 20; waited += 4) {  // settle_s is in the set
    EXPECT_NEAR(TruthOf(twin.get(), "total_C12a_nm"), 4 * (1 - 0.3 * std::exp(-waited / 5)), 1e-9);
    DoOn(twin.get(), Park{0, 0, 4});
  }
  EXPECT_EQ((*twin->Execute(Read{{"optics.C12.a"}})).readings[0].value.si,
            set.readings[0].value.si);  // what was commanded
}

// Linear, none onto itself, and no more than the stated share of the phase at the aperture's rim:
// C10 and C12 turn it alike.
TEST(TwinColumn, CrossTalkIsLinearAndBounded) {
  auto twin = Still("  cross_talk: [0.02, 0.02]\n");
  DoOn(twin.get(), Set{"optics.C10", Nanometres(10)});
  const double a = TruthOf(twin.get(), "total_C12a_nm"), b = TruthOf(twin.get(), "total_C12b_nm");
  EXPECT_NEAR(TruthOf(twin.get(), "total_C10_nm"), 10, 1e-9);
  EXPECT_GT(std::hypot(a, b), 1e-3);
  EXPECT_LE(std::max(std::fabs(a), std::fabs(b)), 0.2);
  DoOn(twin.get(), Set{"optics.C10", Nanometres(20)});
  EXPECT_NEAR(TruthOf(twin.get(), "total_C12a_nm"), 2 * a, 1e-9);
  EXPECT_NEAR(TruthOf(twin.get(), "total_C12b_nm"), 2 * b, 1e-9);
}

// A second ring is of the same scan, and takes nothing from the first.
TEST(TwinColumn, DetectorsReadTogether) {
  const std::string bf = "detectors: {bf: {inner_mrad: 0, outer_mrad: 9}}\n";
  auto one = Still(), two = Still("", bf);
  DoOn(one.get(), Unblank{});
  DoOn(two.get(), Unblank{});
  const Reply alone = *one->Execute(Field(1, 1e-3));
  const Reply both = *two->Execute(Field(1, 1e-3, {"haadf", "bf"}));
  ASSERT_EQ(both.frames.size(), 2u);
  EXPECT_TRUE(std::equal(alone.frames[0].counts.begin(), alone.frames[0].counts.end(),
                         both.frames[0].counts.begin()));
  // Bright field gets a share of the beam that is of the order of its area, a quarter of the disc;
  // counts per electron are 1 there.
  const double electrons = both.electrons / 256;
  double mean = 0;
  for (float v : both.frames[1].counts) mean += v / 256;
  EXPECT_GT(mean, 0.05 * electrons);
  EXPECT_LT(mean, 0.5 * electrons);
}

TEST(TwinColumn, TheCurrentDecays) {
  auto twin = Still("  current_decay_per_h: [0.5, 0.5]\n");
  DoOn(twin.get(), Unblank{});
  const double first = (*twin->Execute(Field(1, 1e-6))).electrons;
  twin->ground_truth()->Pass(3600);
  // The scans lie an hour and 27 ms apart.
  EXPECT_NEAR((*twin->Execute(Field(1, 1e-6))).electrons / first, std::exp(-0.5), 1e-5);
}

// A frame is a critical dose: from frame to frame the crystal's contrast falls to 1/e, about the
// same mean. Contrast is the slope of a frame over the first one, pixel by pixel, as deviations of
// a faded frame are its noise's, too. Counting some 8000 electrons of unequal pulses leaves 2.6 %
// of a pixel, 3.5 % of the first frame's deviation, thus 0.2 % in the slope of 256 pixels: 0.7 % of
// the second frame's and 1.6 % of the third's (so do 24 seeds scatter), a third of the tolerance.
TEST(TwinColumn, TheCrystalFades) {
  const double dwell_s = 2e-3, electrons = 60e-12 * dwell_s / kElementaryCharge_C;
  const double dose = electrons * 256 / (7.81 * 7.81);
  auto twin = Still("  critical_dose_e_per_A2: [" + std::to_string(dose) + ", " +
                    std::to_string(dose) + "]\n");
  DoOn(twin.get(), Unblank{});
  const Reply reply = *twin->Execute(Field(3, dwell_s));
  std::vector<double> means, slopes;
  const auto& first = reply.frames[0].counts;
  for (const Frame& f : reply.frames) {
    double mean = 0, products = 0, squares = 0;
    for (float v : f.counts) mean += v / 256;
    means.push_back(mean);
    for (size_t i = 0; i < 256; ++i) {
      products += (f.counts[i] - mean) * (first[i] - means[0]);
      squares += (first[i] - means[0]) * (first[i] - means[0]);
    }
    slopes.push_back(products / squares);
  }
  for (size_t f : {1, 2}) {
    EXPECT_NEAR(slopes[f], std::exp(-double(f)), 0.05 * std::exp(-double(f))) << f;
    EXPECT_NEAR(means[f] / means[0], 1, 0.01);
  }
}

// Lines of a raster are displaced independently: their rms is the stated one. By the image of a
// steep edge one would need a fit; the truth is in the rows, so the twin's noise-free frames are
// compared: two frames of a twin that jitters differ, two of one that does not are equal.
TEST(TwinColumn, JitterMovesLines) {
  for (const bool jitters : {false, true}) {
    auto twin = Still(jitters ? "  line_jitter_A: [0.5, 0.5]\n" : "");
    DoOn(twin.get(), Unblank{});
    const Reply reply = *twin->Execute(Field(2, 1e-3));
    double squares = 0, mean = 0;
    for (size_t i = 0; i < 256; ++i) {
      const double a = reply.frames[0].counts[i], b = reply.frames[1].counts[i];
      squares += (a - b) * (a - b) / 256;
      mean += (a + b) / 512;
    }
    // Shot noise of two frames: gain · 2 · counts; jitter of half an Å is far above it.
    const double noise = 4 * 2 * mean;
    if (jitters) {
      EXPECT_GT(squares, 5 * noise);
    } else {
      EXPECT_LT(squares, 1.5 * noise);
    }
  }
}

}  // namespace
}  // namespace ronchi::hw
