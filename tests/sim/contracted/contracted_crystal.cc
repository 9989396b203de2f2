// The contracted engine of a crystal against multislice of whole boxes, probe by probe.
#include "sim/contracted/contracted_crystal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/coherence.h"
#include "sim/contracted/builder.h"
#include "sim/contracted/contracted_model.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr double kEnergy_eV = 200e3, kSemiangle_rad = 0.018, kCell_A = 3.905;
constexpr CrystalRing kRing = {0.06, 0.1};

Specimen SrTiO3(int periods, double rms_A) {
  Specimen s;
  s.cell_A = {kCell_A, kCell_A, kCell_A};
  const double h = kCell_A / 2, q = kCell_A / 4;
  s.atoms = {{38, 0, 0, q}, {22, h, h, 3 * q}, {8, h, h, q}, {8, h, 0, 3 * q}, {8, 0, h, 3 * q}};
  for (Atom& a : s.atoms) a.rms_A = rms_A;
  return s.Repeated(1, 1, periods);
}

ContractedCrystalOptions Options(int periods, double rms_A = 0) {
  return {.cell = SrTiO3(periods, rms_A),
          .periods = periods,
          .energy_eV = kEnergy_eV,
          .semiangle_rad = kSemiangle_rad,
          .rings = {kRing},
          .configurations = 1,
          .least_box_A = 11,  // three cells
          .reach = 1.3};
}

// What multislice of the box reads in the ring, averaged over `cells`² translations of the probe.
class Box {
 public:
  Box(const Specimen& box, size_t pixels, double slice_A, std::array<double, 2> tilt_rad = {0, 0})
      : grid_{pixels, pixels, box.cell_A[0], box.cell_A[1]},
        engine_(*MakePotential(box, grid_, slice_A, **ScatteringFactors::Load("kirkland")),
                kEnergy_eV, tilt_rad) {}

  double Read(const Aberrations& aberrations, double x_A, double y_A, size_t exit_slice,
              int cells) const {
    const ProbeSpectrum probe = *MakeProbe(
        grid_,
        {.energy_eV = kEnergy_eV, .semiangle_rad = kSemiangle_rad, .aberrations = aberrations});
    Multislice::Workspace workspace = engine_.MakeWorkspace();
    const double wavelength_A = Wavelength_A(kEnergy_eV);
    double sum = 0;
    for (int i = 0; i < cells * cells; ++i) {
      engine_.Run(
          probe, x_A + (i / cells) * kCell_A, y_A + (i % cells) * kCell_A, {&exit_slice, 1},
          [&](size_t) {
            for (size_t a = 0; a < grid_.nx; ++a) {
              for (size_t b = 0; b < grid_.ny; ++b) {
                const double angle =
                    wavelength_A * std::hypot(grid_.kx_per_A(a), grid_.ky_per_A(b));
                if (angle >= kRing.inner_rad && angle < kRing.outer_rad) {
                  sum += double(workspace.intensity()[a * grid_.ny + b]);
                }
              }
            }
          },
          &workspace);
    }
    return sum / (cells * cells);
  }

 private:
  Grid grid_;
  Multislice engine_;
};

double At(const ImageHarmonics& harmonics, double x_A, double y_A) {
  double value = 0;
  harmonics.ComputeImage({{{x_A, y_A}}, 0.1, 1}, {&value, 1});
  return value;
}

Aberrations Some() {
  Aberrations a;
  a.SetPolar(kC10, 25, 0);
  a.SetPolar(kC12, 20, 0.7);
  a.SetPolar(kC21, 300, 0.3);
  return a;
}

constexpr std::array<std::array<double, 2>, 3> kPlaces = {{{0, 0}, {0.4, 1.1}, {1.9, 1.7}}};

// The engine's grid: as many points a cell as the box's, so that the potentials are the same.
size_t PixelsACell() {
  const double finest_A = Wavelength_A(kEnergy_eV) / (3 * 1.3 * kRing.outer_rad);
  return FastPixels(1, kCell_A / finest_A);
}

