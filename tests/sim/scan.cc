// Blocks and tiles of a scan: every probe once, in order, in pieces that the file can take.
#include "sim/scan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace ronchi::sim {
namespace {

using Block = ScanOptions::Block;

// 0 in `nx`: `ny` single points.
ScanOptions Scan(size_t nx, size_t ny) {
  ScanOptions scan;
  scan.pixels = {nx, ny};
  scan.end_A = {1, 2};
  if (nx == 0) scan.points_A.assign(ny, {0.5, 0.5});
  return scan;
}

class ScanSizes : public testing::TestWithParam<std::array<size_t, 2>> {
 protected:
  ScanOptions scan_ = Scan(GetParam()[0], GetParam()[1]);
  size_t row_ = scan_.is_raster() ? scan_.pixels[1] : scan_.probes();
};

TEST_P(ScanSizes, BlocksCoverTheScanOnceAndInOrder) {
  for (bool whole_rows : {false, true}) {
    for (size_t most = 0; most <= scan_.probes() + 20; most += 1 + most / 13) {
      size_t next = 0;
      for (const Block& b : scan_.Blocks(most, whole_rows)) {
        EXPECT_EQ(b.first, next);
        ASSERT_GT(b.count, 0u);
        next += b.count;
        if (!whole_rows) {
          EXPECT_LE(b.count, std::max<size_t>(1, most));
        }
        // Whole rows, or a part of one: a slab of the output array.
        if (b.first % row_ != 0 || b.count % row_ != 0) {
          EXPECT_FALSE(whole_rows);
          EXPECT_EQ(b.first / row_, (b.first + b.count - 1) / row_);
        }
        // Tiles of 8 × 8 are the same however the scan is cut.
        if (whole_rows && scan_.is_raster()) {
          EXPECT_EQ(b.first / row_ % 8, 0u);
        }
      }
      EXPECT_EQ(next, scan_.probes()) << "most " << most;
    }
  }
}

TEST_P(ScanSizes, OneBlockWhereEverythingFits) {
  for (bool whole_rows : {false, true}) {
    EXPECT_EQ(scan_.Blocks(scan_.probes(), whole_rows).size(), 1u);
    EXPECT_EQ(scan_.Blocks(size_t(-1), whole_rows).size(), 1u);
  }
}

TEST_P(ScanSizes, TilesPartitionABlock) {
  for (bool whole_rows : {false, true}) {
    for (size_t most : {size_t(1), row_, 3 * row_ + 1, 8 * row_, 20 * row_}) {
      for (const Block& b : scan_.Blocks(most, whole_rows)) {
        std::set<size_t> seen;
        for (const std::vector<size_t>& tile : scan_.Tiles(b)) {
          ASSERT_FALSE(tile.empty());
          EXPECT_LE(tile.size(), 64u);
          for (size_t p : tile) {
            EXPECT_TRUE(seen.insert(p).second) << p;
            EXPECT_GE(p, b.first);
            EXPECT_LT(p, b.first + b.count);
            const auto apart = [&](size_t a, size_t c) {
              return std::abs(int64_t(a) - int64_t(c));
            };
            EXPECT_LT(apart(p / row_, tile[0] / row_), 8);
            EXPECT_LT(apart(p % row_, tile[0] % row_), 8);
          }
        }
        EXPECT_EQ(seen.size(), b.count);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Many, ScanSizes,
                         testing::Values(std::array<size_t, 2>{1, 1}, std::array<size_t, 2>{1, 37},
                                         std::array<size_t, 2>{37, 1}, std::array<size_t, 2>{8, 8},
                                         std::array<size_t, 2>{7, 9}, std::array<size_t, 2>{17, 16},
                                         std::array<size_t, 2>{64, 5}, std::array<size_t, 2>{5, 64},
                                         std::array<size_t, 2>{0, 1}, std::array<size_t, 2>{0, 29}),
                         [](const auto& info) {
                           return std::to_string(info.param[0]) + "x" +
                                  std::to_string(info.param[1]);
                         });

TEST(Scan, PositionsRunAlongYFast) {
  ScanOptions scan = Scan(4, 5);
  EXPECT_EQ(scan.Position(7), (std::array<double, 2>{0.25, 2 * (2.0 / 5)}));
  scan.endpoint = true;
  EXPECT_EQ(scan.Position(19), (std::array<double, 2>{1, 2}));
}

}  // namespace
}  // namespace ronchi::sim
