#include "experiments/catalog/forward_models.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/nearest.h"
#include "core/quantity.h"
#include "experiments/catalog/instrument_chain.h"
#include "experiments/catalog/instruments.h"
#include "hw/twin/column/image_model.h"
#include "hw/twin/column/twin_options.h"
#include "theory/forward/gain_and_drift.h"
#include "theory/forward/scanned_crystal.h"

namespace ronchi {
namespace {

using Model = absl::StatusOr<std::shared_ptr<const theory::ForwardModel>>;

bool IsColumn(const Config& instrument) {
  const auto kind = KindOf(instrument);
  return kind.ok() && (*kind)->kind == "column";
}

// Fields are given in Å, to four digits, and travel in metres.
double FieldOfView_A(const hw::Scan& scan) { return std::round(scan.fov_x_m * 1e14) / 1e4; }

// Of a column theory knows the data sheet and the specimen, not the hidden numbers; what it expects
// of these is what the agent was trained on.
absl::StatusOr<PreparedTheory> ScannedCrystal(ConfigReader* keys, const TheoryContext& context) {
  const std::vector<std::string> followed = {"C10_nm", "C12a_nm", "C12b_nm"};
  std::optional<Config> given;
  if (keys->Has("column")) given = keys->Child("column");
  keys->Known("column");
  std::vector<std::string> knobs = followed;
  keys->Texts("knobs", &knobs);
  RONCHI_RETURN_IF_ERROR(keys->status());
  const Config& sheet = given                                 ? *given
                        : IsColumn(context.deploy_instrument) ? context.deploy_instrument
                                                              : context.train_instrument;
  if (!IsColumn(sheet) || !IsColumn(context.train_instrument)) {
    return absl::InvalidArgumentError(
        "'scanned_crystal' is of a column, and this instrument is none; allowed: gain_and_drift, "
        "none, or a data sheet as theory.column");
  }
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions train,
                          hw::ReadTwinOptions(WithoutChain(context.train_instrument)));
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions column, hw::ReadTwinOptions(WithoutChain(sheet)));
  if (column.film.present) {
    return absl::InvalidArgumentError("'scanned_crystal' is of a crystal, and this is a film");
  }
  for (const std::string& name : followed) {
    if (std::ranges::find(knobs, name) == knobs.end()) {
      keys->Fail("knobs", absl::StrCat("'", name,
                                       "' is missing; C10_nm, C12a_nm and C12b_nm are "
                                       "what an estimate begins with"));
    }
  }
  const auto parameters = theory::ScannedCrystalParameters(
      train.prior, {column.specimen.cell_A[0], column.specimen.cell_A[1]}, knobs);
  if (!parameters.ok()) {
    keys->Fail("knobs", std::string(parameters.status().message()));
    return keys->status();
  }
  const auto images = std::make_shared<std::shared_ptr<const sim::ImageModel>>();
  return PreparedTheory{
      .parameters = *parameters,
      .followed = followed,
      .own_images = {-1, 0, 1},  // three images tell the column's state with its sign
      .load = [images, column]() -> absl::Status {
        RONCHI_ASSIGN_OR_RETURN(*images, hw::MakeImageModel(column));
        return absl::OkStatus();
      },
      .make = [images, column, set = *parameters](const hw::Scan& scan, const hw::DetectorInfo&,
                                                  std::span<const theory::Acquisition>) -> Model {
        return theory::ScannedCrystal::Create(
            {.images = *images,
             .field = theory::ScannedField::Square(FieldOfView_A(scan), scan.pixels_x),
             .electrons_per_pixel = column.nominal_current_A * scan.dwell_s / kElementaryCharge_C,
             .counting = {.counts_per_electron = column.counts_per_electron,
                          .dark_counts = column.dark_counts}},
            set);
      }};
}

