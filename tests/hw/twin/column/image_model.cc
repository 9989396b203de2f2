// Energy spread, thickness, tilt and amorphous layers of the twin's scanned images, each against a
// closed form or another way to it. That the contracted engine has tilt, thickness and focal spread
// right is tests/sim/contracted/contracted_crystal.cc.
#include "hw/twin/column/image_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hw/twin/column/amorphous_layer.h"
#include "hw/twin/column/temporal_coherence.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/specimen/amorphous.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Still;
using testing_support::StillYaml;
using testing_support::TwinFromYaml;

// Quick to prepare: two of the displaced boxes that a preset has sixteen of.
const char* const kQuick = "phonon_configurations: 2\n";

// A lens' focal length goes with the relativistically corrected voltage E (1 + E/2E₀): its
// logarithmic derivative by differences, which are good to 1e-6 here.
TEST(TemporalCoherence, IsTheChangeOfTheCorrectedVoltage) {
  const auto corrected = [](double e) { return e * (1 + e / (2 * 510998.95)); };
  for (double energy_eV : {60e3, 200e3, 300e3}) {
    const double step = energy_eV * 1e-4;
    const double slope =
        (std::log(corrected(energy_eV + step)) - std::log(corrected(energy_eV - step))) /
        (2 * step);
    EXPECT_NEAR(FocalSpread_A(1.4, 0.8, energy_eV) / (1.4e7 * 0.8 / 2.354820045 * slope), 1, 1e-6);
  }
  // 1.4 mm and 0.6 eV at 200 kV: the 2.1 nm of an ordinary corrected column.
  EXPECT_NEAR(FocalSpread_A(1.4, 0.6, 200e3), 20.8, 0.1);
  EXPECT_EQ(FocalSpread_A(1.4, 0, 200e3), 0);
}

// The twin's images have it: its contrast is the engine's at that spread, and lower than without.
TEST(TwinPhysics, EnergySpreadTakesContrast) {
  const std::string more =
      "  energy_spread_eV: [0.8, 0.8]\n  C_c_mm: [1.4, 1.4]\n"
      "  source_fwhm_A: [0.8, 0.8]\n";
  const TwinOptions o = TwinFromYaml(StillYaml(more, kQuick));
  const auto twin = *MakeTwin(o, 1);
  const DetectorImages images = *DetectorImages::Create(o);
  ImageMoment moment;
  moment.source.fwhm_A = 0.8;
  const double sharp = images.MakeHarmonics(0, moment).Contrast();
  moment.focal_spread_A = FocalSpread_A(1.4, 0.8, 200e3);
  const double spread = images.MakeHarmonics(0, moment).Contrast();
  EXPECT_NEAR(twin->ground_truth()->Figure("contrast").value(), spread, 1e-9);
  EXPECT_LT(spread, 0.95 * sharp);
  // The mean over the cell knows no defocus.
  const double mean = images.MakeHarmonics(0, moment).Mean();
  moment.focal_spread_A = 0;
  EXPECT_NEAR(images.MakeHarmonics(0, moment).Mean() / mean, 1, 1e-6);
}

// How sharp an image is does not hang on the box that it is made in: without the correction the two
// differ by 4 %.
TEST(TwinPhysics, TheBoxDoesNotMatter) {
  const auto contrast = [](const std::string& box) {
    TwinOptions o =
        TwinFromYaml(StillYaml("", std::string("phonon_configurations: 1\nbox_A: ") + box + "\n"));
    for (sim::Atom& a : o.specimen.atoms) a.rms_A = 0;
    return (*DetectorImages::Create(o)).MakeHarmonics(0, {}).Contrast();
  };
  EXPECT_NEAR(contrast("15") / contrast("42"), 1, 0.01);
  EXPECT_NEAR(contrast("23") / contrast("42"), 1, 0.008);
}

// A crystal of the thickness that the prior draws is the crystal of as many layers: M is taken on
// the way through the thickest, whose upper atoms move alike.
TEST(TwinPhysics, ThicknessIsThatOfAsManyLayers) {
  const std::string range = "  thickness_nm: [1.5, 4]\n";
  const TwinOptions o = TwinFromYaml(StillYaml(range, kQuick));
  EXPECT_EQ(o.layers, 10);
  EXPECT_EQ(PreparedLayers(o), (std::vector<int>{4, 5, 6, 7, 8, 9, 10}));
  const DetectorImages images = *DetectorImages::Create(o);
  const DetectorImages six =
      *DetectorImages::Create(TwinFromYaml(StillYaml("", std::string("layers: 6\n") + kQuick)));
  ImageMoment moment;
  const auto whole = six.MakeHarmonics(0, moment);
  moment.thickness_A = 6.3 * 3.905;  // the nearest
  const auto part = images.MakeHarmonics(0, moment);
  EXPECT_NEAR(images.Thickness_A(moment.thickness_A), 6 * 3.905, 1e-9);
  EXPECT_NEAR(part.Mean() / whole.Mean(), 1, 1e-5);  // single precision
  EXPECT_NEAR(part.Contrast() / whole.Contrast(), 1, 1e-5);
  // Drawn within the range, told by the truth, and thicker is brighter.
  const auto twin = *MakeTwin(o, 1);
  double least = 100, most = 0;
  for (uint64_t episode = 0; episode < 40; ++episode) {
    twin->ground_truth()->Randomise(1, 0, episode);
    const auto hidden = twin->ground_truth()->Hidden();
    least = std::min(least, hidden.at("true_thickness_nm"));
    most = std::max(most, hidden.at("true_thickness_nm"));
    EXPECT_LE(std::fabs(hidden.at("true_thickness_nm") - hidden.at("thickness_nm")), 0.2);
  }
  EXPECT_LT(least, 2);
  EXPECT_GT(most, 3.5);
  moment.thickness_A = 10 * 3.905;
  EXPECT_GT(images.MakeHarmonics(0, moment).Mean(), 1.3 * part.Mean());
}

