#include "hw/drivers/de/scan_coils.h"

#include <gtest/gtest.h>

#include "hw/instrument/error.h"
#include "hw/instrument/scan_path.h"

namespace ronchi::hw::de {
namespace {

// Where the server puts point (i, j): relative to the middle of the grid, turned, times the volts a
// point, of which the longer side has the whole range; deapi's maker says so of its own scans.
std::array<double, 2> ServersPoint(const Scan& s, const ScanCoils& c, size_t i, size_t j,
                                   double full_field_m) {
  const double n = double(std::max(s.pixels_x, s.pixels_y));
  const double step_V = (c.h_max_V - c.h_min_V) / n;
  const double u = double(i) - (double(s.pixels_x) - 1) / 2;
  const double v = double(j) - (double(s.pixels_y) - 1) / 2;
  const double a = c.rotation_deg * M_PI / 180;
  const double h = (c.h_min_V + c.h_max_V) / 2 + step_V * (u * cos(a) - v * sin(a));
  const double w = (c.v_min_V + c.v_max_V) / 2 + step_V * (u * sin(a) + v * cos(a));
  return {h * full_field_m / 2, w * full_field_m / 2};
}

TEST(ScanCoils, PutEachPointWhereTheScanHasIt) {
  const Scan scans[] = {{.fov_x_m = 1e-9, .fov_y_m = 1e-9, .pixels_x = 8, .pixels_y = 8},
                        {.center_x_m = 3e-9,
                         .center_y_m = -2e-9,
                         .fov_x_m = 4e-9,
                         .fov_y_m = 2e-9,
                         .pixels_x = 16,
                         .pixels_y = 8},
                        {.center_x_m = 1e-9,
                         .fov_x_m = 3e-9,
                         .fov_y_m = 6e-9,
                         .pixels_x = 4,
                         .pixels_y = 8,
                         .rotation_rad = 0.7}};
  for (const Scan& scan : scans) {
    const double full_m = 30e-9;
    const auto coils = ScanCoilsOf(scan, full_m);
    ASSERT_TRUE(coils.ok()) << coils.status();
    const auto places = ScanPositions(scan);
    for (size_t j = 0; j < scan.pixels_y; ++j) {
      for (size_t i = 0; i < scan.pixels_x; ++i) {
        const auto server = ServersPoint(scan, *coils, i, j, full_m);
        const auto& ours = places[j * scan.pixels_x + i];
        EXPECT_NEAR(server[0], ours[0], 1e-20);  // round-off of some nm
        EXPECT_NEAR(server[1], ours[1], 1e-20);
      }
    }
  }
}

TEST(ScanCoils, WhatTheyCannotIsRefused) {
  Scan scan = {.fov_x_m = 1e-9, .fov_y_m = 2e-9, .pixels_x = 8, .pixels_y = 8};
  EXPECT_EQ(ErrorOf(ScanCoilsOf(scan, 1e-8).status()).kind, ErrorKind::kCannot);
  scan.pixels_y = 16;
  EXPECT_TRUE(ScanCoilsOf(scan, 1e-8).ok());
  scan.center_x_m = 1e-7;
  EXPECT_EQ(ErrorOf(ScanCoilsOf(scan, 1e-8).status()).kind, ErrorKind::kOutOfLimits);
}

}  // namespace
}  // namespace ronchi::hw::de
