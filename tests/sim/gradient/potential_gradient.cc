// Derivatives by the places of atoms, as multislice_adjoint.cc has them by all.
#include <gtest/gtest.h>

#include "sim/specimen/read_structure.h"
#include "tests/sim/adjoint_scene.h"

namespace ronchi::sim::adjoint_test {
namespace {

// Exact placement: cores that overlap (pixels of 0.18 Å, atoms at random), and none.
TEST(Adjoint, OfAtomsPlacedExactly) {
  Scene s = Scattered({45, 50});
  s.placement = Placement::kExact;
  s.tilt_rad = {0.012, -0.02};
  ExpectAllAgree(s, PatternLoss(s.grid()));
}

TEST(Adjoint, OfACrystalPlacedExactly) {
  Scene s = Scattered({40, 42});
  s.placement = Placement::kExact;
  const Specimen crystal =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(1, 1, 2);
  s.specimen = crystal.Displaced({{8, 0.1}, {22, 0.08}, {38, 0.09}}, 7, 0);
  ExpectAllAgree(s, PatternLoss(s.grid()));
}

// A crystal, atoms displaced: every slice is another.
TEST(Adjoint, OfDisplacedAtoms) {
  Scene s = Scattered({42, 48});
  const Specimen crystal =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(2, 2, 2);
  s.specimen = crystal.Displaced({{8, 0.1}, {22, 0.08}, {38, 0.09}}, 7, 0);
  ASSERT_EQ(s.Potential().distinct.size(), 4u);
  const Loss loss = PatternLoss(s.grid());
  const AllGradients g = GradientsOf(s, loss);
  ExpectAgreement(s, loss, AtomKnobs(s, g.atoms));
  ExpectAgreement(s, loss, StackKnobs(s, g.stack));
}

}  // namespace
}  // namespace ronchi::sim::adjoint_test
