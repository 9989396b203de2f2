// Images of a crystal as twins and theory ask an engine for them: harmonics under any aberrations,
// at any of its thicknesses and any small tilt.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/image_model.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct CrystalRing {
  double inner_rad = 0, outer_rad = 0;
};

// An amorphous layer on the entrance face: independent atoms anywhere in it, others in every box of
// displaced atoms, so that images are means over such layers. Its depth is rounded to whole slices,
// the number of its atoms is not.
struct AmorphousSlab {
  double thickness_A = 0;
  int element = 6;
  double atoms_per_A3 = 0.1;
};

struct CrystalOptions {
  Specimen cell;           // one period across the beam, the whole thickness along it
  int periods = 1;         // along the beam in that thickness: slices are the same in each
  std::vector<int> exits;  // periods passed, increasing, where images are wanted; none: all of them
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;
  std::vector<CrystalRing> rings;
  // Atoms with an rms displacement (Atom::rms_A): so many configurations for every set of classes.
  // Without any: one, at rest.
  int configurations = 2;
  uint64_t phonon_seed = 0;
  // The beams are those of a box of whole cells at least so wide: a probe defocused by 20 nm at 18
  // mrad is 7 Å across, and its tails must not meet those of its images.
  double least_box_A = 23;
  double largest_tilt_rad = 0;  // of the specimen, in any direction
  AmorphousSlab layer;
  // Fineness of engines that send waves; the defaults come from a study (docs/twin.md#convergence).
  double least_displaced_A = 3.5;   // width of the boxes of displaced atoms
  double reach = 1.7;               // of the waves, over the largest angle that counts
  double most_beyond_per_A = 2.75;  // but no further beyond that angle
  double least_reach_per_A = 2.5;   // and so far at least
  double slice_thickness_A = 2;     // at most
};

class CrystalImages {
 public:
  virtual ~CrystalImages() = default;
  // The images of options.rings[ring] at options.exits[exit] and a tilt of the specimen (rad, as
  // Multislice has it), a longer one shortened to the largest.
  virtual std::shared_ptr<const ImageModel> Look(size_t ring, size_t exit,
                                                 std::array<double, 2> tilt_rad) const = 0;
  // What an image of the whole thickness is to be multiplied by at options.exits[exit], for an
  // engine that knows no depth; else 1.
  virtual double Share(size_t exit) const { return 1; }
  // The box whose beams make the images, for its aperture's soft rim; {0, 0}: none does.
  virtual std::array<double, 2> box_A() const { return {0, 0}; }
  // Whether the layer on the entrance face is among what the images are of.
  virtual bool holds_layer() const { return false; }
};

}  // namespace ronchi::sim
