// Everything that defines a twin: the column's known numbers, the prior of its hidden ones, and
// what will befall it. Read from YAML (data/twins/*.yaml, or a recipe).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config.h"
#include "hw/twin/base/common_options.h"
#include "hw/twin/column/twin_prior.h"
#include "sim/specimen/specimen.h"

namespace ronchi::hw {

// A ring below the specimen. The calibration is what everybody knows; the true one is hidden.
struct TwinDetector {
  std::string name;
  double inner_rad = 0, outer_rad = 0;
  double counts_per_electron = 1, dark_counts = 0;
  double saturation_counts = 65535;
};

struct StageOptions {
  bool present = false;
  double range_m = 1e-3, z_range_m = 0.2e-3, resolution_m = 1e-10;  // x and y; z; all of them
  double speed_m_per_s = 1e-5;
  double tilt_range_rad = 0.5, tilt_resolution_rad = 1e-4, tilt_speed_rad_per_s = 0.02;
  double settle_s = 0.5;
};

struct ContaminationOptions {
  double mean_free_path_nm = 150;  // of carbon
  double signal_per_nm = 5e-5;     // what a nm of carbon adds, of the incident electrons
};

// Amorphous layers on the crystal's faces (hw/twin/column/amorphous_layer.h).
struct AmorphousOptions {
  double entrance_A = 0, exit_A = 0;  // thickness
  int element = 6;
  double atoms_per_A3 = 0.1;  // carbon of 2 g/cm³
};

// A pixelated detector in the diffraction plane (hw/twin/column/camera_patterns.h).
struct CameraOptions {
  bool present = false;
  size_t pixels = 128;       // a side
  double pixel_rad = 1e-3;   // across one; the pattern's centre is pixel (pixels/2, pixels/2)
  double semiangle_rad = 0;  // of the condenser aperture that is in for the camera; 0: the beam's
  double counts_per_electron = 1, dark_counts = 0, saturation_counts = 65535;
  double min_exposure_s = 5e-4, max_exposure_s = 10;
  int source_points = 4;  // 1: the source has no size
  double box_A = 0;       // of the multislice, at least; 0: TwinOptions::box_A
};

// An amorphous film in place of a crystal (sim/specimen/amorphous.h), periodic across the beam.
struct FilmOptions {
  bool present = false;
  double thickness_A = 50, box_A = 64, density_g_cm3 = 2;
  int element = 6;
  uint64_t seed = 0;
  int slices = 0;        // of the multislice; 0: as many as it needs (film_planes.h)
  bool spheres = false;  // instead of a network of bonds, where carbon can be one
};

// What `measure` costs and how well it does; hw/twin/column/measurements.h.
struct MeasureOptions {
  bool present = false;
  bool corrector = true;  // its software measures aberrations; without, drift and current alone
  double defocus_s = 2;   // the whole of it
  double tableau_s = 1, tableau_image_s = 0.4;  // to begin, and an image
  double tableau_angle_rad = 0.018;             // the outermost tilt of the beam
  double drift_s = 10, drift_image_s = 0.5;     // between two images, and each of them
  double current_s = 1;
  double beam_share = 0.5;      // of an image's time, that the beam is on the specimen
  double field_m = 100e-9;      // side of the square that is looked at
  double over_bound = 3;        // error over the Cramér–Rao bound of a known object
  double floor_m = 0.5e-9;      // of C10, C12 by one image, however large the dose
  double position_m = 20e-12;   // of one image's position, each axis
  double current_error = 5e-3;  // relative
};

// The names and units of `prior`: DefaultTwinPrior, docs/twin.md.
struct TwinOptions : CommonOptions {
  std::string specimen_file;
  // Unit cells along the beam: of the thickest crystal where prior "thickness_nm" has a range.
  int layers = 1;
  sim::Specimen specimen;             // one period across the beam; of a film, its box
  std::string engine = "contracted";  // of those with images of crystals (sim/engine.h)
  int phonon_configurations = 48;     // of the contracted engine, for every set of its waves
  uint64_t phonon_seed = 0;
  double box_A = 23;            // of the contracted engine, at least
  double thermal_rms_A = 0.08;  // of atoms for which the structure file has none
  double energy_eV = 200e3;
  double semiangle_rad = 0.018;
  // The first is HAADF, from the keys haadf_…, counts_per_electron, dark_counts, saturation_counts.
  std::vector<TwinDetector> detectors = {{"haadf", 0.06, 0.1}};
  double nominal_current_A = 50e-12;
  double counts_per_electron = 1;    // the first detector's
  double dark_counts = 0;            // likewise
  double corrector_limit_m = 50e-9;  // of C10 and C12
  double corrector_resolution_m = 1e-11;
  std::map<int, double> corrector_limits_m;  // of further terms, by index into kAberrationTerms
  double settle_s = 0.05, flyback_s = 1e-4, frame_overhead_s = 0.02, blank_s = 1e-4, read_s = 1e-3;
  StageOptions stage;
  CameraOptions camera;
  FilmOptions film;
  MeasureOptions measurements;
  ContaminationOptions contamination;
  AmorphousOptions amorphous;
};

// `preset` names a file in data/twins; its keys are defaults that the node's own keys override.
absl::StatusOr<TwinOptions> ReadTwinOptions(const Config& node);

}  // namespace ronchi::hw
