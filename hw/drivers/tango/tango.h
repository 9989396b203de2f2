// A microscope by TANGO, with the device model of asyncroscopy: microscope, scan, stage, camera and
// corrector are devices, and images come from Tiled over HTTP, by key. docs/drivers/tango.md says
// what it covers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hw/drivers/ceos/ceos.h"
#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"
#include "hw/wire/tango.h"

namespace ronchi::hw {

// The devices that there may be, and what asyncroscopy calls them.
inline constexpr const char* kTangoDevices[][2] = {
    {"microscope", "asyncroscopy/instrument/default"},
    {"scan", "asyncroscopy/scan/default"},
    {"stage", "asyncroscopy/stage/default"},
    {"camera", "asyncroscopy/camera/default"},
    {"corrector", "asyncroscopy/corrector/default"}};

struct TangoOptions {
  struct Detector {
    std::string name;  // here: "haadf"
    double inner_rad = 0, outer_rad = 0;
    double dark_counts = 0;
    double saturation_counts = kInf;
  };
  struct Camera {
    std::string name = "camera";
    size_t pixels = 0;  // along a side; 0: what it tells, and where it does not, nothing is exposed
    double pixel_rad = 0;
    double dark_counts = 0;
    std::string time = "exposure_time";  // attributes of the device; binning may be missing
    std::string binning = "binning";
  };
  wire::Address server;  // of the database, or of the one server that has all devices
  bool database = true;
  std::map<std::string, std::string> devices;  // by part; what is missing: asyncroscopy's own
  std::optional<wire::Address> tiled;          // none: images come by get_image_data_cached
  std::string tiled_key;
  double connect_s = 5;
  double answer_s = 10;     // a word of it
  double acquire_s = 30;    // an image, beyond its own time: the first one is slow
  double move_s = 120;      // the longest way of the stage
  double blank_s = 120;     // a blank is asked again while its server is busy
  double still_s = 2;       // a stage that has not moved for so long has stopped
  double defocus_sign = 1;  // of optics.C10 against its defocus; 0: it is left alone
  double defocus_limit_m = 1e-6;
  double image_shift_limit_m = 1e-6;
  double beam_tilt_limit_rad = 0.02;
  // Where the stage's attributes state no limits: about 0.
  double stage_limit_m = 1e-3, stage_z_limit_m = 3e-4,
         stage_tilt_limit_rad = 0.523598775598299;  // 30 degrees
  double max_fov_m = 1e-5;
  size_t max_pixels = 4096;
  double current_A = 0;                       // of the beam; 0: what the screen tells
  std::map<std::string, Detector> detectors;  // by its names; none: it cannot scan
  Camera camera;
  ceos::CeosOptions corrector;
};

// What opens a device: libtango, or a test's own.
using TangoOpener = std::function<absl::StatusOr<std::unique_ptr<wire::TangoDevice>>(
    const std::string& url, double within_s)>;

// Asks it what there is. Errors: hw/instrument/error.h; NotFound where libtango is missing.
absl::StatusOr<std::unique_ptr<Instrument>> MakeTango(const TangoOptions& options);
absl::StatusOr<std::unique_ptr<Instrument>> MakeTango(const TangoOptions& options,
                                                      const TangoOpener& open);

}  // namespace ronchi::hw
