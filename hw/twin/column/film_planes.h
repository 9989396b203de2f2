// A film for multislice in few slices: every atom's potential shared among all slices.
//
// A slice acts in one plane. An atom that stands a depth h off that plane scatters from angle a to
// angle b with a phase wrong by πh(a² − b²)/λ, random from atom to atom: put into the nearest of n
// slices, the error falls as 1/n only. But e^{iκz} of all κ up to πα²/λ that matter can be written
// as a sum of its values in the slices' middles, with weights that depend on the atom's depth z
// alone: here the best ones in the mean square over κ, which n slices know to order n.
// Measured on 5 nm of carbon, 200 kV, 30 mrad, from tuned to 80 nm of defocus, waves far enough: in
// one slice, 5 % of the electrons in other pixels and the Ronchigram's contrast wrong by 3 to 20 %;
// in four without sharing 0.8 and 7 %; in three with it 0.4 and 0.8 %.
#pragma once

#include "hw/twin/column/twin_options.h"
#include "sim/specimen/specimen.h"

namespace ronchi::hw {

// As many slices as `film` asks for, else one more than 2.9 rad of πα²/λ times the thickness each
// take: three for 5 nm, 200 kV and 30 mrad.
int FilmSlices(const FilmOptions& film, double semiangle_rad, double wavelength_A);

// The film's atoms, each as `slices` atoms at one place, in the middles of the slices, with the
// weights as occupancies; they may be negative. One slice: as it is. `semiangle_rad`: α above.
sim::Specimen SharedAmongSlices(const sim::Specimen& film, int slices, double semiangle_rad,
                                double wavelength_A);

}  // namespace ronchi::hw
