// The adjoint of multislice. The file is built twice. In double precision every derivative is held
// to differences of whole simulations, potential and probe made anew, and to golden/adjoint.txt; in
// single precision, where differences drown in round-off, to those same golden figures.
// How to make them anew: golden/README.md.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iomanip>
#include <map>
#include <numbers>

#include "core/parallel.h"
#include "core/random.h"
#include "sim/detector.h"
#include "sim/gradient/multislice_adjoint.h"
#include "sim/gradient/potential_gradient.h"
#include "sim/gradient/probe_gradient.h"
#include "sim/physics/electron.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

using Planes = MultisliceAdjoint::PotentialPlanes;

constexpr double kEnergy_eV = 200e3, kPi = std::numbers::pi;
constexpr bool kDouble = sizeof(Real) == 8;
// Phase, in rad, that a step of a difference changes at the aperture's rim. Five points leave
// (2 step)⁴/30 of the derivative, 3e-10, and round-off eps/step, 2e-14, times the ratio of a loss
// to its change in a step, up to a thousand.
constexpr double kStep = 0.005;
// Of the derivative, or of a hundredth of the largest of its kind where that is more.
constexpr double kTolerance = 1e-7;
// Of the largest of its kind, against the golden figures: single precision keeps 1e-7 in a step of
// a few; their sums are ten times smaller than their terms. Double: other FFT plans, processors.
constexpr double kGoldenTolerance = kDouble ? 1e-10 : 1e-4;

const ScatteringFactors& Factors() {
  static const auto factors = *ScatteringFactors::Load("kirkland");
  return *factors;
}

// A whole experiment: all that a derivative can be taken by.
struct Scene {
  Specimen specimen;
  std::array<size_t, 2> pixels;
  double slice_A = 2;
  BeamOptics optics;
  std::array<double, 2> tilt_rad = {0, 0};
  std::vector<std::array<double, 2>> positions;
  double distance_scale = 1, potential_scale = 1;
  std::vector<std::pair<size_t, RealBuffer>> added;  // to the potential of distinct slices

  Grid grid() const { return {pixels[0], pixels[1], specimen.cell_A[0], specimen.cell_A[1]}; }
  PotentialSlices Potential() const {
    PotentialSlices slices = *MakePotential(specimen, grid(), slice_A, Factors());
    slices.thickness_A *= distance_scale;
    for (size_t d = 0; d < slices.distinct.size(); ++d) {
      auto scaled = std::make_shared<RealBuffer>(*slices.distinct[d]);
      for (Real& v : *scaled) v *= Real(potential_scale);
      for (const auto& [slice, more] : added) {
        for (size_t i = 0; slice == d && i < more.size(); ++i) (*scaled)[i] += more[i];
      }
      slices.distinct[d] = scaled;
    }
    return slices;
  }
};

using Loss = MultisliceAdjoint::Loss;

// By Multislice, which knows nothing of adjoints.
double LossOf(const Scene& s, const Loss& loss) {
  const Multislice engine(s.Potential(), kEnergy_eV, s.tilt_rad, {.waves = Fft::Effort::kEstimate});
  Multislice::Workspace w = engine.MakeWorkspace();
  const ProbeSpectrum probe = *MakeProbe(s.grid(), s.optics);
  const size_t exits[] = {engine.slices()};
  RealBuffer unused(s.grid().size());
  double sum = 0;
  for (size_t p = 0; p < s.positions.size(); ++p) {
    engine.Run(
        probe, s.positions[p][0], s.positions[p][1], exits,
        [&](size_t) { sum += loss(p, w.intensity(), unused); }, &w);
  }
  return sum;
}

struct AllGradients {
  MultisliceGradient stack;
  OpticsGradient optics;
  std::vector<AtomGradient> atoms;
};

AllGradients GradientsOf(const Scene& s, const Loss& loss, Planes planes = Planes::kSlices) {
  const PotentialSlices potential = s.Potential();
  const MultisliceAdjoint adjoint(
      potential, kEnergy_eV, s.tilt_rad,
      {.potential = planes, .lanes = 2, .efforts = {.waves = Fft::Effort::kEstimate}});
  const ProbeSpectrum probe = *MakeProbe(s.grid(), s.optics);
  AllGradients out;
  out.stack = adjoint.Gradient(probe, s.positions, loss);
  out.optics = ToOpticsGradient(s.grid(), s.optics, probe, out.stack.amplitude);
  if (planes != Planes::kNone) {
    out.atoms = *ToAtomGradient(s.specimen, potential, Factors(), Projection::kInfinite,
                                out.stack.potential);
  }
  return out;
}

