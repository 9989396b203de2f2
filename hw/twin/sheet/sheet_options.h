// Everything that defines the simulated sheet of graphene with one silicon atom in it, and the
// column that looks at it; docs/environments/AtomMove-v0.md. Read from YAML.
#pragma once

#include <string>

#include "core/config.h"
#include "hw/twin/base/common_options.h"
#include "hw/twin/sheet/hop_rates.h"
#include "theory/parameters/prior.h"

namespace ronchi::hw {

// The names and units of `prior`: DefaultAtomPrior.
struct AtomTwinOptions : CommonOptions {
  RateLaw rates = RateLaw::kPrior;
  double energy_eV = 60e3;
  double semiangle_rad = 0.03;
  // λ/2α is 0.8 Å here; a source of 0.75 Å on top.
  double beam_fwhm_A = 1.1;
  double nominal_current_A = 50e-12;
  double haadf_inner_rad = 0.08, haadf_outer_rad = 0.2;
  double counts_per_electron = 1, dark_counts = 0;
  double corrector_limit_m = 50e-9;  // of C10
  bool images_move_atoms = false;    // does the beam of an image make the atom hop, too?
  int image_pixels = 0;  // a side of the image that comes with `measure`; 0: it comes without
  int isotope = 12;      // of the carbon; knock_on

  AtomTwinOptions();  // level 1
  // The three levels of difficulty. 1: the published task, everything known and at rest. 2: drift,
  // noise of the image analysis, how fast is unknown. 3: knock-on with unknown energies, another
  // along each bond, and current, and images that move the atom.
  static AtomTwinOptions Level(int level);
};

// Every hidden number's name with the range of level 1.
std::map<std::string, theory::Range> DefaultAtomPrior();

// `level` gives defaults that the node's own keys override. InvalidArgument: file:line: key: what
// is allowed.
absl::StatusOr<AtomTwinOptions> ReadAtomTwinOptions(const Config& node, int level = 1);

}  // namespace ronchi::hw
