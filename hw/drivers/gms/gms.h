// Gatan Microscopy Suite as a part of a composite: the stage, DigiScan's images, the camera
// (docs/drivers/gms.md). Its bridge has no word that blanks, so it is never the column.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::gms {

struct GmsOptions {
  struct Limits {
    double min = 0, max = 0;  // SI; equal: the axis is another part's
  };
  wire::Address address;
  double answer_s = 10;
  double move_s = 120;  // the longest way of the stage
  // Side of the scanned field at magnification 1; 0: it cannot scan.
  double field_at_magnification_1_m = 0;
  std::string detector = "haadf";  // of DigiScan's signal
  int signal = 0;
  double inner_rad = 0, outer_rad = 0;
  // Of the camera; 0 pixels: there is none.
  std::string camera = "gatan";
  size_t camera_pixels_x = 0, camera_pixels_y = 0;
  double pixel_rad = 0;
  Limits stage_m, stage_z_m, tilt_rad;
};

// Errors are of hw/instrument/error.h.
absl::StatusOr<std::unique_ptr<Instrument>> MakeGms(const GmsOptions& options);

}  // namespace ronchi::hw::gms
