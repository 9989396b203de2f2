// Derivatives by the beam's tilt, as multislice_adjoint.cc has them by all.
#include <gtest/gtest.h>

#include "tests/sim/adjoint_scene.h"

namespace ronchi::sim::adjoint_test {
namespace {

// The aperture's rim has kinks where a beam enters it or comes wholly inside: steps are so small
// that none lies in between.
TEST(Adjoint, ByBeamTilt) {
  Scene s = Scattered({45, 50});
  s.optics.tilt_rad = {0.003, -0.0017};
  const Loss loss = PatternLoss(s.grid());
  const OpticsGradient g = GradientsOf(s, loss, Planes::kNone).optics;
  std::vector<Knob> knobs;
  for (size_t i : {0, 1}) {
    knobs.push_back({i ? "beam_tilt.y" : "beam_tilt.x", 2e-6,
                     [i](Scene* x, double by) { x->optics.tilt_rad[i] += by; }, g.tilt_per_rad[i]});
  }
  ExpectAgreement(s, loss, knobs);
}

}  // namespace
}  // namespace ronchi::sim::adjoint_test
