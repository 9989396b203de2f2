#include "experiments/engine_error.h"

#include <cmath>

#include "hw/twin/image_model.h"
#include "sim/image_model.h"

namespace ronchi {
namespace {

constexpr size_t kProbes = 16;  // per side of the cell
constexpr uint64_t kOtherSeed = 1;

double Contrast(const std::vector<double>& v) {
  double mean = 0, squares = 0;
  for (double x : v) mean += x / double(v.size());
  for (double x : v) squares += (x - mean) * (x - mean) / double(v.size());
  return squares / (mean * mean);
}

double RmsOverMean(const std::vector<double>& a, const std::vector<double>& reference,
                   double scale) {
  double squares = 0, mean = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(scale * a[i] - reference[i], 2) / double(a.size());
    mean += reference[i] / double(a.size());
  }
  return std::sqrt(squares) / mean;
}

std::vector<double> Image(const sim::ImageModel& model, const sim::Aberrations& aberrations) {
  const auto cell = model.cell_A();
  sim::LinearRaster raster{{}, cell[0] / double(kProbes), kProbes};
  for (size_t l = 0; l < kProbes; ++l) {
    raster.starts_A.push_back({0, cell[1] * double(l) / double(kProbes)});
  }
  std::vector<double> image(kProbes * kProbes);
  model.MakeHarmonics(aberrations, 0).ComputeImage(raster, image);
  return image;
}

EngineError Compare(const std::vector<double>& image, const std::vector<double>& reference) {
  double cross = 0, power = 0;
  for (size_t i = 0; i < image.size(); ++i) {
    cross += image[i] * reference[i];
    power += image[i] * image[i];
  }
  return {.rms_over_mean = RmsOverMean(image, reference, 1),
          .rms_over_mean_scaled = RmsOverMean(image, reference, cross / power),
          .contrast = Contrast(image),
          .contrast_multislice = Contrast(reference),
          .common_factor = cross / power};
}

}  // namespace

absl::StatusOr<std::vector<EngineError>> MeasureEngineErrors(const hw::TwinOptions& twin) {
  hw::TwinOptions other = twin;
  other.engine = hw::TwinOptions::Engine::kContracted;
  other.phonon_configurations = 4;
  other.phonon_seed = kOtherSeed;
  RONCHI_ASSIGN_OR_RETURN(const auto reference, hw::MakeImageModel(other));
  std::vector<EngineError> errors;
  for (const auto engine :
       {hw::TwinOptions::Engine::kContracted, hw::TwinOptions::Engine::kLinear}) {
    other = twin;
    other.engine = engine;
    RONCHI_ASSIGN_OR_RETURN(const auto model, hw::MakeImageModel(other));
    for (const auto& [name, c10_A, c12_A] :
         {std::tuple("in focus", 0.0, 0.0), std::tuple("C10 = 5 nm", 50.0, 0.0),
          std::tuple("C10 = -5 nm", -50.0, 0.0), std::tuple("C12 = 5 nm", 0.0, 50.0)}) {
      sim::Aberrations aberrations;
      aberrations.SetPolar(sim::kC10, c10_A, 0);
      aberrations.SetPolar(sim::kC12, c12_A, 0);
      errors.push_back(Compare(Image(*model, aberrations), Image(*reference, aberrations)));
      errors.back().engine = engine == hw::TwinOptions::Engine::kLinear ? "linear" : "contracted";
      errors.back().optics = name;
    }
  }
  return errors;
}

}  // namespace ronchi
