#include "experiments/simulate/engine_error.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"
#include "core/random.h"
#include "experiments/loop/recipe.h"
#include "experiments/simulate/fine_multislice.h"
#include "hw/twin/column/image_model.h"
#include "sim/engine.h"
#include "sim/image_model.h"

namespace ronchi {
namespace {

double RmsOverMean(const std::vector<double>& a, const std::vector<double>& reference,
                   double scale) {
  double squares = 0, mean = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(scale * a[i] - reference[i], 2) / double(a.size());
    mean += reference[i] / double(a.size());
  }
  return std::sqrt(squares) / mean;
}

EngineError Compare(const FineReading& engine, const FineReading& truth) {
  const std::vector<double>& image = engine.image;
  double cross = 0, power = 0;
  for (size_t i = 0; i < image.size(); ++i) {
    cross += image[i] * truth.image[i];
    power += image[i] * image[i];
  }
  return {.rms_over_mean = RmsOverMean(image, truth.image, 1),
          .rms_over_mean_scaled = RmsOverMean(image, truth.image, cross / power),
          .common_factor = cross / power,
          .mean = engine.mean,
          .mean_multislice = truth.mean,
          .mean_error = truth.mean_error,
          .contrast = engine.contrast,
          .contrast_multislice = truth.contrast,
          .contrast_error = truth.contrast_error};
}

// Standard errors of mean and contrast, in parts of them, of an engine of as many configurations as
// `twin` asks for.
struct Chance {
  double mean = 0, contrast = 0;
};

absl::StatusOr<Chance> ChanceOf(const hw::TwinOptions& twin, const hw::ImageMoment& moment) {
  constexpr int kDraws = 4;
  std::vector<FineReading> draws;
  for (int i = 0; i < kDraws; ++i) {
    hw::TwinOptions one = twin;
    one.phonon_configurations = 1;
    one.phonon_seed = DeriveSeed(twin.phonon_seed, absl::StrCat("chance", i));
    RONCHI_ASSIGN_OR_RETURN(const hw::DetectorImages images, hw::DetectorImages::Create(one));
    const sim::ImageHarmonics image = images.MakeHarmonics(0, moment);
    draws.push_back({.mean = image.Mean(), .contrast = image.Contrast()});
  }
  FineReading mean;
  for (const FineReading& d : draws) {
    mean.mean += d.mean / kDraws, mean.contrast += d.contrast / kDraws;
  }
  Chance chance;
  for (const FineReading& d : draws) {
    chance.mean += std::pow(d.mean / mean.mean - 1, 2) / (kDraws - 1);
    chance.contrast += std::pow(d.contrast / mean.contrast - 1, 2) / (kDraws - 1);
  }
  const double configurations = twin.phonon_configurations;
  return Chance{std::sqrt(chance.mean / configurations),
                std::sqrt(chance.contrast / configurations)};
}

// Multislice steps that the truth may take, some half a minute of one core: thick crystals get
// fewer visits.
constexpr double kSteps = 12000;

// Atoms at rest and no amorphous layers, at most five periods thick: without chance in either, what
// the engine's grid, slices and box leave.
absl::StatusOr<std::vector<EngineError>> AtRest(const hw::TwinOptions& twin, double thickness_A) {
  hw::TwinOptions rest = twin;
  rest.detectors.resize(1);
  rest.amorphous.entrance_A = rest.amorphous.exit_A = 0;
  for (sim::Atom& a : rest.specimen.atoms) a.rms_A = 0;
  const FineOptions fine{.reach = 2.2, .box_A = twin.box_A, .configurations = 0, .probes = 6};
  hw::ImageMoment moment;
  FineReading truth;
  std::vector<EngineError> errors;
  for (const std::string& engine : sim::CrystalEngineNames()) {
    rest.engine = engine;
    RONCHI_ASSIGN_OR_RETURN(const hw::DetectorImages images, hw::DetectorImages::Create(rest));
    if (errors.empty()) {
      const double five_A = 5 * rest.specimen.cell_A[2] / rest.layers;
      moment.thickness_A = images.Thickness_A(std::min(thickness_A, five_A));
      RONCHI_ASSIGN_OR_RETURN(truth, ReadFine(rest, 0, moment, fine));
    }
    errors.push_back(
        Compare(ReadEngine(images.MakeHarmonics(0, moment), ProbesASide(rest, fine)), truth));
    errors.back().engine = engine;
    errors.back().optics = "in focus, atoms at rest";
  }
  return errors;
}

}  // namespace

absl::StatusOr<std::vector<EngineError>> MeasureEngineErrors(const hw::TwinOptions& twin) {
  FineOptions fine;
  const theory::Range& nm = twin.prior.ranges().at("thickness_nm");
  const double whole_A = twin.specimen.cell_A[2];
  const double thickness_A = nm.high > 0 ? (nm.low + nm.high) / 2 * kAngstromPerNanometre : whole_A;
  const double each = std::ceil(thickness_A / fine.slice_thickness_A);
  fine.probes = ProbesASide(twin, fine);
  const double places = double(fine.probes * fine.probes);
  fine.visits = std::clamp(int(kSteps / (each * places)), 2, 8);
  std::vector<hw::DetectorImages> models;
  const std::vector<std::string> engines = sim::CrystalEngineNames();
  for (const std::string& engine : engines) {
    hw::TwinOptions other = twin;
    other.engine = engine;
    other.detectors.resize(1);
    RONCHI_ASSIGN_OR_RETURN(hw::DetectorImages images, hw::DetectorImages::Create(other));
    models.push_back(std::move(images));
  }
  std::vector<EngineError> errors;
  for (const auto& [name, c10_A] : {std::pair("in focus", 0.0), std::pair("C10 = 5 nm", 50.0)}) {
    hw::ImageMoment moment;
    moment.thickness_A = models[0].Thickness_A(thickness_A);
    moment.aberrations.SetPolar(sim::kC10, c10_A, 0);
    RONCHI_ASSIGN_OR_RETURN(const FineReading truth, ReadFine(twin, 0, moment, fine));
    for (size_t m = 0; m < models.size(); ++m) {
      errors.push_back(Compare(ReadEngine(models[m].MakeHarmonics(0, moment), fine.probes), truth));
      EngineError& e = errors.back();
      e.engine = engines[m];
      e.optics = name;
      hw::TwinOptions other = twin;
      other.engine = e.engine;
      other.detectors.resize(1);
      RONCHI_ASSIGN_OR_RETURN(const Chance chance, ChanceOf(other, moment));
      e.mean_chance = chance.mean * e.mean;
      e.contrast_chance = chance.contrast * e.contrast;
    }
  }
  RONCHI_ASSIGN_OR_RETURN(std::vector<EngineError> rest, AtRest(twin, thickness_A));
  errors.insert(errors.end(), rest.begin(), rest.end());
  std::ranges::stable_sort(errors, {}, &EngineError::engine);
  return errors;
}

}  // namespace ronchi
