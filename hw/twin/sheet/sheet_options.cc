#include "hw/twin/sheet/sheet_options.h"

#include <map>

namespace ronchi::hw {
namespace {

// What a hidden number can be at all.
NumberRange PossibleInSheet(const std::string& name) {
  if (name == "image_s") return {.min = 0.01, .max = 60};
  if (name.starts_with("threshold")) return {.min = 1, .max = 100};
  if (name.starts_with("drift")) return {.min = -10, .max = 10};
  return {.min = 0, .max = name.ends_with("ratio") ? 1000.0 : 10.0};
}

constexpr const char* kLaws[] = {"simple", "prior", "mixture", "knock_on"};

}  // namespace

std::map<std::string, theory::Range> DefaultAtomPrior() {
  return {{"aligner_sigma_A", {0, 0}},  // of every coordinate that the image analysis finds
          {"current_ratio", {1, 1}},    // true over nominal
          {"drift_x_A_per_s", {0, 0}},  // of the sheet
          {"drift_y_A_per_s", {0, 0}},
          {"walk_A", {0, 0}},                // of the sheet, Å/√s
          {"image_s", {2, 2}},               // that `measure` takes
          {"rate_ratio", {1, 1}},            // true rates over the law's
          {"threshold_0_eV", {13.2, 13.2}},  // T_d of the carbon along each bond; knock_on
          {"threshold_1_eV", {13.2, 13.2}},
          {"threshold_2_eV", {13.2, 13.2}}};
}

AtomTwinOptions::AtomTwinOptions() {
  name = "atoms";
  prior = theory::Prior(DefaultAtomPrior());
}

AtomTwinOptions AtomTwinOptions::Level(int level) {
  AtomTwinOptions o;
  std::map<std::string, theory::Range> p = o.prior.ranges();
  if (level >= 2) {
    p["rate_ratio"] = {0.3, 2};
    p["aligner_sigma_A"] = {0.02, 0.05};
    p["drift_x_A_per_s"] = p["drift_y_A_per_s"] = {-0.02, 0.02};
    p["walk_A"] = {0, 0.01};
    p["image_s"] = {2, 4};
  }
  if (level >= 3) {
    o.rates = RateLaw::kKnockOn;
    o.images_move_atoms = true;
    p["rate_ratio"] = {1, 1};  // the current and the thresholds say how fast
    p["current_ratio"] = {0.8, 1.2};
    for (const char* name : {"threshold_0_eV", "threshold_1_eV", "threshold_2_eV"}) {
      p[name] = {13.2, 14.4};
    }
  }
  o.prior = theory::Prior(p);
  return o;
}

absl::StatusOr<AtomTwinOptions> ReadAtomTwinOptions(const Config& node, int level) {
  ConfigReader r(node);
  std::string kind = "sheet";
  if (r.Has("kind")) r.Choice("kind", &kind, {"sheet"});
  r.Integer("level", &level, {.min = 1, .max = 3});
  AtomTwinOptions o = AtomTwinOptions::Level(level);
  std::string rates = kLaws[size_t(o.rates)];
  RONCHI_RETURN_IF_ERROR(ReadCommonOptions(&r, &o));
  r.Choice("rates", &rates, {std::begin(kLaws), std::end(kLaws)});
  ReadScaled(&r, "energy_keV", 1e3, {.min = 20, .max = 300}, &o.energy_eV);
  ReadScaled(&r, "semiangle_mrad", 1e-3, {.min = 1, .max = 100}, &o.semiangle_rad);
  r.Number("beam_fwhm_A", &o.beam_fwhm_A, {.min = 0.3, .max = 10});
  ReadScaled(&r, "current_pA", 1e-12, {.min = 0.001, .max = 1e5}, &o.nominal_current_A);
  ReadScaled(&r, "haadf_inner_mrad", 1e-3, {.min = 1, .max = 1000}, &o.haadf_inner_rad);
  ReadScaled(&r, "haadf_outer_mrad", 1e-3, {.min = 1, .max = 1000}, &o.haadf_outer_rad);
  r.Number("counts_per_electron", &o.counts_per_electron, {.min = 1e-3, .max = 1e6});
  r.Number("dark_counts", &o.dark_counts, {.min = 0, .max = 1e6});
  ReadScaled(&r, "corrector_limit_nm", 1e-9, {.min = 0.1, .max = 1e4}, &o.corrector_limit_m);
  r.Bool("images_move_atoms", &o.images_move_atoms);
  r.Integer("image_pixels", &o.image_pixels, {.min = 0, .max = 1024});
  r.Integer("isotope", &o.isotope, {.min = 12, .max = 13});
  const Config prior = r.Child("prior"), events = r.Child("events");
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (o.haadf_outer_rad <= o.haadf_inner_rad) {
    return node.Error("haadf_outer_mrad", "must be larger than haadf_inner_mrad");
  }
  if (o.haadf_inner_rad < o.semiangle_rad) {
    return node.Error("haadf_inner_mrad", "must not be below semiangle_mrad");
  }
  for (size_t i = 0; i < std::size(kLaws); ++i) {
    if (rates == kLaws[i]) o.rates = RateLaw(i);
  }
  HiddenRanges ranges = o.prior.ranges();
  RONCHI_RETURN_IF_ERROR(ReadPrior(prior, PossibleInSheet, &ranges));
  RONCHI_RETURN_IF_ERROR(ReadEvents(node, events, PossibleInSheet, ranges, &o.events));
  o.prior = theory::Prior(ranges);
  return o;
}

}  // namespace ronchi::hw
