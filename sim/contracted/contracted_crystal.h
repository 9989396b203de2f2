// The contracted engine of a crystal in thermal motion, for any of its thicknesses and any small
// tilt: what twins and theory image with.
//
// Two things make it quick to prepare. (1) Waves of one class (k modulo the crystal's reciprocal
// lattice) run through a small box of displaced atoms with periodic images of its own, a few
// ångströms wide, as Bloch waves; every set of classes that such a box mixes gets other
// displacements. For an equal time that averages over many more atoms than one box as wide as the
// probe's surroundings: the time of a configuration goes with the square of the box's area, what it
// averages over with the area. (2) M is taken at every thickness on the way through.
//
// Tilt. A specimen tilted by t (the shear of the propagator, sim/multislice.h) is the same
// specimen on its axis with all frequencies less t/λ: exp(−iπλΔz k² + 2πiΔz k·t) =
// exp(−iπλΔz (k − t/λ)²) times a constant, and a transmission function knows differences of
// frequencies alone. So the tilted M is that of the straight crystal with aperture and detector
// about −t. Beams are prepared for all of them; of the detector's place, on which M depends
// smoothly when the direct beam stays off it, a quadratic form through six places is kept.
#pragma once

#include <memory>
#include <vector>

#include "core/status.h"
#include "sim/contracted/contracted.h"
#include "sim/crystal_images.h"

namespace ronchi::sim {

using ContractedCrystalOptions = CrystalOptions;

class ContractedCrystal {
 public:
  // Kept on disk by what determines it. InvalidArgument: an element without scattering factor.
  // ResourceExhausted: more memory than is free. Cancelled: interrupted.
  static absl::StatusOr<std::shared_ptr<const ContractedCrystal>> Create(
      const ContractedCrystalOptions& options);

  // What images are made of at options.exits[exit] (periods) and a tilt of the specimen (rad, as
  // Multislice has it), a longer one shortened to the largest: an engine of one value, and the tilt
  // of the beam that it is to be asked with. A ring that the direct beam may reach (inner_rad below
  // semiangle and largest tilt together) is given as untilted.
  struct View {
    std::shared_ptr<const Contracted> engine;
    std::array<double, 2> beam_tilt_rad = {0, 0};
  };
  View Look(size_t ring, size_t exit, std::array<double, 2> tilt_rad) const;

  const std::vector<int>& exits() const { return exits_; }
  std::array<size_t, 2> cells() const { return cells_; }  // across the box
  std::array<double, 2> cell_A() const { return cell_A_; }
  double semiangle_rad() const { return semiangle_rad_; }
  // A slice acts in its entrance plane, its atoms lie deeper: so much is to be added to C10 for
  // depths, and defocus, to count from the crystal's entrance face.
  double early_A() const { return early_A_; }
  double energy_eV() const { return engine_->energy_eV(); }

 private:
  ContractedCrystal() = default;
  std::shared_ptr<const Contracted> engine_;  // values: [exit][ring][place]
  std::vector<int> exits_;
  std::array<size_t, 2> cells_ = {1, 1};
  std::array<double, 2> cell_A_ = {0, 0};
  double semiangle_rad_ = 0, largest_tilt_rad_ = 0, early_A_ = 0;
  std::vector<CrystalRing> rings_;
};

}  // namespace ronchi::sim