// At rest: M of one cell's Bloch waves is that of the box, at every thickness. Single precision,
// and what symmetry forbids (sim/contracted/builder.cc): 1e-5. The depth at which slices act is the
// box's own, a quarter of a cell early.
TEST(ContractedCrystal, AtRestIsMultislice) {
  const auto crystal = *ContractedCrystal::Create(Options(3));
  EXPECT_NEAR(crystal->early_A(), kCell_A / 4, 1e-9);
  const Box box(SrTiO3(3, 0).Repeated(3, 3, 1), 3 * PixelsACell(), 2);
  Aberrations early = Some();
  early.a_A[kC10] += crystal->early_A();
  for (size_t exit = 0; exit < 3; ++exit) {
    const ImageHarmonics image = ContractedModel(*crystal, 0, exit).MakeHarmonics(Some(), 0);
    for (const auto& [x, y] : kPlaces) {
      const double expected = box.Read(early, x, y, 2 * (exit + 1), 1);
      EXPECT_NEAR(At(image, x, y), expected, 1e-5 * image.Mean()) << exit << " " << x << " " << y;
    }
  }
}

// One box of displaced atoms as wide as the whole: the mean over the probe's translations.
TEST(ContractedCrystal, DisplacedIsTheMeanOverTranslations) {
  ContractedCrystalOptions o = Options(2, 0.08);
  o.least_displaced_A = o.least_box_A;
  const auto crystal = *ContractedCrystal::Create(o);
  const Box box(o.cell.Repeated(3, 3, 1).Displaced({}, 0, 0), 3 * PixelsACell(), 2);
  Aberrations early = Some();
  early.a_A[kC10] += crystal->early_A();
  const ImageHarmonics image = ContractedModel(*crystal, 0, 1).MakeHarmonics(Some(), 0);
  for (const auto& [x, y] : kPlaces) {
    EXPECT_NEAR(At(image, x, y), box.Read(early, x, y, 4, 3), 1e-5 * image.Mean());
  }
}

// A box tiled by equal small ones, set by set of Bloch waves through one of them, or as it is.
TEST(ContractedCrystal, SetsOfASmallBoxAreTheTiledBox) {
  const Specimen small = SrTiO3(2, 0.08).Repeated(2, 1, 1).Displaced({}, 5, 0);
  const size_t n = PixelsACell();
  const Grid grid{2 * n, n, 2 * kCell_A, kCell_A}, tiled{4 * n, 3 * n, 4 * kCell_A, 3 * kCell_A};
  const auto loaded = *ScatteringFactors::Load("kirkland");
  const ScatteringFactors& factors = *loaded;
  const std::vector<Detector> detectors = {*Detector::Create(
      {.inner_rad = kRing.inner_rad, .outer_rad = kRing.outer_rad}, tiled, kEnergy_eV)};
  ContractionOptions options{
      .grid = tiled, .energy_eV = kEnergy_eV, .semiangle_rad = kSemiangle_rad, .cells = {4, 3}};
  auto whole = *ContractedBuilder::Create(options, detectors, size_t(1) << 30);
  ASSERT_TRUE(whole.Add(
      Multislice(*MakePotential(small.Repeated(2, 3, 1), tiled, 2, factors), kEnergy_eV, {0, 0})));
  options.sets = {2, 3};
  auto sets = *ContractedBuilder::Create(options, detectors, size_t(1) << 30);
  Progress progress("beams", 1);
  for (size_t sx = 0; sx < 2; ++sx) {
    for (size_t sy = 0; sy < 3; ++sy) {
      const Multislice engine(*MakePotential(small, grid, 2, factors), kEnergy_eV, {0, 0}, {},
                              {double(sx) / tiled.lx_A, double(sy) / tiled.ly_A});
      ASSERT_TRUE(sets.AddSet({sx, sy}, engine, &progress));
    }
  }
  const Contracted a = whole.Finish(), b = sets.Finish();
  ASSERT_EQ(a.differences().size(), b.differences().size());
  Contracted::Workspace workspace;
  const Contracted::Setting setting{
      .beam = {.energy_eV = kEnergy_eV, .semiangle_rad = kSemiangle_rad, .aberrations = Some()}};
  const size_t count = a.differences().size();
  std::vector<double> re(count), im(count), re_b(count), im_b(count);
  ASSERT_TRUE(a.ComputeCoefficients(setting, &workspace, re, im).ok());
  ASSERT_TRUE(b.ComputeCoefficients(setting, &workspace, re_b, im_b).ok());
  double most = 0;
  for (double v : re) most = std::max(most, std::fabs(v));
  for (size_t i = 0; i < count; ++i) {
    EXPECT_NEAR(re[i], re_b[i], 1e-5 * most);
    EXPECT_NEAR(im[i], im_b[i], 1e-5 * most);
  }
}

