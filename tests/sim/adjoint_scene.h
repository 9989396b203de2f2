// Scenes, losses and the comparison of the adjoint's derivatives with differences of whole
// simulations (double precision) and with golden/adjoint.txt (both).
#pragma once

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

namespace ronchi::sim::adjoint_test {

using Planes = MultisliceAdjoint::PotentialPlanes;

inline constexpr double kEnergy_eV = 200e3, kPi = std::numbers::pi;
inline constexpr bool kDouble = sizeof(Real) == 8;
// Phase, in rad, that a step of a difference changes at the aperture's rim. Five points leave
// (2 step)⁴/30 of the derivative, 3e-10, and round-off eps/step, 2e-14, times the ratio of a loss
// to its change in a step, up to a thousand.
inline constexpr double kStep = 0.005;
// Of the derivative, or of a hundredth of the largest of its kind where that is more.
inline constexpr double kTolerance = 1e-7;
// With exact placement the integrals over cores are differentiated, not their sums over points: the
// two differ by what the points leave. Of the largest of its kind.
inline constexpr double kExactTolerance = 1e-5;
// Of the largest of its kind, against the golden figures: single precision keeps 1e-7 in a step of
// a few; their sums are ten times smaller than their terms. Double: other FFT plans, processors.
inline constexpr double kGoldenTolerance = kDouble ? 1e-10 : 1e-4;

inline const ScatteringFactors& Factors() {
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
  Placement placement = Placement::kBilinear;
  double distance_scale = 1, potential_scale = 1;
  std::vector<std::pair<size_t, RealBuffer>> added;  // to the potential of distinct slices

  Grid grid() const { return {pixels[0], pixels[1], specimen.cell_A[0], specimen.cell_A[1]}; }
  PotentialSlices Potential() const {
    PotentialSlices slices =
        *MakePotential(specimen, grid(), slice_A, Factors(), {.placement = placement});
    slices.thickness_A *= distance_scale;
    for (size_t d = 0; d < slices.distinct.size(); ++d) {
      auto scaled = std::make_shared<RealBuffer>(*slices.distinct[d]);
      for (Real& v : *scaled) v *= Real(potential_scale);
      for (const auto& [slice, more] : added) {
        for (size_t i = 0; slice == d && i < more.size(); ++i) (*scaled)[i] += more[i];
      }
      slices.distinct[d] = scaled;
    }
    for (auto& slice : slices.cores) {
      auto scaled = std::make_shared<SliceCores>(*slice);
      for (SliceCores::Term& term : scaled->terms) term.weight *= potential_scale;
      slice = scaled;
    }
    return slices;
  }
};

using Loss = MultisliceAdjoint::Loss;

// By Multislice, which knows nothing of adjoints.
inline double LossOf(const Scene& s, const Loss& loss) {
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

inline AllGradients GradientsOf(const Scene& s, const Loss& loss, Planes planes = Planes::kSlices) {
  const PotentialSlices potential = s.Potential();
  const MultisliceAdjoint adjoint(
      potential, kEnergy_eV, s.tilt_rad,
      {.potential = planes, .lanes = 2, .efforts = {.waves = Fft::Effort::kEstimate}});
  const ProbeSpectrum probe = *MakeProbe(s.grid(), s.optics);
  AllGradients out;
  out.stack = adjoint.Gradient(probe, s.positions, loss);
  out.optics = ToOpticsGradient(s.grid(), s.optics, probe, out.stack.amplitude);
  if (planes != Planes::kNone) {
    out.atoms = *ToAtomGradient(s.specimen, potential, Factors(), Projection::kInfinite, out.stack);
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

inline double Difference(const Scene& s, const Loss& loss, const Knob& knob) {
  const auto at = [&](double steps) {
    Scene turned = s;
    knob.turn(&turned, steps * knob.step);
    return LossOf(turned, loss);
  };
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * knob.step);
}

// Derivatives by "<test>/<knob>".
inline const std::map<std::string, double>& Golden() {
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
inline void ExpectAgreement(const Scene& s, const Loss& loss, const std::vector<Knob>& knobs) {
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
    EXPECT_NEAR(got, want,
                s.placement == Placement::kExact
                    ? kExactTolerance * largest
                    : kTolerance * std::max(std::fabs(want), 0.01 * largest))
        << key;
    printf("D %.2e %.2e %s\n", std::fabs(got - want) / largest, std::fabs((got - want) / want),
           key.c_str());
    if (write) {
      std::ofstream(write, std::ios::app)
          << key << " " << std::setprecision(12) << k.derivative << "\n";
      continue;
    }
    ASSERT_TRUE(Golden().contains(key)) << key;
    EXPECT_NEAR(got, Golden().at(key) * k.step, kGoldenTolerance * largest) << key;
  }
}

inline std::vector<Knob> AberrationKnobs(const Scene& s, const OpticsGradient& g) {
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

inline std::vector<Knob> PositionKnobs(const Scene& s, const MultisliceGradient& g) {
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

inline std::vector<Knob> TiltKnobs(const Scene& s, const MultisliceGradient& g) {
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
inline std::vector<Knob> StackKnobs(const Scene& s, const MultisliceGradient& g) {
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

// With bilinear placement only atoms that do not cross a grid line: there the sharing has a kink.
inline std::vector<Knob> AtomKnobs(const Scene& s, const std::vector<AtomGradient>& g) {
  const double step = kStep / 10;  // Å; the potential changes over 0.1 Å
  std::vector<Knob> knobs;
  for (size_t a = 0; a < s.specimen.atoms.size(); ++a) {
    const Atom& atom = s.specimen.atoms[a];
    const auto is_inside = [&](double v, double pixel) {
      const double from_line = v - std::floor(v / pixel) * pixel;
      return std::min(from_line, pixel - from_line) > 2 * step;
    };
    const std::string name = "atom" + std::to_string(a);
    const bool any = s.placement == Placement::kExact;
    if (any || is_inside(atom.x_A, s.grid().dx_A())) {
      knobs.push_back({name + ".x", step,
                       [a](Scene* x, double by) { x->specimen.atoms[a].x_A += by; }, g[a].x_per_A});
    }
    if (any || is_inside(atom.y_A, s.grid().dy_A())) {
      knobs.push_back({name + ".y", step,
                       [a](Scene* x, double by) { x->specimen.atoms[a].y_A += by; }, g[a].y_per_A});
    }
  }
  return knobs;
}

inline std::vector<Knob> OccupancyKnobs(const Scene& s, const std::vector<AtomGradient>& g) {
  std::vector<Knob> knobs;
  for (size_t a = 0; a < s.specimen.atoms.size(); ++a) {
    knobs.push_back({"occupancy" + std::to_string(a), kStep / 5,
                     [a](Scene* x, double by) { x->specimen.atoms[a].occupancy += by; },
                     g[a].occupancy});
  }
  return knobs;
}

// ---- Losses.

inline Loss Weighted(std::vector<double> weights) {
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
inline Loss PatternLoss(const Grid& g) {
  std::vector<double> weights(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      weights[i * g.ny + j] =
          std::sin(9 * g.kx_per_A(i) + 1) + std::cos(7 * g.ky_per_A(j) - 5 * g.kx_per_A(i));
    }
  }
  return Weighted(weights);
}

inline Detector MakeDetector(const DetectorOptions& options, const Scene& s) {
  return *Detector::Create(options, s.grid(), kEnergy_eV, s.optics.semiangle_rad);
}

// Σ over the probes of sines of the detector's numbers: not linear, another slope for each.
inline Loss ReadingLoss(const Detector& detector) {
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
inline Loss VectorLoss(const Detector& detector) {
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
inline Scene Scattered(std::array<size_t, 2> pixels) {
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

inline void ExpectAllAgree(const Scene& s, const Loss& loss) {
  const AllGradients g = GradientsOf(s, loss);
  EXPECT_NEAR(g.stack.loss, LossOf(s, loss), (kDouble ? 1e-12 : 1e-5));
  ExpectAgreement(s, loss, AberrationKnobs(s, g.optics));
  ExpectAgreement(s, loss, PositionKnobs(s, g.stack));
  ExpectAgreement(s, loss, TiltKnobs(s, g.stack));
  ExpectAgreement(s, loss, StackKnobs(s, g.stack));
  ExpectAgreement(s, loss, AtomKnobs(s, g.atoms));
  ExpectAgreement(s, loss, OccupancyKnobs(s, g.atoms));
}

}  // namespace ronchi::sim::adjoint_test