// Something to take a derivative by.
struct Knob {
  std::string name;
  double step;
  std::function<void(Scene*, double)> turn;
  double derivative;
};

double Difference(const Scene& s, const Loss& loss, const Knob& knob) {
  const auto at = [&](double steps) {
    Scene turned = s;
    knob.turn(&turned, steps * knob.step);
    return LossOf(turned, loss);
  };
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * knob.step);
}

// Derivatives by "<test>/<knob>".
const std::map<std::string, double>& Golden() {
  static const auto golden = [] {
    std::ifstream in(RONCHI_SOURCE_DIR "/tests/sim/golden/adjoint.txt");
    std::map<std::string, double> values;
    std::string name;
    for (double value; in >> name >> value;) values[name] = value;
    return values;
  }();
  return golden;
}

// Knobs of one kind: their derivatives are weighed against the largest of them, each a step.
void ExpectAgreement(const Scene& s, const Loss& loss, const std::vector<Knob>& knobs) {
  const char* write = std::getenv("RONCHI_WRITE_GOLDEN");
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  std::vector<double> expected;
  double largest = 0;
  for (const Knob& k : knobs) {
    expected.push_back(kDouble ? Difference(s, loss, k) : k.derivative);
    largest = std::max(largest, std::fabs(expected.back() * k.step));
  }
  EXPECT_GT(largest, 0);
  for (size_t i = 0; i < knobs.size(); ++i) {
    const Knob& k = knobs[i];
    const double got = k.derivative * k.step, want = expected[i] * k.step;
    const std::string key = test + "/" + k.name;
    EXPECT_NEAR(got, want, kTolerance * std::max(std::fabs(want), 0.01 * largest)) << key;
    if (write) {
      std::ofstream(write, std::ios::app)
          << key << " " << std::setprecision(12) << k.derivative << "\n";
      continue;
    }
    ASSERT_TRUE(Golden().contains(key)) << key;
    EXPECT_NEAR(got, Golden().at(key) * k.step, kGoldenTolerance * largest) << key;
  }
}

std::vector<Knob> AberrationKnobs(const Scene& s, const OpticsGradient& g) {
  std::vector<Knob> knobs;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const auto [n, m, name] = kAberrationTerms[t];
    const double step = kStep * Wavelength_A(kEnergy_eV) * (n + 1) / (2 * kPi) /
                        std::pow(s.optics.semiangle_rad, n + 1);
    knobs.push_back({std::string(name) + ".a", step,
                     [t](Scene* x, double by) { x->optics.aberrations.a_A[t] += by; },
                     g.a_per_A[t]});
    if (m == 0) continue;
    knobs.push_back({std::string(name) + ".b", step,
                     [t](Scene* x, double by) { x->optics.aberrations.b_A[t] += by; },
                     g.b_per_A[t]});
  }
  return knobs;
}

std::vector<Knob> PositionKnobs(const Scene& s, const MultisliceGradient& g) {
  const double step = kStep * Wavelength_A(kEnergy_eV) / (2 * kPi * s.optics.semiangle_rad);
  std::vector<Knob> knobs;
  for (size_t p = 0; p < s.positions.size(); ++p) {
    for (size_t i : {0, 1}) {
      knobs.push_back({"probe" + std::to_string(p) + (i ? ".y" : ".x"), step,
                       [p, i](Scene* x, double by) { x->positions[p][i] += by; },
                       g.position_per_A[p][i]});
    }
  }
  return knobs;
}

std::vector<Knob> TiltKnobs(const Scene& s, const MultisliceGradient& g) {
  const double step =
      kStep * Wavelength_A(kEnergy_eV) / (2 * kPi * s.optics.semiangle_rad * s.specimen.cell_A[2]);
  std::vector<Knob> knobs;
  for (size_t i : {0, 1}) {
    knobs.push_back({i ? "tilt.y" : "tilt.x", step,
                     [i](Scene* x, double by) { x->tilt_rad[i] += by; }, g.tilt_per_rad[i]});
  }
  return knobs;
}

// Relative steps: phases of some rad in all, so a fifth of the step.
std::vector<Knob> StackKnobs(const Scene& s, const MultisliceGradient& g) {
  const double thickness_A = s.specimen.cell_A[2] * s.distance_scale;
  return {
      {"distances", kStep / 5, [](Scene* x, double by) { x->distance_scale += by; }, g.propagation},
      {"potential", kStep / 5, [](Scene* x, double by) { x->potential_scale += by; },
       g.potential_scale},
      {"thickness", kStep / 5,
       [](Scene* x, double by) {
         x->distance_scale += by;
         x->potential_scale += by;
       },
       g.thickness_per_A * thickness_A}};
}

