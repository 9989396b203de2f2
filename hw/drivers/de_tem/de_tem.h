// A column by Direct Electron's DE-TEM-Channel (docs/drivers/de_tem.md): stage, beam, focus, and
// the aberration corrector that it is connected to. It neither scans nor exposes: cameras and scans
// are DE-Server's (hw/drivers/de/de.h), another part of a composite.
//
// What is set is read back, as the service answers success to what it clamps, does not know or
// leaves alone. What is posted is waited for until it is done or has failed.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/wire/haider.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::de_tem {

// The outer angle that a tableau of each type has unless told otherwise, and its images.
struct TableauType {
  std::string_view name;
  double angle_rad;
  int images;
};
inline constexpr std::array<TableauType, 3> kTableauTypes = {
    {{"Fast", 9e-3, 9}, {"Standard", 18e-3, 19}, {"Enhanced", 34e-3, 37}}};

// What the service does not tell. Of the goniometer, in m and rad: from −limit to limit.
struct DeTemLimits {
  double stage_xy_m = 1e-3, stage_z_m = 2.5e-4;
  double stage_alpha_rad = 1.2, stage_beta_rad = 0.52;
  double defocus_m = 1e-6, shift_m = 1e-6;
  double magnification = 2e7, camera_length_m = 5;
};

struct DeTemOptions {
  wire::Address address;
  double answer_s = 10;     // a word of it
  double move_s = 120;      // the longest way of the stage
  double defocus_sign = 1;  // optics.C10 is its defocus times this; 0: it is left alone
  int mode = -1;            // column.mode that it is brought to when it is opened: 0 TEM, 1 STEM
  double current_A = 0;     // of the beam; 0: what the screen tells
  double probe_m = 1e-10;   // the smallest probe of the optics
  DeTemLimits limits;
  // The corrector. How far each aberration may be driven from where it stood, Haider's coefficient
  // in m, in the order of wire::kHaiderTerms; 0: it is not offered. Not C1: the column has its own
  // focus.
  std::array<double, wire::kHaiderTerms.size()> corrections_m = {0,     100e-9, 500e-9, 500e-9,
                                                                 20e-6, 10e-6,  5e-6};
  double correction_sign = -1;   // of correctAberration's value: −1 takes it out, 1 puts it in
  size_t tableau = 1;            // of kTableauTypes
  double tableau_angle_rad = 0;  // 0: the type's own
  std::string tableau_max_fit;   // the last that is fitted, Haider's name; "": the type's own
  double field_m = 100e-9;       // side of the square that a measurement exposes
  double measure_s = 20, tableau_s = 120, correct_s = 10;
  double poll_s = 0.05;  // between questions whether it is done
};

// Asks what there is. Errors: hw/instrument/error.h.
absl::StatusOr<std::unique_ptr<Instrument>> MakeDeTem(const DeTemOptions& options);

}  // namespace ronchi::hw::de_tem
