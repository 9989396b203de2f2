// Amorphous carbon as a network of bonds: short-range order without long-range order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ronchi::sim {

struct CarbonNetworkOptions {
  std::array<double, 3> box_A = {0, 0, 0};  // periodic in x and y, faces at z = 0 and box_A[2]
  size_t atoms = 0;
  double fourfold_share = 0;  // of sp3 atoms, 0 … 1
  uint64_t seed = 0;

  bool operator==(const CarbonNetworkOptions&) const = default;
};

// The share of sp3 atoms at a density: ρ = 1.92 + 1.37 share (Ferrari et al., Phys. Rev. B 62,
// 11089 (2000), of carbon films from evaporated to tetrahedral), kept within 0 … 1.
double FourfoldShare(double density_g_cm3);

// What a network can be made of: a side of at least so much across the beam, and densities at which
// an atom finds neighbours and they find room (diamond has 3.51).
inline constexpr double kLeastNetworkSide_A = 8;
inline constexpr double kLeastNetworkDensity_g_cm3 = 1.2, kMostNetworkDensity_g_cm3 = 3.4;

// Places of atoms that have three (sp2) or four (sp3) bonds where they find the neighbours, angles
// near 120 and 109.5 degrees, and everything else further away. At 2 g/cm³ the first shell is
// at 1.47 Å (rms 0.06) with 2.95 atoms and the second at 2.47 Å (rms 0.14), at 3 g/cm³ at 1.53 Å
// with 3.7 and 2.45 Å; atoms come as near as 1.2 Å. Diffraction finds 1.46 Å with 3.3 and 2.49 Å in
// sputtered carbon (Li & Lannin, Phys. Rev. Lett. 65, 1905 (1990)), 1.52 Å with 3.9 and 2.5 Å in
// tetrahedral (Gilkes, Gaskell & Robertson, Phys. Rev. B 51, 12303 (1995)), EXAFS 1.445 Å in
// sputtered (Comelli, Stöhr, Robinson & Jark, Phys. Rev. B 38, 7511 (1988)). Of what lies further
// (rings, layers) the network says nothing.
//
// Method: atoms at random are bonded to the nearest that still have a bond to give, short bonds
// first and no triangles; springs along bonds, between second neighbours and between all others
// that are too near relax; bonds are found anew, shorter ones; so on, with random kicks that die
// away. A quench instead of the exchange of a crystal's bonds (Wooten, Winer & Weaire, Phys. Rev.
// Lett. 54, 1392 (1985)). A function of the options alone; 5000 atoms take 0.3 s, and time goes
// with their number.
std::vector<std::array<double, 3>> MakeCarbonNetwork(const CarbonNetworkOptions& options);

}  // namespace ronchi::sim
