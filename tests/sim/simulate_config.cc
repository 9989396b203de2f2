// The `simulate` schema: what it accepts, and what each mistake is told.
#include "sim/simulate_config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "absl/strings/str_format.h"
#include "core/random.h"

namespace ronchi::sim {
namespace {

// The contract's own example, with a structure that is there.
const std::string kFull = R"(version: 1
specimen:
  file: SrTiO3_001.xyz
  repeat: [2, 3, 4]
  rotate_deg: 90
  tilt_mrad: [1, -2]
beam:
  energy_keV: 200
  semiangle_mrad: 24
  aberrations: {C10_A: 10, C12_A: 20, phi12_deg: 30, C30_A: 4e4, C56_A: 5, phi56_deg: -10}
  focal_spread_A: 0
  source_fwhm_A: 0
grid:
  pixels: [512, 500]
  slice_thickness_A: 1.9525
potential: {parametrization: lobato, projection: infinite}
phonons: {configurations: 3, rms_A: {Sr: 0.08, O: 0.1}, seed: 7}
scan: {start_A: [0, 0.5], end_A: [3.905, 3.905], pixels: [16, 8], endpoint: false}
detectors:
  haadf: {type: annular, inner_mrad: 60, outer_mrad: 100}
  bf: {type: annular, inner_mrad: 0, outer_mrad: 12}
  quad: {type: segmented, inner_mrad: 8, outer_mrad: 30, azimuthal: 4}
  cbed: {type: pixelated, max_mrad: 100}
  com: {type: center_of_mass}
exit_planes: every 3
engine: {name: multislice}
dose: {electrons_per_A2: 1000, seed: 5}
output: {normalisation: counts}
)";

absl::StatusOr<SimulationOptions> Of(const std::string& text,
                                     const std::vector<std::string>& overrides = {}) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "job.yaml", overrides));
  return ReadSimulationOptions(config);
}

TEST(SimulateConfig, TheWholeSchema) {
  const auto o = Of(kFull);
  ASSERT_TRUE(o.ok()) << o.status();
  EXPECT_EQ(o->specimen.atoms.size(), 5u * 24);
  EXPECT_NEAR(o->specimen.cell_A[0], 3 * 3.905, 1e-9);  // turned by a quarter
  EXPECT_NEAR(o->specimen.cell_A[1], 2 * 3.905, 1e-9);
  EXPECT_DOUBLE_EQ(o->tilt_rad[1], -0.002);
  EXPECT_DOUBLE_EQ(o->beam.energy_eV, 200e3);
  EXPECT_DOUBLE_EQ(o->beam.semiangle_rad, 0.024);
  EXPECT_DOUBLE_EQ(o->beam.aberrations.a_A[kC10], 10);
  EXPECT_NEAR(o->beam.aberrations.a_A[kC12], 20 * std::cos(std::numbers::pi / 3), 1e-12);
  EXPECT_NEAR(o->beam.aberrations.b_A[kC12], 20 * std::sin(std::numbers::pi / 3), 1e-12);
  EXPECT_DOUBLE_EQ(o->beam.aberrations.a_A[kC30], 4e4);
  EXPECT_NEAR(o->beam.aberrations.a_A[13], 5 * std::cos(std::numbers::pi / 3), 1e-12);
  EXPECT_EQ(o->grid_pixels, (std::array<size_t, 2>{512, 500}));
  EXPECT_EQ(o->parametrization, "lobato");
  EXPECT_TRUE(o->phonons);
  EXPECT_EQ(o->phonon_configurations, 3);
  EXPECT_EQ(o->phonon_rms_A, (std::map<int, double>{{38, 0.08}, {8, 0.1}}));
  EXPECT_EQ(o->phonon_seed, 7u);
  EXPECT_EQ(o->scan.probes(), 128u);
  EXPECT_DOUBLE_EQ(o->scan.Position(1)[1], 0.5 + (3.905 - 0.5) / 8);  // y is fast
  ASSERT_EQ(o->detectors.size(), 5u);
  EXPECT_EQ(o->detectors[2].name, "quad");
  EXPECT_EQ(o->detectors[2].type, DetectorOptions::Type::kSegmented);
  EXPECT_DOUBLE_EQ(o->detectors[0].inner_rad, 0.06);
  EXPECT_DOUBLE_EQ(o->detectors[3].max_rad, 0.1);
  EXPECT_EQ(o->exit_slices, (std::vector<size_t>{3, 6, 8}));  // the exit face comes by itself
  EXPECT_EQ(o->electrons_per_A2, 1000);
  EXPECT_EQ(o->dose_seed, 5u);
  EXPECT_TRUE(o->counts);
}