// The mean of images of one place, without the dark counts; and from their differences what one
// electron counts, var(a − b) = 2 g ⟨a⟩, which needs no data sheet.
absl::StatusOr<theory::GainAndDriftOptions> ReferenceOf(std::span<const theory::Acquisition> own,
                                                        double dark_counts) {
  if (own.size() < 2) return absl::InternalError("gain_and_drift: fewer than two images");
  const std::vector<size_t>& shape = own[0].data.shape();
  if (shape.size() != 2) {
    return absl::InvalidArgumentError("gain_and_drift takes images that are scanned as a raster");
  }
  theory::GainAndDriftOptions out;
  out.reference = Array<double>(shape);
  double squares = 0, mean = 0;
  for (size_t n = 0; n < own.size(); ++n) {
    if (own[n].data.shape() != shape) {
      return absl::InvalidArgumentError("gain_and_drift takes images of one size");
    }
    for (size_t i = 0; i < out.reference.size(); ++i) {
      const double counts = double(own[n].data[i]) - dark_counts;
      out.reference[i] += counts / double(own.size());
      mean += counts / double(own.size() * out.reference.size());
      if (n == 0) continue;
      squares += std::pow(double(own[n].data[i]) - double(own[n - 1].data[i]), 2) /
                 double((own.size() - 1) * out.reference.size());
    }
  }
  const double frames = double(own[0].frames);
  const double gain = mean > 0 ? squares * frames / (2 * mean) : 1;
  // The reference's own noise adds to that of an image, as one over the number of its images.
  out.counting = {.counts_per_electron = std::max(gain, 1e-3) * (1 + 1 / double(own.size())),
                  .dark_counts = dark_counts};
  return out;
}

absl::StatusOr<PreparedTheory> GainAndDrift(ConfigReader* keys, const TheoryContext&) {
  int images = 8;
  double shift_A = 1, walk_A = 0.05, gain = 0.1;
  keys->Integer("reference_images", &images, {.min = 2, .max = 1000});
  keys->Number("shift_A", &shift_A, {.min = 1e-3, .max = 1e6});
  keys->Number("shift_walk_A", &walk_A, {.min = 0, .max = 1e6});
  keys->Number("gain_sigma", &gain, {.min = 1e-4, .max = 10});
  RONCHI_RETURN_IF_ERROR(keys->status());
  std::vector<theory::Parameter> all;
  for (const char* axis : {"x", "y"}) {
    all.push_back({.name = absl::StrCat("shift_", axis, "_A"),
                   .unit = "A",
                   .label = absl::StrCat("shift_", axis),
                   .sigma = shift_A,
                   .walk = walk_A});
  }
  all.push_back({.name = "gain_ratio",
                 .label = "gain",
                 .transform = theory::Transform::kLog,
                 .mean = 1,
                 .sigma = gain});
  RONCHI_ASSIGN_OR_RETURN(const theory::ParameterSet parameters,
                          theory::ParameterSet::Create(std::move(all)));
  return PreparedTheory{.parameters = parameters,
                        .own_images = std::vector<double>(size_t(images), 0.0),
                        .made_of_images = true,
                        .make = [parameters](const hw::Scan& scan, const hw::DetectorInfo& detector,
                                             std::span<const theory::Acquisition> own) -> Model {
                          RONCHI_ASSIGN_OR_RETURN(theory::GainAndDriftOptions options,
                                                  ReferenceOf(own, detector.dark_counts));
                          options.pixel_A =
                              scan.fov_x_m * 1e10 / double(std::max<size_t>(1, scan.pixels_x));
                          return theory::GainAndDrift::Create(std::move(options), parameters);
                        }};
}

}  // namespace

const std::vector<ForwardModelKind>& ForwardModelKinds() {
  static const std::vector<ForwardModelKind> kKinds = {
      {"scanned_crystal",
       "scanned images of a crystal under any aberrations, by the column's image engine",
       ScannedCrystal, "column"},
      {"gain_and_drift",
       "its own images of before, moved by drift, times a gain: of any instrument that scans",
       GainAndDrift},
      {"diffraction_pattern",
       "camera patterns of one probe by multislice, Ronchigrams and convergent beams (in C++ "
       "alone)"},
  };
  return kKinds;
}

absl::StatusOr<const ForwardModelKind*> FindForwardModel(const std::string& name) {
  std::vector<std::string> names = {"none"};
  for (const ForwardModelKind& kind : ForwardModelKinds()) {
    if (kind.prepare && (kind.name == name || (!kind.once.empty() && kind.once == name))) {
      return &kind;
    }
    if (kind.prepare) names.push_back(kind.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not allowed; ", AllowedNames(name, names)));
}

}  // namespace ronchi
