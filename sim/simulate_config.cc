#include "sim/simulate_config.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/angle.h"
#include "sim/detector_config.h"
#include "sim/engine.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/specimen_config.h"

namespace ronchi::sim {
namespace {

constexpr double kLeastSemiangle_mrad = 0.1;  // of the most parallel nanobeams

// Sections that hold no mistake: what builds on another one is judged only then.
struct ReadSoFar {
  bool specimen = false, beam = false, grid = false, scan = false, detectors = true;
};

absl::Status ReadBeam(const Config& config, SimulationOptions* o) {
  ConfigReader r(config);
  double energy_keV = 200, semiangle_mrad = 24;
  r.Number("energy_keV", &energy_keV, {.min = 1, .max = 3000}, true);
  r.Number("semiangle_mrad", &semiangle_mrad, {.min = 0.01, .max = 200}, true);
  // 0.02 is 20 mrad in rad, and hardly a semiangle in mrad.
  if (semiangle_mrad >= 0.01 && semiangle_mrad < kLeastSemiangle_mrad) {
    r.Fail("semiangle_mrad",
           absl::StrFormat("%g mrad is implausibly small; if it is in rad, write %g; allowed: from "
                           "%g",
                           semiangle_mrad, semiangle_mrad * 1e3, kLeastSemiangle_mrad));
  }
  r.Number("focal_spread_A", &o->focal_spread_A, {.min = 0, .max = 1e4});
  r.Number("source_fwhm_A", &o->source_fwhm_A, {.min = 0, .max = 100});
  std::vector<double> tilt = {0, 0};
  r.Numbers("tilt_mrad", &tilt, 2, {.min = -200, .max = 200});
  ErrorList errors;
  const absl::StatusOr<Aberrations> aberrations = ReadAberrations(r.Child("aberrations"));
  errors.Add(r.Done());
  errors.Add(aberrations.status());
  RONCHI_RETURN_IF_ERROR(errors.status());
  o->beam.aberrations = *aberrations;
  o->beam.energy_eV = energy_keV * 1e3;
  o->beam.semiangle_rad = semiangle_mrad * kRadPerMrad;
  o->beam.tilt_rad = {tilt[0] * kRadPerMrad, tilt[1] * kRadPerMrad};
  return absl::OkStatus();
}

absl::Status ReadGrid(const Config& config, SimulationOptions* o) {
  constexpr NumberRange kPixels{.min = 8, .max = 32768};
  ConfigReader r(config);
  if (r.Has("sampling_A") && r.Has("pixels")) {
    r.Fail("sampling_A", "give either pixels or sampling_A, not both");
  }
  if (r.Has("sampling_A")) {
    double sampling = 0;
    r.Known("pixels");
    r.Number("sampling_A", &sampling, {.min = 1e-3, .max = 10}, true);
    for (int a : {0, 1}) {
      if (!r.ok() || o->specimen.cell_A[a] <= 0) break;  // no specimen: that is said already
      const double pixels = std::ceil(o->specimen.cell_A[a] / sampling - 1e-6);
      if (pixels < kPixels.min || pixels > kPixels.max) {
        r.Fail("sampling_A",
               absl::StrCat("makes ", pixels, " pixels of the box's ", o->specimen.cell_A[a],
                            " A; allowed: ", kPixels.min, " … ", kPixels.max));
      }
      o->grid_pixels[a] = size_t(pixels);
    }
  } else {
    std::vector<double> pixels;
    r.Known("sampling_A");
    r.Numbers("pixels", &pixels, 2, kPixels, true);
    for (int a : {0, 1}) {
      if (!r.ok()) break;
      if (pixels[a] != std::floor(pixels[a])) r.Fail("pixels", "expected two whole numbers");
      o->grid_pixels[a] = size_t(pixels[a]);
    }
  }
  r.Number("slice_thickness_A", &o->slice_thickness_A, {.min = 0.05, .max = 1000}, true);
  return r.Done();
}

absl::Status ReadPotential(const Config& config, SimulationOptions* o) {
  ConfigReader r(config);
  std::string projection = "infinite", placement = "exact";
  r.Choice("parametrization", &o->parametrization, {"kirkland", "lobato", "peng"});
  r.Choice("projection", &projection, {"infinite", "finite"});
  r.Choice("placement", &placement, {"exact", "bilinear"});
  if (projection == "finite") o->projection = Projection::kFinite;
  if (placement == "bilinear") o->placement = Placement::kBilinear;
  return r.Done();
}

absl::Status ReadPhonons(const Config& config, SimulationOptions* o) {
  ConfigReader r(config);
  r.Integer("configurations", &o->phonon_configurations, {.min = 1, .max = 10000});
  r.Seed("seed", &o->phonon_seed);
  const Config rms = r.Child("rms_A");
  ErrorList errors;
  errors.Add(r.Done());
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load("kirkland"));
  ConfigReader elements(rms);
  for (const std::string& symbol : rms.Keys()) {
    double value = 0;
    elements.Number(symbol, &value, {.min = 0, .max = 2});
    const int z = factors->AtomicNumber(symbol);
    if (z == 0) elements.Fail(symbol, "is not a chemical element");
    o->phonon_rms_A[z] = value;
  }
  o->phonons = o->phonon_configurations > 1 || !o->phonon_rms_A.empty();
  errors.Add(elements.Done());
  return errors.status();
}

absl::Status ReadScan(const Config& config, SimulationOptions* o) {
  ConfigReader r(config);
  if (r.Has("points_A")) {
    const Config points = r.Child("points_A");
    RONCHI_RETURN_IF_ERROR(r.Done());
    if (!points.IsSequence() || points.size() == 0) {
      return config.Error("points_A", "expected a list of [x, y]");
    }
    for (size_t i = 0; i < points.size(); ++i) {
      const Config point = points.Item(i);
      std::array<double, 2> xy;
      for (size_t a : {0, 1}) {
        if (!point.IsSequence() || point.size() != 2) return point.Error("", "expected [x, y]");
        RONCHI_ASSIGN_OR_RETURN(const std::string text, point.Item(a).Scalar());
        if (!absl::SimpleAtod(text, &xy[a]) || !std::isfinite(xy[a])) {
          return point.Error("", absl::StrCat("'", text, "' is not a number"));
        }
      }
      o->scan.points_A.push_back(xy);
    }
    return absl::OkStatus();
  }
  std::vector<double> start = {0, 0}, end, pixels;
  r.Known("points_A");
  // In parts of the box, whose lengths a zone cut or a builder chose.
  const bool in_parts = r.Has("end_fraction");
  for (const auto& [key, other] :
       {std::pair("start_A", "start_fraction"), {"end_A", "end_fraction"}}) {
    if (r.Has(key) && in_parts) {
      r.Fail(key, "give either start_A and end_A or start_fraction and end_fraction");
    }
    r.Known(in_parts ? key : other);
  }
  if (!in_parts && r.Has("start_fraction")) r.Fail("start_fraction", "needs end_fraction");
  r.Numbers(in_parts ? "start_fraction" : "start_A", &start, 2);
  r.Numbers(in_parts ? "end_fraction" : "end_A", &end, 2, {}, true);
  r.Numbers("pixels", &pixels, 2, {.min = 1, .max = 65536}, true);
  r.Bool("endpoint", &o->scan.endpoint);
  for (double n : pixels) {
    if (n != std::floor(n)) r.Fail("pixels", "expected whole numbers");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  for (int a : {0, 1}) {
    const double scale = in_parts ? o->specimen.cell_A[a] : 1;
    o->scan.start_A[a] = start[a] * scale;
    o->scan.end_A[a] = end[a] * scale;
    o->scan.pixels[a] = size_t(pixels[a]);
  }
  return absl::OkStatus();
}

// `every N`, a list of slice numbers, or absent: the exit face alone. Whatever is asked for, the
// last plane is the exit face.
absl::Status ReadExitPlanes(const Config& top, ConfigReader* r, const ReadSoFar& read,
                            SimulationOptions* o) {
  constexpr size_t kUnknown = 1000000;  // of slices: any number that could be one
  const size_t slices =
      !read.specimen || !read.grid
          ? kUnknown
          : std::max<size_t>(
                1, size_t(std::ceil(o->specimen.cell_A[2] / o->slice_thickness_A - 1e-6)));
  const Config node = r->Child("exit_planes");
  if (top.Has("exit_planes")) {
    std::vector<std::string> words;
    int64_t every = 0;
    if (node.IsSequence()) {
      for (size_t i = 0; i < node.size(); ++i) {
        RONCHI_ASSIGN_OR_RETURN(const std::string text, node.Item(i).Scalar());
        int64_t slice = 0;
        if (!absl::SimpleAtoi(text, &slice) || slice < 1 || size_t(slice) > slices ||
            (!o->exit_slices.empty() && size_t(slice) <= o->exit_slices.back())) {
          return top.Error("exit_planes", absl::StrCat("'", text,
                                                       "' is not allowed; allowed: "
                                                       "increasing slice numbers, 1 … ",
                                                       slices));
        }
        o->exit_slices.push_back(size_t(slice));
      }
    } else {
      RONCHI_ASSIGN_OR_RETURN(const std::string text, node.Scalar());
      if (text.rfind("every ", 0) != 0 || !absl::SimpleAtoi(text.substr(6), &every) || every < 1) {
        return top.Error("exit_planes", absl::StrCat("'", text,
                                                     "' is not allowed; allowed: "
                                                     "'every N' or a list of slice numbers"));
      }
      for (size_t s = size_t(every); s <= slices; s += size_t(every)) o->exit_slices.push_back(s);
    }
  }
  if (o->exit_slices.empty() || o->exit_slices.back() != slices) o->exit_slices.push_back(slices);
  return absl::OkStatus();
}

absl::Status ReadDetectors(const Config& top, const Config& detectors, const ReadSoFar& read,
                           SimulationOptions* o) {
  if (!detectors.IsMap() || detectors.Keys().empty()) {
    return top.Error("detectors", "missing; at least one detector is required");
  }
  ErrorList errors;
  // An integrated image needs a raster: until the scan is known, any will do.
  SimulationOptions assumed;
  assumed.scan.end_A = {1, 1};
  assumed.scan.pixels = {2, 2};
  for (const std::string& name : detectors.Keys()) {
    ConfigReader d(detectors);
    const absl::StatusOr<DetectorOptions> options =
        ReadDetector(name, d.Child(name), read.scan ? *o : assumed);
    errors.Add(options.status());
    if (options.ok()) o->detectors.push_back(*options);
  }
  return errors.status();
}

absl::Status ReadDose(const Config& dose, const Config& output, const ReadSoFar& read,
                      SimulationOptions* o) {
  ConfigReader d(dose);
  d.Number("electrons_per_A2", &o->electrons_per_A2, {.min = 0, .max = 1e12});
  d.Seed("seed", &o->dose_seed);
  if (o->electrons_per_A2 > 0 && read.scan &&
      (!o->scan.is_raster() || o->scan.Step_A()[0] == 0 || o->scan.Step_A()[1] == 0)) {
    d.Fail("electrons_per_A2", "a dose per area needs a raster scan with an area");
  }
  ErrorList errors;
  errors.Add(d.Done());
  ConfigReader out(output);
  std::string normalisation = "fraction";
  out.Choice("normalisation", &normalisation, {"fraction", "counts"});
  o->counts = normalisation == "counts";
  if (o->counts && o->electrons_per_A2 <= 0 && errors.ok()) {
    out.Fail("normalisation", "counts need dose.electrons_per_A2 above 0");
  }
  errors.Add(out.Done());
  return errors.status();
}

}  // namespace

absl::StatusOr<Aberrations> ReadAberrations(const Config& node) {
  Aberrations out;
  ConfigReader r(node);
  // Only what is given is written back: 27 zeros would hide it.
  const auto read = [&](const std::string& key, double* value) {
    const bool given = r.Has(key);
    if (given) r.Number(key, value);
    r.Known(key);
    return given;
  };
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const std::string name(kAberrationTerms[t].name), haider(kHaiderTerms[t].name);
    const int m = kAberrationTerms[t].m;
    double amplitude = 0, phi = 0, modulus = 0, argument = 0;
    const bool krivanek = read(name + "_A", &amplitude) |
                          (m > 0 && read(absl::StrCat("phi", name.substr(1), "_deg"), &phi));
    const bool ceos =
        read(haider + "_A", &modulus) | (m > 0 && read(haider + "_arg_deg", &argument));
    if (krivanek && ceos) {
      r.Fail(haider + "_A", absl::StrCat("is ", name, "; give one of them, not both"));
    }
    out.SetPolar(int(t), amplitude, phi * kRadPerDeg);
    if (ceos) {
      out.a_A[t] = kHaiderTerms[t].factor * modulus * std::cos(argument * kRadPerDeg);
      out.b_A[t] = kHaiderTerms[t].factor * modulus * std::sin(argument * kRadPerDeg);
    }
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  return out;
}

absl::StatusOr<SimulationOptions> ReadSimulationOptions(const Config& config,
                                                        const SpecimenSection* known) {
  SimulationOptions o;
  ConfigReader r(config);
  int version = 1;
  r.Integer("version", &version, {.min = 1, .max = 1}, true);
  const Config specimen = r.Child("specimen"), beam = r.Child("beam"), grid = r.Child("grid");
  const Config potential = r.Child("potential"), phonons = r.Child("phonons");
  const Config scan = r.Child("scan"), detectors = r.Child("detectors");
  const Config dose = r.Child("dose"), output = r.Child("output"), engine = r.Child("engine");
  r.Known("exit_planes");
  r.Known("estimate");  // what `ronchi estimate` reads besides
  ErrorList errors;
  errors.Add(r.Done());
  ReadSoFar read;
  // Every section is read, so that all mistakes are told at once.
  const auto add = [&](const absl::Status& status, bool* good = nullptr) {
    errors.Add(status);
    if (good) *good = status.ok();
  };
  absl::StatusOr<SpecimenSection> section =
      known ? absl::StatusOr<SpecimenSection>(*known) : ReadSpecimenSection(specimen);
  if (section.ok()) {
    o.specimen = std::move(section->specimen);
    o.tilt_rad = section->tilt_rad;
    read.specimen = true;
  } else {
    add(section.status());
  }
  add(ReadBeam(beam, &o), &read.beam);
  add(ReadGrid(grid, &o), &read.grid);
  add(ReadPotential(potential, &o));
  add(ReadPhonons(phonons, &o));
  add(ReadScan(scan, &o), &read.scan);
  read.scan = read.scan && (read.specimen || !scan.Has("end_fraction"));
  if (o.source_fwhm_A > 0 && !o.scan.points_A.empty()) {
    add(beam.Error("source_fwhm_A", "a source size needs a raster scan, not points_A"));
  }
  add(ReadExitPlanes(config, &r, read, &o));
  add(ReadDetectors(config, detectors, read, &o), &read.detectors);
  add(ReadDose(dose, output, read, &o));
  add(ReadEngine(engine, read.beam, read.grid, &o));
  for (const DetectorOptions& options : o.detectors) {
    ConfigReader d(detectors);
    add(CheckResponse(options, d.Child(options.name), o));
  }
  RONCHI_RETURN_IF_ERROR(errors.status());
  return o;
}

}  // namespace ronchi::sim
