// The contracted engine against multislice over a hundred draws of random aberrations to fifth
// order, on workload W1 and on an aberrated monolayer, atoms at rest and displaced: HAADF, ABF, BF
// and four segments.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "sim/contracted/prepare.h"
#include "sim/simulate_config.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

constexpr int kDraws = 100, kProbes = 4;  // probes a draw, anywhere in the box

// Every coefficient turns the phase at the rim by a normal deviate of π/2: thirteen of them and the
// defocus make a probe that no operator would keep.
BeamOptics Draw(const BeamOptics& beam, uint64_t draw) {
  BeamOptics out = beam;
  RandomStream random({.seed = 11, .name = "test.agreement", .step = draw});
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const int n = kAberrationTerms[t].n;
    const double wavelength_A = 0.0251;  // sets the scale alone
    const double A =
        random.Normal() * (n + 1) * wavelength_A / 4 / std::pow(beam.semiangle_rad, n + 1);
    out.aberrations.a_A[t] += A;
    if (kAberrationTerms[t].m) out.aberrations.b_A[t] += random.Normal() * A;
  }
  return out;
}

// Every draw's optics and the probes that it is read at.
struct Draws {
  std::vector<BeamOptics> optics;
  std::vector<ScanLines> scans;
};

Draws MakeDraws(const SimulationOptions& o, const Grid& grid) {
  Draws out{{}, std::vector<ScanLines>(kDraws)};
  RandomStream random({.seed = 12, .name = "test.agreement"});
  for (size_t d = 0; d < kDraws; ++d) {
    out.optics.push_back(Draw(o.beam, d));
    for (int p = 0; p < kProbes; ++p) {
      out.scans[d].starts_A.push_back({random.Uniform(0, grid.lx_A), random.Uniform(0, grid.ly_A)});
    }
  }
  return out;
}

// [draw][value][probe], by multislice, one probe after another.
std::vector<double> ByMultislice(const SimulationOptions& o, const SimulationPlan& plan,
                                 const Draws& draws, size_t each) {
  std::vector<double> exact(kDraws * each);
  for (int c = 0; c < o.phonon_configurations; ++c) {
    const Specimen s =
        o.phonons ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, uint64_t(c)) : o.specimen;
    const Multislice multislice(
        *MakePotential(s, plan.grid, o.slice_thickness_A,
                       **ScatteringFactors::Load(o.parametrization), {o.projection, o.placement}),
        o.beam.energy_eV, o.tilt_rad);
    ParallelFor(kDraws, 4, [&](size_t begin, size_t end) {
      Multislice::Workspace w = multislice.MakeWorkspace();
      for (size_t d = begin; d < end; ++d) {
        const ProbeSpectrum probe = *MakeProbe(plan.grid, draws.optics[d]);
        for (size_t p = 0; p < kProbes; ++p) {
          const auto [x, y] = draws.scans[d].starts_A[p];
          const auto read = [&](size_t) {
            size_t value = 0;
            for (const Detector& detector : plan.detectors) {
              std::vector<double> reading(detector.size());
              detector.Accumulate(w.intensity(), 1.0 / o.phonon_configurations, reading);
              for (double v : reading) exact[d * each + value++ * kProbes + p] += v;
            }
          };
          multislice.Run(probe, x, y, o.exit_slices, read, &w);
        }
      }
    });
  }
  return exact;
}

// rms of the difference over the mean, over all draws and probes, by detector value.
std::map<std::string, double> Errors(const SimulationOptions& o) {
  Progress::SetStyle(Progress::Style::kOff);
  const SimulationPlan plan = *PlanSimulation(o);
  const auto engine = PrepareContraction(o, plan.detectors)->engine;
  const Draws draws = MakeDraws(o, plan.grid);
  const size_t each = engine->values() * kProbes;
  const std::vector<double> exact = ByMultislice(o, plan, draws, each);
  std::vector<double> fast(exact.size());
  Contracted::Workspace w;
  for (size_t d = 0; d < kDraws; ++d) {
    const std::span<double> image(fast.data() + d * each, each);
    RONCHI_CHECK(engine->ComputeImage({.beam = draws.optics[d]}, draws.scans[d], &w, image).ok());
  }
  std::map<std::string, double> errors;
  size_t value = 0;
  for (const Detector& detector : plan.detectors) {
    for (size_t v = 0; v < detector.size(); ++v, ++value) {
      double squares = 0, sum = 0;
      for (size_t d = 0; d < kDraws; ++d) {
        for (size_t p = 0; p < kProbes; ++p) {
          const size_t i = d * each + value * kProbes + p;
          squares += std::pow(fast[i] - exact[i], 2);
          sum += exact[i];
        }
      }
      const double n = kDraws * kProbes;
      std::string name = detector.options().name;
      if (detector.size() > 1) name += std::to_string(v);
      errors[name] = std::sqrt(squares / n) / (sum / n);
    }
  }
  return errors;
}

void ExpectAgreement(const char* name, const SimulationOptions& o) {
  for (const auto& [detector, error] : Errors(o)) {
    std::printf("%s, %s: rms/mean %.1e\n", name, detector.c_str(), error);
    // Both sum the same products in single precision, in another order; forty slices of W1 leave
    // 3e-6 to 5e-6.
    EXPECT_LT(error, 1e-5) << name << " " << detector;
  }
}

void AddDetectors(double semiangle_rad, double inner_rad, double outer_rad, SimulationOptions* o) {
  o->detectors = {{.name = "haadf", .inner_rad = inner_rad, .outer_rad = outer_rad},
                  {.name = "abf", .inner_rad = semiangle_rad / 2, .outer_rad = semiangle_rad},
                  {.name = "bf", .outer_rad = semiangle_rad / 2},
                  {.name = "segment",
                   .type = DetectorOptions::Type::kSegmented,
                   .inner_rad = semiangle_rad / 3,
                   .outer_rad = 1.2 * semiangle_rad,
                   .rotation_rad = 0.4}};
}

SimulationOptions W1() {
  SimulationOptions o;
  o.specimen =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(8, 8, 20);
  o.grid_pixels = {512, 512};
  o.slice_thickness_A = 1.9525;
  o.exit_slices = {40};
  AddDetectors(0.024, 0.06, 0.1, &o);
  return o;
}

SimulationOptions Monolayer() {
  const auto config =
      Config::Load(RONCHI_SOURCE_DIR "/tests/sim/golden/aberrated_monolayer.yaml", {});
  SimulationOptions o = *ReadSimulationOptions(*config);
  o.exit_slices = {o.exit_slices.back()};
  AddDetectors(o.beam.semiangle_rad, 0.06, 0.12, &o);
  return o;
}

TEST(Agreement, W1) { ExpectAgreement("W1", W1()); }

TEST(Agreement, AberratedMonolayer) { ExpectAgreement("monolayer", Monolayer()); }

TEST(Agreement, AberratedMonolayerWithPhonons) {
  SimulationOptions o = Monolayer();
  o.phonons = true;
  o.phonon_configurations = 3;
  for (const Atom& a : o.specimen.atoms) o.phonon_rms_A[a.z] = 0.07;
  ExpectAgreement("monolayer, 3 configurations", o);
}

// Minutes: run with --gtest_also_run_disabled_tests.
TEST(Agreement, DISABLED_W1WithPhonons) {
  SimulationOptions o = W1();
  o.phonons = true;
  o.phonon_configurations = 2;
  for (int z : {8, 22, 38}) o.phonon_rms_A[z] = 0.08;
  ExpectAgreement("W1, 2 configurations", o);
}

}  // namespace
}  // namespace ronchi::sim