// Only atoms that do not cross a grid line: there the sharing has a kink.
std::vector<Knob> AtomKnobs(const Scene& s, const std::vector<AtomGradient>& g) {
  const double step = kStep / 10;  // Å; the potential changes over 0.1 Å
  std::vector<Knob> knobs;
  for (size_t a = 0; a < s.specimen.atoms.size(); ++a) {
    const Atom& atom = s.specimen.atoms[a];
    const auto is_inside = [&](double v, double pixel) {
      const double from_line = v - std::floor(v / pixel) * pixel;
      return std::min(from_line, pixel - from_line) > 2 * step;
    };
    const std::string name = "atom" + std::to_string(a);
    if (is_inside(atom.x_A, s.grid().dx_A())) {
      knobs.push_back({name + ".x", step,
                       [a](Scene* x, double by) { x->specimen.atoms[a].x_A += by; }, g[a].x_per_A});
    }
    if (is_inside(atom.y_A, s.grid().dy_A())) {
      knobs.push_back({name + ".y", step,
                       [a](Scene* x, double by) { x->specimen.atoms[a].y_A += by; }, g[a].y_per_A});
    }
  }
  return knobs;
}

std::vector<Knob> OccupancyKnobs(const Scene& s, const std::vector<AtomGradient>& g) {
  std::vector<Knob> knobs;
  for (size_t a = 0; a < s.specimen.atoms.size(); ++a) {
    knobs.push_back({"occupancy" + std::to_string(a), kStep / 5,
                     [a](Scene* x, double by) { x->specimen.atoms[a].occupancy += by; },
                     g[a].occupancy});
  }
  return knobs;
}

// ---- Losses.

Loss Weighted(std::vector<double> weights) {
  return [weights](size_t, std::span<const Real> intensity, std::span<Real> slope) {
    double sum = 0;
    for (size_t i = 0; i < intensity.size(); ++i) {
      sum += weights[i] * double(intensity[i]);
      slope[i] = Real(weights[i]);
    }
    return sum;
  };
}

// Every pixel of the pattern its own weight: smooth, as single pixels of a wide pattern say little.
Loss PatternLoss(const Grid& g) {
  std::vector<double> weights(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      weights[i * g.ny + j] =
          std::sin(9 * g.kx_per_A(i) + 1) + std::cos(7 * g.ky_per_A(j) - 5 * g.kx_per_A(i));
    }
  }
  return Weighted(weights);
}

Detector MakeDetector(const DetectorOptions& options, const Scene& s) {
  return *Detector::Create(options, s.grid(), kEnergy_eV, s.optics.semiangle_rad);
}

// Σ over the probes of sines of the detector's numbers: not linear, another slope for each.
Loss ReadingLoss(const Detector& detector) {
  return [&detector](size_t probe, std::span<const Real> intensity, std::span<Real> slope) {
    std::vector<double> reading(detector.size()), by(detector.size());
    detector.Accumulate(intensity, 1, reading);
    double sum = 0;
    for (size_t i = 0; i < reading.size(); ++i) {
      const double phase = 2 * reading[i] + double(i) + 0.4 * double(probe);
      sum += std::sin(phase);
      by[i] = 2 * std::cos(phase);
    }
    detector.Spread(by, slope);
    return sum;
  };
}

// The vector of a centre of mass or DPC, squared after a shift.
Loss VectorLoss(const Detector& detector) {
  return [&detector](size_t, std::span<const Real> intensity, std::span<Real> slope) {
    std::vector<double> reading(detector.size());
    detector.Accumulate(intensity, 1, reading);
    const auto v = detector.Combine(reading);
    detector.Spread(detector.CombineSlope(reading, {2 * (v[0] - 1), 2 * (v[1] + 2)}), slope);
    return (v[0] - 1) * (v[0] - 1) + (v[1] + 2) * (v[1] + 2);
  };
}

// ---- Scenes.