// A tilt by moved beams and rings against the sheared propagator, at the largest tilt (where the
// ring's place is one of the six) and in between. The waves are cut about other middles: 2e-3; the
// ring's place is interpolated: 5e-3. The tilt itself changes images by a tenth.
TEST(ContractedCrystal, TiltIsTheShearedPropagator) {
  ContractedCrystalOptions o = Options(8, 0.08);
  o.largest_tilt_rad = 0.008;
  o.least_displaced_A = o.least_box_A;
  const auto crystal = *ContractedCrystal::Create(o);
  const double finest_A = Wavelength_A(kEnergy_eV) / (3 * (1.3 * kRing.outer_rad + 0.008));
  const size_t n = FastPixels(1, kCell_A / finest_A);
  Aberrations early = Some();
  early.a_A[kC10] += crystal->early_A();
  for (const std::array<double, 2> tilt : {std::array{0.008, 0.0}, std::array{-0.0031, 0.0022}}) {
    const Box box(o.cell.Repeated(3, 3, 1).Displaced({}, 0, 0), 3 * n, 2, tilt);
    const ImageHarmonics image = ContractedModel(*crystal, 0, 7, tilt).MakeHarmonics(Some(), 0);
    const ImageHarmonics straight = ContractedModel(*crystal, 0, 7).MakeHarmonics(Some(), 0);
    double change = 0;
    for (const auto& [x, y] : kPlaces) {
      const double read = box.Read(early, x, y, 16, 3);
      EXPECT_NEAR(At(image, x, y), read, 0.01 * read) << tilt[0] << " " << x << " " << y;
      change = std::max(change, std::fabs(read - At(straight, x, y)));
    }
    EXPECT_GT(change, 0.1 * image.Mean());
  }
}

// The closed form of a focal spread about the axis of a tilted cone, against a mean over defoci.
TEST(ContractedCrystal, FocalSpreadIsTheMeanOverDefoci) {
  ContractedCrystalOptions o = Options(2);
  o.largest_tilt_rad = 0.008;
  const ContractedModel model(**ContractedCrystal::Create(o), 0, 1, {0.006, -0.003});
  const ImageHarmonics closed = model.MakeHarmonics(Some(), 0, 30);
  std::vector<double> sums(kPlaces.size());
  for (const WeightedOptics& w : SpreadFocus({.aberrations = Some()}, 30)) {
    const ImageHarmonics one = model.MakeHarmonics(w.optics.aberrations, 0);
    for (size_t i = 0; i < kPlaces.size(); ++i) {
      sums[i] += w.weight * At(one, kPlaces[i][0], kPlaces[i][1]);
    }
  }
  // SpreadFocus leaves out 2e-4 of the normal distribution.
  for (size_t i = 0; i < kPlaces.size(); ++i) {
    EXPECT_NEAR(At(closed, kPlaces[i][0], kPlaces[i][1]), sums[i], 5e-4 * closed.Mean());
  }
  EXPECT_LT(closed.Contrast(), 0.95 * model.MakeHarmonics(Some(), 0).Contrast());
}

}  // namespace
}  // namespace ronchi::sim