// A crystal off its axis is another image; the stage's tilt by as much brings it back.
TEST(TwinPhysics, TheStageUndoesAMistilt) {
  const std::string keys = std::string(kQuick) + "layers: 20\nstage: {present: true}\n";
  const std::string tilted = "  mistilt_alpha_mrad: [3, 3]\n  mistilt_beta_mrad: [-4, -4]\n";
  const auto twin = Still(tilted, keys);
  const double off = twin->ground_truth()->Figure("contrast").value();
  ASSERT_TRUE(twin->Execute(Set{"stage.alpha", Radians(-0.003)}).ok());
  ASSERT_TRUE(twin->Execute(Set{"stage.beta", Radians(0.004)}).ok());
  const double on = twin->ground_truth()->Figure("contrast").value();
  // Another preparation without tilt, with beams, reach and grid of its own: 2 %.
  EXPECT_NEAR(on / Still("", keys)->ground_truth()->Figure("contrast").value(), 1, 0.02);
  EXPECT_LT(off, 0.97 * on);
}

// What a layer scatters into the ring, n t σ, against multislice of hard spheres. 2 nm of carbon at
// 200 kV scatter 1 % of the electrons at all, so that twice is rare; 2000 atoms and a plane wave:
// speckle of some 1e4 pixels, 1 %, and the first Born approximation of carbon, 2 %.
TEST(AmorphousLayer, IsTheRingsCrossSection) {
  AmorphousOptions layer;
  const double thickness_A = 20, energy_eV = 200e3, side_A = 30;
  const double expected = *LayerFraction(layer, thickness_A, energy_eV, 0.06, 0.1);
  EXPECT_EQ(*LayerFraction(layer, 0, energy_eV, 0.06, 0.1), 0);
  sim::Specimen film =
      *sim::MakeAmorphous({.size_A = {side_A, side_A}, .thickness_A = thickness_A});
  const double atoms = layer.atoms_per_A3 * side_A * side_A * thickness_A;
  const sim::Grid grid{540, 540, side_A, side_A};
  const sim::Multislice engine(
      *sim::MakePotential(film, grid, 2, **sim::ScatteringFactors::Load("kirkland")), energy_eV,
      {0, 0});
  sim::ProbeSpectrum plane;
  plane.beams = {{0, 0, 1.0f}};
  sim::Multislice::Workspace workspace = engine.MakeWorkspace();
  const size_t exit = engine.slices();
  double sum = 0;
  engine.Run(
      plane, 0, 0, {&exit, 1},
      [&](size_t) {
        for (size_t i = 0; i < grid.nx; ++i) {
          for (size_t j = 0; j < grid.ny; ++j) {
            const double angle =
                sim::Wavelength_A(energy_eV) * std::hypot(grid.kx_per_A(i), grid.ky_per_A(j));
            if (angle >= 0.06 && angle < 0.1) sum += double(workspace.intensity()[i * grid.ny + j]);
          }
        }
      },
      &workspace);
  EXPECT_NEAR(sum * atoms / double(film.atoms.size()) / expected, 1, 0.05);
}

// Below, a layer adds its scattering to every point; above, it scatters the probe as well: it takes
// contrast, and more than the even light explains would be left of it.
TEST(AmorphousLayer, BelowIsEvenAndAboveBlurs) {
  const auto make = [](const std::string& amorphous) {
    return *DetectorImages::Create(TwinFromYaml(StillYaml("", kQuick + amorphous)));
  };
  const ImageMoment moment;
  const auto clean = make("").MakeHarmonics(0, moment);
  const auto below = make("amorphous: {exit_nm: 3}\n").MakeHarmonics(0, moment);
  const double fraction = *LayerFraction(AmorphousOptions(), 30, 200e3, 0.06, 0.1);
  EXPECT_NEAR(below.Mean() - clean.Mean(), fraction, 1e-12);
  EXPECT_NEAR(below.Contrast() * below.Mean() * below.Mean(),
              clean.Contrast() * clean.Mean() * clean.Mean(), 1e-9);
  const auto above = make("amorphous: {entrance_nm: 3}\n").MakeHarmonics(0, moment);
  // The same even light, to the noise of two configurations and what is scattered twice.
  EXPECT_NEAR(above.Mean() - clean.Mean(), fraction, 0.5 * fraction);
  EXPECT_LT(above.Contrast(), clean.Contrast());
}

}  // namespace
}  // namespace ronchi::hw
