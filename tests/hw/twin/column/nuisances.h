// What tests of the twin's nuisances share: scans, known numbers of the prior, commands that must
// go well.
#pragma once

#include <gtest/gtest.h>

#include <numbers>
#include <string>

#include "hw/instrument/instrument.h"

namespace ronchi::testing_support {

inline constexpr double kPi = std::numbers::pi;

inline hw::Scan Field(size_t pixels, size_t frames, double dwell_s, double fov_m = 7.81e-10) {
  return {.fov_x_m = fov_m,
          .fov_y_m = fov_m,
          .pixels_x = pixels,
          .pixels_y = pixels,
          .dwell_s = dwell_s,
          .frames = frames,
          .detectors = {"haadf"}};
}

inline hw::Reply Do(hw::Instrument* twin, const hw::Command& command) {
  auto reply = twin->Execute(command);
  EXPECT_TRUE(reply.ok()) << hw::VerbName(command) << reply.status();
  return reply.ok() ? *reply : hw::Reply{};
}

// A number of the prior that is known.
inline std::string Known(const std::string& name, double value) {
  return "  " + name + ": [" + std::to_string(value) + ", " + std::to_string(value) + "]\n";
}

}  // namespace ronchi::testing_support
