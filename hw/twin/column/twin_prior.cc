#include "hw/twin/column/twin_prior.h"

namespace ronchi::hw {

NumberRange PossibleHidden(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("energy_spread")) return {.min = 0, .max = 100};
  if (has("_share")) return {.min = 0, .max = 1};
  if (has("hum_Hz")) return {.min = 1, .max = 1e4};
  if (has("afterglow_s")) return {.min = 1e-12, .max = 1e-2};
  if (has("pulse_height")) return {.min = 0, .max = 3};
  if (has("cross_talk") || has("_spread")) return {.min = 0, .max = 0.5};
  if (has("_lag_s")) return {.min = 1e-9, .max = 1e6};
  if (has("_ratio")) return {.min = 0.01, .max = 100};
  if (has("C_c_mm")) return {.min = 0, .max = 100};
  if (has("thickness_nm")) return {.min = 0, .max = 100};
  if (has("critical_dose")) return {.min = 0, .max = 1e12};
  for (const char* width :
       {"_walk_", "_fwhm_", "_noise", "readout_", "backlash", "jitter", "_lag_", "decay",
        "contamination", "hum_", "wander", "flicker", "ring_Hz", "bias"}) {
    if (has(width)) return {.min = 0, .max = 1e6};
  }
  return {.min = -1e6, .max = 1e6};
}

const std::map<std::string, theory::Range>& DefaultTwinPrior() {
  static const std::map<std::string, theory::Range> kDefaults = {
      // Aberrations beyond what the settings say.
      {"C10_nm", {-10, 10}},
      {"C12a_nm", {-8, 8}},
      {"C12b_nm", {-8, 8}},
      {"C21a_nm", {-30, 30}},
      {"C21b_nm", {-30, 30}},
      {"C23a_nm", {-30, 30}},
      {"C23b_nm", {-30, 30}},
      {"C30_um", {-2, 2}},
      {"C32a_nm", {0, 0}},
      {"C32b_nm", {0, 0}},
      {"C34a_nm", {0, 0}},
      {"C34b_nm", {0, 0}},
      // Random walks of defocus and of each astigmatism component, of the specimen, per √s.
      {"C10_walk_nm", {0.02, 0.05}},
      {"C12_walk_nm", {0.01, 0.03}},
      {"C21_walk_nm", {0, 0}},
      {"C23_walk_nm", {0, 0}},
      {"stage_walk_A", {0.01, 0.03}},
      {"drift_x_A_per_s", {-0.3, 0.3}},
      {"drift_y_A_per_s", {-0.3, 0.3}},
      {"shift_x_A", {0, 3.905}},
      {"shift_y_A", {0, 3.905}},
      {"source_fwhm_A", {0.7, 0.9}},
      // Spread of the beam's energy, full width at half maximum; chromatic aberration.
      {"energy_spread_eV", {0, 0}},
      {"C_c_mm", {1.4, 1.4}},
      // Of the crystal; 0: that of the options' layers.
      {"thickness_nm", {0, 0}},
      // Relative: true over nominal.
      {"current_ratio", {0.95, 1.05}},
      {"gain_ratio", {0.97, 1.03}},
      {"corrector_gain_ratio", {0.98, 1.02}},
      // Of each knob's own gain; of the phase at the aperture's rim.
      {"corrector_gain_spread", {0, 0}},
      {"cross_talk", {0, 0}},
      // A share of every change that comes late, and how late.
      {"corrector_lag_share", {0, 0}},
      {"corrector_lag_s", {10, 10}},
      {"stage_lag_share", {0, 0}},
      {"stage_lag_s", {30, 30}},
      {"stage_backlash_nm", {0, 0}},
      {"eucentric_um", {0, 0}},
      {"tilt_backlash_mrad", {0, 0}},
      // How far the specimen is off its zone axis when the stage stands at zero.
      {"mistilt_alpha_mrad", {0, 0}},
      {"mistilt_beta_mrad", {0, 0}},
      // Of the scan coils.
      {"scan_rotation_mrad", {0, 0}},
      {"scan_skew_mrad", {0, 0}},
      {"scan_x_ratio", {1, 1}},
      {"scan_y_ratio", {1, 1}},
      {"line_jitter_A", {0, 0}},
      {"flyback_lag_A", {0, 0}},
      {"flyback_lag_s", {1e-4, 1e-4}},
      // Relative noise of the beam current from frame to frame, and from line to line.
      {"current_noise", {0.002, 0.01}},
      {"line_noise", {0, 0}},
      {"current_decay_per_h", {0, 0}},
      // Detector counts.
      {"dark_error_counts", {-0.05, 0.05}},
      {"readout_counts", {0.2, 0.5}},
      // Of the specimen: 0 is one that nothing harms; nm of carbon for 10⁶ e/Å².
      {"critical_dose_e_per_A2", {0, 0}},
      {"contamination_nm_per_Me_A2", {0, 0}},
      // The source's tails.
      {"source_tail_share", {0, 0}},
      {"source_tail_fwhm_A", {1.5, 1.5}},
      // Of a single electron's pulse over its mean; the share of light that comes late, and how
      // late.
      {"pulse_height_noise", {0, 0}},
      {"afterglow_share", {0, 0}},
      {"afterglow_s", {5e-6, 5e-6}},
      // Mains: frequency, amplitudes, each harmonic over the one before.
      {"hum_Hz", {50, 50}},
      {"hum_x_A", {0, 0}},
      {"hum_y_A", {0, 0}},
      {"hum_harmonic_share", {0.3, 0.3}},
      // What a line's start lacks of the way back, as a share of the field; how fast it rings.
      {"flyback_lag_share", {0, 0}},
      {"flyback_ring_Hz", {0, 0}},
      // 1/f noise: rms of the probe's place along each axis, of the current.
      {"scan_wander_A", {0, 0}},
      {"current_flicker", {0, 0}},
      // What measurements are off by in truth, and how wrong the covariance is that they state.
      {"measure_bias_nm", {0, 0}},
      {"measure_drift_bias_pm_per_s", {0, 0}},
      {"measure_current_bias", {0, 0}},
      {"measure_covariance_ratio", {1, 1}}};
  return kDefaults;
}

}  // namespace ronchi::hw
