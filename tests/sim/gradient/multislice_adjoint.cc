// The adjoint of multislice. The file is built twice. In double precision every derivative is held
// to differences of whole simulations, potential and probe made anew, and to golden/adjoint.txt; in
// single precision, where differences drown in round-off, to those same golden figures.
// How to make them anew: golden/README.md.
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "core/random.h"
#include "sim/specimen/read_structure.h"
#include "tests/sim/adjoint_scene.h"

namespace ronchi::sim::adjoint_test {
namespace {

// That the double build is one: what 20 slices lose of a pattern's sum, round-off alone.
TEST(Adjoint, IsAsPreciseAsItsReals) {
  Scene s = Scattered({45, 50});
  s.specimen.atoms.clear();
  s.slice_A = 0.5;
  const Loss total = Weighted(std::vector<double>(s.grid().size(), 1));
  EXPECT_NEAR(LossOf(s, total), 3, kDouble ? 1e-13 : 1e-5);
}

TEST(Adjoint, OfAPatternOnATiltedSpecimen) {
  Scene s = Scattered({45, 50});
  s.tilt_rad = {0.012, -0.02};
  ExpectAllAgree(s, PatternLoss(s.grid()));
}

TEST(Adjoint, OfAnAnnularDetectorOnAnOddGrid) {
  Scene s = Scattered({47, 45});
  const Detector ring = MakeDetector({.name = "adf", .inner_rad = 0.022, .outer_rad = 0.042}, s);
  ExpectAllAgree(s, ReadingLoss(ring));
}

TEST(Adjoint, OfSegments) {
  Scene s = Scattered({40, 33});
  s.tilt_rad = {-0.005, 0.01};
  const Detector segments = MakeDetector({.name = "quad",
                                          .type = DetectorOptions::Type::kSegmented,
                                          .inner_rad = 0.005,
                                          .outer_rad = 0.03,
                                          .azimuthal = 4,
                                          .radial = 2,
                                          .rotation_rad = 0.3},
                                         s);
  ExpectAllAgree(s, ReadingLoss(segments));
}

TEST(Adjoint, OfACenterOfMass) {
  const Scene s = Scattered({45, 50});
  const Detector com =
      MakeDetector({.name = "com", .type = DetectorOptions::Type::kCenterOfMass}, s);
  ExpectAllAgree(s, VectorLoss(com));
}

TEST(Adjoint, OfDpcOfAThinSpecimen) {
  Scene s = Scattered({45, 50});
  s.slice_A = 10;  // one slice: nothing propagates
  const Detector dpc = MakeDetector(
      {.name = "dpc", .type = DetectorOptions::Type::kDpc, .inner_rad = 0.01, .outer_rad = 0.03},
      s);
  const Loss loss = VectorLoss(dpc);
  const AllGradients g = GradientsOf(s, loss);
  EXPECT_EQ(g.stack.propagation, 0);
  EXPECT_EQ(g.stack.tilt_per_rad[0], 0);
  ExpectAgreement(s, loss, AberrationKnobs(s, g.optics));
  ExpectAgreement(s, loss, AtomKnobs(s, g.atoms));
}

// Moves atom `a` and those above and below it in cells of 3.905 Å. They move one after another: the
// first is moved last.
void MoveWithCopies(size_t a, Scene* x, double by) {
  const Atom first = x->specimen.atoms[a];
  for (Atom& b : x->specimen.atoms) {
    if (b.z != first.z || std::fabs(b.x_A - first.x_A) > 1e-9 ||
        std::fabs(b.y_A - first.y_A) > 1e-9) {
      continue;
    }
    const double layers = (b.z_A - first.z_A) / 3.905;
    if (std::fabs(layers - std::round(layers)) < 1e-6) b.x_A += by;
  }
  x->specimen.atoms[a].x_A = first.x_A + by;
}

// Of slices that repeat: one plane for all that show it is the sum of one plane a slice, and an
// atom then moves with its copies.
TEST(Adjoint, ByThePotentialOfSlicesThatRepeat) {
  Scene s = Scattered({42, 48});
  s.specimen =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(2, 2, 3);
  s.specimen.cell_A[0] += 0.011;  // atoms off the grid lines
  s.specimen.cell_A[1] += 0.013;
  for (Atom& a : s.specimen.atoms) a.x_A += 0.031, a.y_A += 0.042;
  const PotentialSlices potential = s.Potential();
  ASSERT_EQ(potential.distinct.size(), 2u);
  ASSERT_EQ(potential.order.size(), 6u);
  const Loss loss = PatternLoss(s.grid());
  const AllGradients shared = GradientsOf(s, loss, Planes::kDistinct);
  const AllGradients single = GradientsOf(s, loss, Planes::kSlices);
  std::vector<std::vector<double>> sums(2, std::vector<double>(s.grid().size()));
  double largest = 0;
  for (size_t slice = 0; slice < 6; ++slice) {
    for (size_t i = 0; i < s.grid().size(); ++i) {
      sums[potential.order[slice]][i] += double(single.stack.potential[slice][i]);
      largest = std::max(largest, std::fabs(double(single.stack.potential[slice][i])));
    }
  }
  for (size_t d : {0, 1}) {
    for (size_t i = 0; i < s.grid().size(); ++i) {
      // Sums of six in another order.
      ASSERT_NEAR(shared.stack.potential[d][i], sums[d][i], (kDouble ? 1e-13 : 1e-5) * largest);
    }
  }
  // Against differences: a random change of one plane, and an atom with its copies.
  RandomStream random({.seed = 1, .name = "test.direction"});
  std::vector<Knob> knobs;
  for (size_t d : {0, 1}) {
    RealBuffer direction(s.grid().size());
    double along = 0;
    for (size_t i = 0; i < direction.size(); ++i) {
      direction[i] = Real(random.Normal());
      along += double(direction[i]) * double(shared.stack.potential[d][i]);
    }
    // V Å; σ is 7e-4.
    knobs.push_back({"plane" + std::to_string(d), kStep / 7e-4 / 5,
                     [d, direction](Scene* x, double by) {
                       RealBuffer scaled = direction;
                       for (Real& v : scaled) v *= Real(by);
                       x->added.emplace_back(d, std::move(scaled));
                     },
                     along});
  }
  ExpectAgreement(s, loss, knobs);
  const size_t per_layer = s.specimen.atoms.size() / 3;
  for (size_t a : {size_t(0), per_layer - 1}) {
    ExpectAgreement(
        s, loss,
        {{"column" + std::to_string(a), kStep / 10,
          [a](Scene* x, double by) { MoveWithCopies(a, x, by); }, shared.atoms[a].x_per_A}});
  }
}

// The same bytes for any number of threads, also where probes and lanes do not divide.
TEST(Adjoint, RepeatsForAnyNumberOfThreads) {
  Scene s = Scattered({45, 50});
  for (int p = 0; p < 4; ++p) s.positions.push_back({0.9 * p, 1.7 * p});
  const Loss loss = PatternLoss(s.grid());
  const auto run = [&](int threads) {
    SetThreads(threads);
    const MultisliceAdjoint adjoint(
        s.Potential(), kEnergy_eV, {0.01, 0.02},
        {.potential = Planes::kSlices, .lanes = 3, .efforts = {.waves = Fft::Effort::kEstimate}});
    return adjoint.Gradient(*MakeProbe(s.grid(), s.optics), s.positions, loss);
  };
  const MultisliceGradient one = run(1), two = run(2), again = run(2);
  SetThreads(0);
  for (const MultisliceGradient* other : {&two, &again}) {
    EXPECT_EQ(one.loss, other->loss);
    EXPECT_EQ(one.amplitude, other->amplitude);
    EXPECT_EQ(one.position_per_A, other->position_per_A);
    EXPECT_EQ(one.propagation, other->propagation);
    EXPECT_EQ(one.potential_scale, other->potential_scale);
    EXPECT_EQ(one.tilt_per_rad, other->tilt_per_rad);
    EXPECT_EQ(one.potential, other->potential);
  }
}

// Fewer wants, the same figures: the potential's scale comes by another way without its planes.
TEST(Adjoint, WantsDoNotChangeWhatIsCommon) {
  Scene s = Scattered({45, 50});
  s.tilt_rad = {0.01, 0.005};
  const Loss loss = PatternLoss(s.grid());
  const MultisliceGradient all = GradientsOf(s, loss).stack;
  const MultisliceGradient scale = GradientsOf(s, loss, Planes::kNone).stack;
  const auto near = [](double a, double b) {
    EXPECT_NEAR(a, b, (kDouble ? 1e-11 : 2e-4) * std::fabs(b)) << a << " " << b;
  };
  near(scale.potential_scale, all.potential_scale);
  near(scale.propagation, all.propagation);
  const MultisliceAdjoint bare(s.Potential(), kEnergy_eV, s.tilt_rad,
                               {.stack = false, .efforts = {.waves = Fft::Effort::kEstimate}});
  const MultisliceGradient probe_only =
      bare.Gradient(*MakeProbe(s.grid(), s.optics), s.positions, loss);
  near(probe_only.position_per_A[1][0], all.position_per_A[1][0]);
  EXPECT_EQ(probe_only.propagation, 0);
}

TEST(Adjoint, RefusesWhatItCannotDifferentiate) {
  const Scene s = Scattered({45, 50});
  const PotentialSlices potential = s.Potential();
  MultisliceGradient planes;
  planes.potential.assign(5, RealBuffer(s.grid().size()));
  const auto finite = ToAtomGradient(s.specimen, potential, Factors(), Projection::kFinite, planes);
  EXPECT_EQ(finite.status().message(),
            "derivatives by atoms are not there for a finite projection; allowed: infinite");
  planes.potential.resize(2);
  const auto few = ToAtomGradient(s.specimen, potential, Factors(), Projection::kInfinite, planes);
  EXPECT_EQ(few.status().message(),
            "derivatives by 2 planes; allowed: 5, one a slice, or 5, one a distinct slice");
}

}  // namespace
}  // namespace ronchi::sim::adjoint_test