TEST(SimulateConfig, OtherWaysToSayIt) {
  const std::string minimal = R"(version: 1
specimen: {file: SrTiO3_001.xyz}
beam: {energy_keV: 200, semiangle_mrad: 24}
grid: {sampling_A: 0.1, slice_thickness_A: 2}
scan: {points_A: [[0, 0], [1.5, 2]]}
detectors: {bf: {type: annular, outer_mrad: 12}}
exit_planes: [1, 2]
)";
  const auto o = Of(minimal);
  ASSERT_TRUE(o.ok()) << o.status();
  EXPECT_EQ(o->grid_pixels, (std::array<size_t, 2>{40, 40}));  // 3.905/0.1, rounded up
  ASSERT_EQ(o->scan.probes(), 2u);
  EXPECT_EQ(o->scan.Position(1), (std::array<double, 2>{1.5, 2}));
  EXPECT_EQ(o->exit_slices, (std::vector<size_t>{1, 2}));
  EXPECT_FALSE(o->phonons);
  EXPECT_FALSE(o->counts);
  EXPECT_EQ(o->parametrization, "kirkland");
}

// χ λ/2π of docs/conventions.md, one complex coefficient at a time: ω = α e^{iφ}.
double HaiderTermOf(std::string_view name, std::complex<double> c, std::complex<double> w) {
  const std::complex<double> v = std::conj(w);
  const auto real = [](std::complex<double> z) { return z.real(); };
  if (name == "C1") return real(w * v * c) / 2;
  if (name == "A1") return real(v * v * c) / 2;
  if (name == "B2") return real(v * v * w * c);
  if (name == "A2") return real(v * v * v * c) / 3;
  if (name == "C3") return real(w * v * w * v * c) / 4;
  if (name == "S3") return real(v * v * v * w * c);
  if (name == "A3") return real(v * v * v * v * c) / 4;
  if (name == "B4") return real(v * v * v * w * w * c);
  if (name == "D4") return real(v * v * v * v * w * c);
  if (name == "A4") return real(std::pow(v, 5) * c) / 5;
  if (name == "C5") return real(std::pow(w * v, 3) * c) / 6;
  if (name == "S5") return real(std::pow(v, 4) * w * w * c);
  if (name == "R5") return real(std::pow(v, 5) * w * c);
  if (name == "A5") return real(std::pow(v, 6) * c) / 6;
  ADD_FAILURE() << name;
  return 0;
}

TEST(SimulateConfig, HaidersNamesGiveHaidersAberrationFunction) {
  RandomStream random({.seed = 8, .name = "test.aberrations"});
  const double wavelength_A = 0.025;
  for (const HaiderTerm& term : kHaiderTerms) {
    const std::string name(term.name);
    const bool round = name == "C1" || name == "C3" || name == "C5";
    const double modulus = random.Uniform(-1e4, 1e4),
                 turn_deg = round ? 0 : random.Uniform(-360, 360);
    std::string text = absl::StrFormat("{%s_A: %.17g", name, modulus);
    if (!round) absl::StrAppendFormat(&text, ", %s_arg_deg: %.17g", name, turn_deg);
    const auto a = ReadAberrations(*Config::Parse(text + "}", "a.yaml", {}));
    ASSERT_TRUE(a.ok()) << a.status();
    const auto c = std::polar(1.0, turn_deg * std::numbers::pi / 180) * modulus;
    for (int i = 0; i < 20; ++i) {
      const double x = random.Uniform(-0.05, 0.05), y = random.Uniform(-0.05, 0.05);
      const double expected = 2 * std::numbers::pi / wavelength_A * HaiderTermOf(name, c, {x, y});
      // 1e-12 of the term at its largest: round-off of some twenty operations.
      const double scale = std::fabs(modulus) * std::hypot(x, y) * std::hypot(x, y) / wavelength_A;
      EXPECT_NEAR(a->Chi(x, y, wavelength_A), expected, 1e-12 * 6.3 * scale) << name;
    }
  }
}