// Random atoms, heavy and light; aberrations of all orders, of up to 1 rad at the rim each.
Scene Scattered(std::array<size_t, 2> pixels) {
  Scene s;
  s.pixels = pixels;
  s.specimen.cell_A = {0.18 * double(pixels[0]), 0.19 * double(pixels[1]), 10};
  RandomStream random({.seed = 5, .name = "test.adjoint"});
  const int elements[] = {8, 22, 38};
  for (int i = 0; i < 12; ++i) {
    s.specimen.atoms.push_back({elements[i % 3], random.Uniform(0, s.specimen.cell_A[0]),
                                random.Uniform(0, s.specimen.cell_A[1]), random.Uniform(0, 10),
                                random.Uniform(0.5, 1)});
  }
  s.optics.semiangle_rad = 0.02;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const auto [n, m, name] = kAberrationTerms[t];
    const double one_rad =
        Wavelength_A(kEnergy_eV) * (n + 1) / (2 * kPi) / std::pow(s.optics.semiangle_rad, n + 1);
    s.optics.aberrations.a_A[t] = one_rad * random.Uniform(-1, 1);
    if (m > 0) s.optics.aberrations.b_A[t] = one_rad * random.Uniform(-1, 1);
  }
  s.positions = {{1.3, 2.1}, {4.4, 3.9}, {-0.7, 6.5}};
  return s;
}

void ExpectAllAgree(const Scene& s, const Loss& loss) {
  const AllGradients g = GradientsOf(s, loss);
  EXPECT_NEAR(g.stack.loss, LossOf(s, loss), (kDouble ? 1e-12 : 1e-5));
  ExpectAgreement(s, loss, AberrationKnobs(s, g.optics));
  ExpectAgreement(s, loss, PositionKnobs(s, g.stack));
  ExpectAgreement(s, loss, TiltKnobs(s, g.stack));
  ExpectAgreement(s, loss, StackKnobs(s, g.stack));
  ExpectAgreement(s, loss, AtomKnobs(s, g.atoms));
  ExpectAgreement(s, loss, OccupancyKnobs(s, g.atoms));
}

// ---- Tests.

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
    const auto copies = [a](Scene* x, double by) {
      const Atom first = x->specimen.atoms[a];
      for (Atom& b : x->specimen.atoms) {
        if (b.z == first.z && std::fabs(b.x_A - first.x_A) < 1e-9 &&
            std::fabs(b.y_A - first.y_A) < 1e-9) {
          const double layers = (b.z_A - first.z_A) / 3.905;
          if (std::fabs(layers - std::round(layers)) < 1e-6) b.x_A += by;
        }
      }
    };
    // The copies move one after another: the first is moved last.
    const auto all_but_first = [copies, a](Scene* x, double by) {
      const double first_x = x->specimen.atoms[a].x_A;
      copies(x, by);
      x->specimen.atoms[a].x_A = first_x + by;
    };
    ExpectAgreement(
        s, loss,
        {{"column" + std::to_string(a), kStep / 10, all_but_first, shared.atoms[a].x_per_A}});
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
  const std::vector<RealBuffer> planes(5, RealBuffer(s.grid().size()));
  const auto finite = ToAtomGradient(s.specimen, potential, Factors(), Projection::kFinite, planes);
  EXPECT_EQ(finite.status().message(),
            "derivatives by atoms are not there for a finite projection; allowed: infinite");
  const auto few = ToAtomGradient(s.specimen, potential, Factors(), Projection::kInfinite,
                                  std::span(planes).first(2));
  EXPECT_EQ(few.status().message(),
            "derivatives by 2 planes; allowed: 5, one a slice, or 5, one a distinct slice");
}

// ---- In use: from a pattern back to what made it.

using Point = std::vector<double>;

// BFGS (Nocedal & Wright, Numerical Optimization (2006), eq. 6.17) with halved steps.
Point Minimise(const std::function<double(const Point&, Point*)>& value, Point x, int steps) {
  const size_t n = x.size();
  std::vector<Point> h(n, Point(n));
  for (size_t i = 0; i < n; ++i) h[i][i] = 1;
  Point g(n);
  double f = value(x, &g);
  for (int step = 0; step < steps; ++step) {
    Point d(n), y(n), next_g(n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) d[i] -= h[i][j] * g[j];
    }
    double length = 1, downhill = 0;
    for (size_t i = 0; i < n; ++i) downhill += d[i] * g[i];
    Point next(n);
    double next_f = f;
    for (int halving = 0; halving < 30; ++halving, length /= 2) {
      for (size_t i = 0; i < n; ++i) next[i] = x[i] + length * d[i];
      next_f = value(next, &next_g);
      if (next_f <= f + 1e-4 * length * downhill) break;
    }
    if (!(next_f < f)) break;
    double sy = 0;
    Point hy(n);
    for (size_t i = 0; i < n; ++i) d[i] *= length, y[i] = next_g[i] - g[i], sy += d[i] * y[i];
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) hy[i] += h[i][j] * y[j];
    }
    double yhy = 0;
    for (size_t i = 0; i < n; ++i) yhy += y[i] * hy[i];
    for (size_t i = 0; sy > 0 && i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        h[i][j] += (1 + yhy / sy) * d[i] * d[j] / sy - (d[i] * hy[j] + hy[i] * d[j]) / sy;
      }
    }
    x = next;
    f = next_f;
    g = next_g;
  }
  return x;
}

