// One pattern of the twin's camera, and a film to take it of.
#pragma once

#include <vector>

#include "hw/twin/column/camera_patterns.h"

namespace ronchi::testing_support {

inline constexpr char kFilmWithCamera[] =
    "{film: {thickness_nm: 3, box_A: 64}, camera: {present: true, semiangle_mrad: 30, "
    "source_points: 1, pixels: 128, pixel_mrad: 0.5}}";

inline std::vector<double> Pattern(const hw::TwinOptions& o, const hw::PatternMoment& moment,
                                   double x_A = 0, double y_A = 0) {
  auto patterns = *hw::CameraPatterns::Create(o);
  std::vector<double> out(o.camera.pixels * o.camera.pixels);
  patterns->Compute(patterns->Prepare(moment), x_A, y_A, out);
  return out;
}

}  // namespace ronchi::testing_support