struct Mistake {
  std::string override_text;  // one "key=value" over the full example
  std::string says;           // after where: "job.yaml:<line>: " or "--set '…': "
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreToldInOneLineThatSaysWhereAndWhat) {
  const auto o = Of(kFull, {GetParam().override_text});
  ASSERT_FALSE(o.ok()) << GetParam().override_text;
  EXPECT_TRUE(IsBadInput(o.status()));
  const std::string message(o.status().message());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  // A value that came with --set is cited as such; what it makes wrong elsewhere, by file and line.
  const bool cites_line = message.rfind("job.yaml:", 0) == 0 && std::isdigit(message[9]);
  const bool cites_override = message.rfind("--set '" + GetParam().override_text + "': ", 0) == 0;
  EXPECT_TRUE(cites_line || cites_override) << message;
  EXPECT_NE(message.find(": " + GetParam().says), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Simulate, Mistakes,
    testing::Values(
        Mistake{"version=2", "version: 2 is not allowed"},
        Mistake{"specimn={}", "specimn: unknown key; did you mean 'specimen'"},
        Mistake{"specimen.reapeat=[1, 1, 1]", "specimen.reapeat: unknown key"},
        Mistake{"specimen.repeat=[1, 1]", "specimen.repeat: "},
        Mistake{"specimen.repeat=[1, 1, 1.5]", "specimen.repeat: expected three whole numbers"},
        Mistake{"specimen.repeat=[0, 1, 1]", "specimen.repeat: 0 is not allowed"},
        Mistake{"specimen.rotate_deg=30", "specimen.rotate_deg: 30 degrees"},
        Mistake{"beam.energy_keV=0", "beam.energy_keV: 0 is not allowed"},
        Mistake{"beam.energy_keV=fast", "beam.energy_keV: 'fast' is not a number"},
        Mistake{"beam.semiangle_mrad=-1", "beam.semiangle_mrad: -1 is not allowed"},
        Mistake{"beam.semiangle_mrad=0.02",
                "beam.semiangle_mrad: 0.02 mrad is implausibly small; if it is in rad, write 20;"},
        Mistake{"beam.focal_spread_A=-40", "beam.focal_spread_A: -40 is not allowed"},
        Mistake{"beam.source_fwhm_A=-0.8", "beam.source_fwhm_A: -0.8 is not allowed"},
        Mistake{"beam.aberrations.C11_A=1", "beam.aberrations.C11_A: unknown key"},
        Mistake{"beam.aberrations.C10_A=.nan", "beam.aberrations.C10_A: '.nan' is not a number"},
        Mistake{"beam.aberrations.phi10_deg=3", "beam.aberrations.phi10_deg: unknown key"},
        Mistake{"beam.aberrations.A1_A=3", "beam.aberrations.A1_A: is C12"},
        Mistake{"beam.aberrations.A1_arg_deg=3", "beam.aberrations.A1_A: is C12"},
        Mistake{"beam.aberrations.C1_A=3", "beam.aberrations.C1_A: is C10"},
        Mistake{"beam.aberrations.C1_arg_deg=3", "beam.aberrations.C1_arg_deg: unknown key"},
        Mistake{"beam.aberrations.B2_A=.inf", "beam.aberrations.B2_A: '.inf' is not a number"},
        Mistake{"beam.tilt_mrad=[1]", "beam.tilt_mrad: "},
        Mistake{"beam.tilt_mrad=[0, 201]", "beam.tilt_mrad: 201 is not allowed"},
        Mistake{"grid.pixels=[512]", "grid.pixels: "},
        Mistake{"grid.pixels=[512, 4]", "grid.pixels: 4 is not allowed"},
        Mistake{"grid.pixels=[512, 512.5]", "grid.pixels: expected two whole numbers"},
        Mistake{"grid.sampling_A=0.1", "grid.sampling_A: give either pixels or sampling_A"},
        Mistake{"grid.slice_thickness_A=0", "grid.slice_thickness_A: 0 is not allowed"},
        Mistake{"potential.parametrization=doyle", "potential.parametrization: 'doyle'"},
        Mistake{"potential.projection=thick", "potential.projection: 'thick'"},
        Mistake{"phonons.configurations=0", "phonons.configurations: 0 is not allowed"},
        Mistake{"phonons.rms_A.Qq=0.1", "phonons.rms_A.Qq: is not a chemical element"},
        Mistake{"phonons.rms_A.Sr=-0.1", "phonons.rms_A.Sr: -0.1 is not allowed"},
        Mistake{"phonons.seed=-1", "phonons.seed: "},
        Mistake{"scan.pixels=[0, 4]", "scan.pixels: 0 is not allowed"},
        Mistake{"scan.pixels=[1.5, 4]", "scan.pixels: expected whole numbers"},
        Mistake{"scan.end_A=[1]", "scan.end_A: "},
        Mistake{"scan.endpoint=maybe", "scan.endpoint: "},
        Mistake{"scan.points_A=[[0, 0]]", "scan.start_A: unknown key"},
        Mistake{"scan.end_fraction=[1, 1]", "scan.start_A: give either start_A and end_A"},
        Mistake{"scan.start_fraction=[0, 0]", "scan.start_fraction: needs end_fraction"},
        Mistake{"detectors.haadf.outer_mrad=0.1",
                "detectors.haadf.outer_mrad: 0.1 mrad is implausibly small; if it is in rad, write "
                "100;"},
        Mistake{
            "detectors.cbed.max_mrad=0.04",
            "detectors.cbed.max_mrad: 0.04 mrad is implausibly small; if it is in rad, write 40;"},
        Mistake{"detectors.haadf.dqe=0", "detectors.haadf.dqe: 0 is not allowed"},
        Mistake{"detectors.haadf.dqe=1.1", "detectors.haadf.dqe: 1.1 is not allowed"},
        Mistake{"detectors.haadf.readout_rms_e=-1", "detectors.haadf.readout_rms_e: -1 is not"},
        Mistake{"detectors.haadf.saturation_e=-1", "detectors.haadf.saturation_e: -1 is not"},
        Mistake{"detectors.haadf.mtf_nyquist=0.5", "detectors.haadf.mtf_nyquist: unknown key"},
        Mistake{"detectors.cbed.mtf_nyquist=0", "detectors.cbed.mtf_nyquist: 0 is not allowed"},
        Mistake{"detectors.cbed.mtf_nyquist=2", "detectors.cbed.mtf_nyquist: 2 is not allowed"},
        Mistake{"detectors.cbed.binning=0", "detectors.cbed.binning: 0 is not allowed"},
        Mistake{"detectors.cbed.binning=1.5", "detectors.cbed.binning: "},
        Mistake{"detectors.com.readout_rms_e=1", "detectors.com.readout_rms_e: unknown key"},
        Mistake{"detectors.d={type: dpc}", "detectors.d.outer_mrad: "},
        Mistake{"detectors.d={type: dpc, outer_mrad: 30, azimuthal: 2}",
                "detectors.d.azimuthal: 2 is not allowed"},
        Mistake{"detectors.d={type: dpc, outer_mrad: 30, high_pass_per_A: 1}",
                "detectors.d.high_pass_per_A: unknown key"},
        Mistake{"detectors.d={type: idpc, inner_mrad: 3}", "detectors.d.inner_mrad: needs outer"},
        Mistake{"detectors.d={type: idpc, high_pass_per_A: -1}",
                "detectors.d.high_pass_per_A: -1 is not allowed"},
        Mistake{"detectors.d={type: idpc, readout_rms_e: 1}",
                "detectors.d.readout_rms_e: unknown key"},
        Mistake{"detectors.haadf.type=square", "detectors.haadf.type: 'square'"},
        Mistake{"detectors.haadf.outer_mrad=50", "detectors.haadf.outer_mrad: must be larger"},
        Mistake{"detectors.haadf.azimuthal=4", "detectors.haadf.azimuthal: unknown key"},
        Mistake{"detectors.quad.azimuthal=0", "detectors.quad.azimuthal: 0 is not allowed"},
        Mistake{"detectors.extra={inner_mrad: 1}", "detectors.extra: missing 'type'"},
        Mistake{"exit_planes=every now", "exit_planes: 'every now' is not allowed"},
        Mistake{"exit_planes=[3, 2]", "exit_planes: '2' is not allowed"},
        Mistake{"exit_planes=[9]", "exit_planes: '9' is not allowed"},
        Mistake{"engine.name=prism", "engine.name: prism reads at the exit face only"},
        Mistake{"engine={name: contracted}", "engine.name: contracted reads rings and segments"},
        Mistake{"engine={name: linear}", "engine.name: linear knows no tilts"},
        Mistake{"engine.interpolation=2", "engine.interpolation: unknown key"},
        Mistake{"dose.electrons_per_A2=-5", "dose.electrons_per_A2: -5 is not allowed"},
        Mistake{"scan.end_A=[0, 3]", "dose.electrons_per_A2: a dose per area needs a raster"},
        Mistake{"output.normalisation=percent", "output.normalisation: 'percent'"},
        Mistake{"dose.electrons_per_A2=0", "output.normalisation: counts need dose"}),
    [](const auto& info) {
      std::string name;
      for (char c : info.param.override_text) name += std::isalnum(c) ? c : '_';
      return name;
    });

// Mistakes that other parts of the full example would hide.
TEST(SimulateConfig, MistakesOfSmallerJobs) {
  const std::string small = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 2]}