// Σ (I − I₀)² over Σ I₀² of patterns measured with `truth`.
Loss Misfit(const Scene& truth) {
  std::vector<std::vector<double>> measured(truth.positions.size());
  (void)LossOf(truth, [&](size_t p, std::span<const Real> intensity, std::span<Real>) {
    measured[p].assign(intensity.begin(), intensity.end());
    return 0.0;
  });
  return [measured](size_t p, std::span<const Real> intensity, std::span<Real> slope) {
    double sum = 0, norm = 0;
    for (double v : measured[p]) norm += v * v;
    for (size_t i = 0; i < intensity.size(); ++i) {
      const double off = double(intensity[i]) - measured[p][i];
      sum += off * off / norm;
      slope[i] = Real(2 * off / norm);
    }
    return sum;
  };
}

// Defocus and specimen tilt from one pattern, begun 30 Å and 6 mrad off. The misfit is flat within
// √eps of its minimum, in units in which it is of order 1: 100 Å and 10 mrad.
TEST(Adjoint, FindsDefocusAndTiltFromAPattern) {
  Scene truth = Scattered({45, 50});
  truth.specimen.cell_A[2] = 40;  // the atoms in the first 10 Å and again in the last
  const size_t count = truth.specimen.atoms.size();
  for (size_t a = 0; a < count; ++a) {
    Atom deep = truth.specimen.atoms[a];
    deep.z_A += 30;
    truth.specimen.atoms.push_back(deep);
  }
  truth.positions = {{4.1, 4.6}};
  truth.tilt_rad = {0.004, -0.002};
  const Loss loss = Misfit(truth);
  const auto at = [&](const Point& x) {
    Scene s = truth;
    s.optics.aberrations.a_A[kC10] += 100 * (x[0] - 0.3);
    s.tilt_rad = {0.01 * x[1], 0.01 * x[2]};
    return s;
  };
  const auto value = [&](const Point& x, Point* slope) {
    const AllGradients g = GradientsOf(at(x), loss, Planes::kNone);
    *slope = {100 * g.optics.a_per_A[kC10], 0.01 * g.stack.tilt_per_rad[0],
              0.01 * g.stack.tilt_per_rad[1]};
    return g.stack.loss;
  };
  const Point found = Minimise(value, {0, 0, 0}, 40);
  EXPECT_NEAR(found[0], 0.3, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[1], 0.4, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[2], -0.2, kDouble ? 1e-6 : 1e-3);
}

// One atom's place from patterns around it, begun 0.15 Å off, nearly a pixel, over grid lines with
// their kinks. In units of 0.1 Å.
TEST(Adjoint, FindsAnAtomFromPatterns) {
  Scene truth = Scattered({45, 50});
  truth.optics.aberrations = {};
  const Atom& atom = truth.specimen.atoms[2];
  truth.positions = {{atom.x_A + 0.4, atom.y_A},
                     {atom.x_A - 0.3, atom.y_A + 0.4},
                     {atom.x_A - 0.2, atom.y_A - 0.5}};
  const Loss loss = Misfit(truth);
  const auto value = [&](const Point& x, Point* slope) {
    Scene s = truth;
    s.specimen.atoms[2].x_A += 0.1 * (x[0] - 1.2);
    s.specimen.atoms[2].y_A += 0.1 * (x[1] + 0.9);
    const AllGradients g = GradientsOf(s, loss);
    *slope = {0.1 * g.atoms[2].x_per_A, 0.1 * g.atoms[2].y_per_A};
    return g.stack.loss;
  };
  const Point found = Minimise(value, {0, 0}, 40);
  EXPECT_NEAR(found[0], 1.2, kDouble ? 1e-6 : 1e-3);
  EXPECT_NEAR(found[1], -0.9, kDouble ? 1e-6 : 1e-3);
}

}  // namespace
}  // namespace ronchi::sim
