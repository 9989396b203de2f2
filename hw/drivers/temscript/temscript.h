// A Thermo Fisher or FEI column by temscript's web service (github.com/niermann/temscript, version
// 1 of its interface): stage, beam shift, defocus of the probe, blanker, scanned detectors.
// docs/drivers/temscript.md says what it covers, and what its server does behind one's back.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"

namespace ronchi::hw {

struct TemscriptOptions {
  struct Detector {
    std::string name;  // here: "haadf"
    double inner_rad = 0, outer_rad = 0;
    double dark_counts = 0;  // that a pixel reads without electrons
    double saturation_counts = kInf;
  };
  wire::Address address;
  double answer_s = 10;  // a word of it
  double move_s = 120;   // the longest way of the stage
  // Side of the scanned field at magnification 1, and pixels along it without binning, which
  // temscript tells nowhere. 0: it cannot scan.
  double field_at_magnification_1_m = 0;
  size_t frame_pixels = 2048;
  // optics.C10 is the probe's defocus times this; 0: it is left alone.
  double defocus_sign = 1;
  double defocus_limit_m = 1e-6;
  double beam_shift_limit_m = 1e-5;           // temscript takes a metre, too
  double current_A = 0;                       // of the beam; 0: what the screen tells
  std::map<std::string, Detector> detectors;  // by temscript's names; none: all, by theirs
};

// Asks it what there is. Errors: hw/instrument/error.h.
absl::StatusOr<std::unique_ptr<Instrument>> MakeTemscript(const TemscriptOptions& options);

}  // namespace ronchi::hw