beam: {energy_keV: 200, semiangle_mrad: 24}
grid: {sampling_A: 0.1, slice_thickness_A: 2}
scan: {end_A: [1, 1], pixels: [2, 2]}
detectors: {adf: {type: annular, inner_mrad: 30, outer_mrad: 50}}
)";
  ASSERT_TRUE(Of(small).ok());
  ASSERT_TRUE(Of(small, {"engine.name=linear"}).ok());
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"grid.sampling_A=0.001", "specimen.repeat=[10, 1, 1]"}, "grid.sampling_A: makes 39050 pix"},
      {{"grid.sampling_A=5"}, "grid.sampling_A: makes 2 pixels"},
      {{"engine.name=linear", "exit_planes=every 1"}, "engine.name: linear reads at the exit face"},
      {{"engine.name=linear", "beam.tilt_mrad=[1, 0]"}, "engine.name: linear knows no tilts"},
      {{"engine.name=linear", "specimen.tilt_mrad=[1, 0]"}, "engine.name: linear knows no tilts"},
      {{"engine.name=linear", "detectors.adf.inner_mrad=10"}, "engine.name: linear images dark"},
      {{"engine.name=linear", "detectors.c={type: center_of_mass}"}, "engine.name: linear images"},
      {{"detectors.adf.dqe=0.5"}, "detectors.adf.dqe: needs dose"},
      {{"detectors.adf.readout_rms_e=1"}, "detectors.adf.readout_rms_e: needs dose"},
      {{"detectors.adf.saturation_e=1"}, "detectors.adf.saturation_e: needs dose"},
      {{"scan={points_A: [[0, 0]]}", "detectors.i={type: idpc}"},
       "detectors.i.type: an integrated"},
      {{"scan={points_A: [[0, .nan]]}"}, "'.nan' is not a number"},
      {{"scan={points_A: [[0, 0]]}", "beam.source_fwhm_A=1"}, "beam.source_fwhm_A: "},
      {{"scan={end_fraction: [1, .nan], pixels: [2, 2]}"}, "scan.end_fraction: "},
      {{"engine={name: prism, interpolation: 7}"}, "engine.interpolation: 7 does not divide"},
  };
  for (const auto& [sets, says] : cases) {
    const auto o = Of(small, sets);
    ASSERT_FALSE(o.ok()) << says;
    EXPECT_TRUE(IsBadInput(o.status()));
    EXPECT_NE(o.status().message().find(says), std::string::npos) << o.status();
    EXPECT_EQ(o.status().message().find('\n'), std::string::npos) << o.status();
  }
}

TEST(SimulateConfig, WhatIsMissingIsNamed) {
  for (const std::string block : {"version", "specimen", "beam", "grid", "scan", "detectors"}) {
    std::string text;
    bool skipping = false;
    size_t at = 0;
    while (at < kFull.size()) {
      const std::string line = kFull.substr(at, kFull.find('\n', at) - at + 1);
      at += line.size();
      if (line[0] != ' ') skipping = line.rfind(block + ":", 0) == 0;
      if (!skipping) text += line;
    }
    const auto o = Of(text);
    ASSERT_FALSE(o.ok()) << block;
    EXPECT_NE(o.status().message().find(": " + block), std::string::npos) << o.status();
  }
}

}  // namespace
}  // namespace ronchi::sim
