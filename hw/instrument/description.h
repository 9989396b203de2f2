// What an instrument says of itself: what it has, in which bounds, how fast, and what it cannot do.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/quantity.h"

namespace ronchi::hw {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What a property belongs to. The guard forbids whole groups (hw/safety/guarded.h), whatever a
// driver says of their writability.
enum class PropertyGroup {
  kOther,
  kBeam,
  kOptics,
  kStage,
  kScan,
  kDetector,
  kHolder,
  kHighTension,
  kGun,
  kVacuum,
  kValves
};
// "other", "beam", "optics", … "high_tension" …
std::string_view GroupName(PropertyGroup group);

struct PropertyInfo {
  std::string name;  // canonical: "beam.current", "optics.C10", "optics.C12.a" …
  Dimension dimension = Dimension::kNone;
  double min = -kInf;  // SI, absolute
  double max = kInf;
  double max_step = kInf;  // largest single change, SI
  bool writable = false;
  std::string meaning;
  std::string unit;        // that people use for it: "nm", "mrad"; empty: the SI unit
  double resolution = 0;   // the smallest change that is carried out, SI; 0: not known
  double max_rate = kInf;  // SI per second
  double settling_s = 0;   // from a set to its effect
  PropertyGroup group = PropertyGroup::kOther;
  std::vector<std::string> choices;  // if any: the value is an index into these (valves: closed, …)
};

enum class DetectorKind { kScanned, kCamera, kSpectrum };
std::string_view DetectorKindName(DetectorKind kind);  // "scanned", "camera", "spectrum"

struct DetectorInfo {
  std::string name;
  double inner_rad = 0, outer_rad = 0;  // collection angles
  double saturation_counts = kInf;
  double dark_counts = 0;  // what a pixel reads without electrons, as calibrated
  DetectorKind kind = DetectorKind::kScanned;
  size_t pixels_x = 1, pixels_y = 1;  // of a camera; a spectrum has pixels_x channels
  double pixel_rad = 0;               // of a camera: angle across a pixel; 0: not known
  double channel_eV = 0;              // of a spectrum
  double min_dwell_s = 0;             // scanned: dwell a pixel; else exposure
  double max_dwell_s = kInf;
};

// One thing that `measure` can find, and what that costs at most.
struct MeasurementInfo {
  std::string what;      // "defocus", "aberrations", "drift", "current", or the instrument's own
  double time_s = 0;     // it takes
  double beam_on_s = 0;  // of which the beam is on the specimen
  double fov_m = 0;      // side of the square that is exposed; 0: the specimen is not
};

struct Description {
  std::string id;     // unique, e.g. "twin:uncorrected_200kV"
  std::string model;  // a line for people
  bool simulated = false;
  std::vector<PropertyInfo> properties;
  std::vector<DetectorInfo> detectors;
  double min_dwell_s = 0, max_dwell_s = kInf;
  double max_fov_m = kInf;
  size_t max_pixels = 4096;         // along either axis of a scan; its square bounds a point list
  std::vector<std::string> cannot;  // capabilities it does not have (hw/instrument/capability.h)
  std::vector<MeasurementInfo> measurements;
  // The smallest probe that its optics can make, as the side of a square on which a standing probe
  // puts all its electrons at most as densely as this says; less than 1 Å counts as 1 Å.
  double probe_m = 1e-10;
  // What commands take beyond dwell, exposure and settling, s.
  double read_s = 0, blank_s = 0, flyback_s = 0, frame_overhead_s = 0;

  const PropertyInfo* FindProperty(std::string_view name) const;
  const DetectorInfo* FindDetector(std::string_view name) const;
  const MeasurementInfo* FindMeasurement(std::string_view what) const;
};

}  // namespace ronchi::hw
