#include "theory/forward/scanned_crystal.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/quantity.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

}  // namespace

absl::StatusOr<std::shared_ptr<const ScannedCrystal>> ScannedCrystal::Create(
    ScannedCrystalOptions options, ParameterSet parameters) {
  const ScannedField& field = options.field;
  if (!options.images || !(field.step_A[0] > 0 && field.step_A[1] > 0) || field.size() == 0 ||
      !(options.electrons_per_pixel > 0) || !(options.counting.counts_per_electron > 0)) {
    return absl::InvalidArgumentError(
        "scanned crystal: images, and a field, pixels, electrons and counts above 0 are needed");
  }
  std::shared_ptr<ScannedCrystal> out(new ScannedCrystal);
  out->options_ = std::move(options);
  out->parameters_ = std::move(parameters);
  RONCHI_RETURN_IF_ERROR(out->Bind());
  return out;
}

absl::Status ScannedCrystal::Bind() {
  static const std::map<std::string, Role> kNamed = {
      {"shift_x_A", Role::kShiftX},           {"shift_y_A", Role::kShiftY},
      {"current_ratio", Role::kDose},         {"source_fwhm_A", Role::kSource},
      {"focal_spread_A", Role::kFocalSpread}, {"dark_counts", Role::kDark}};
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& p = parameters_[i];
    const auto coefficient = ParseCoefficient(p.name);
    const auto named = kNamed.find(p.name);
    coefficients_.push_back(coefficient.value_or(Coefficient{}));
    sim::OpticsVariation along;
    if (!p.rate_of.empty()) {
      roles_.push_back(Role::kRate);
      continue;
    }
    if (coefficient) {
      roles_.push_back(Role::kCoefficient);
      coefficient->Of(&along.aberrations) = coefficient->unit_A;
    } else if (named != kNamed.end()) {
      roles_.push_back(named->second);
      along.source_fwhm_A = named->second == Role::kSource;
      along.focal_spread_A = named->second == Role::kFocalSpread;
    } else {
      std::string known;
      for (const auto& [name, role] : kNamed) absl::StrAppend(&known, ", ", name);
      return absl::InvalidArgumentError(
          absl::StrCat("parameter '", p.name, "': scanned crystals do not depend on it; known: ",
                       "C10_nm, C12a_nm and other coefficients", known, ", rates of these"));
    }
    const Role role = roles_.back();
    if (role == Role::kCoefficient || role == Role::kSource || role == Role::kFocalSpread) {
      optical_.push_back(i);
      directions_.push_back(along);
    }
  }
  return absl::OkStatus();
}

absl::Status ScannedCrystal::Check(const Acquisition& at) const {
  const auto [width, height] = options_.field.pixels;
  const std::vector<size_t> expected = {height, width};
  const auto shape = at.data.shape();
  if (!std::ranges::equal(shape, expected) || at.frames < 1) {
    return absl::InvalidArgumentError(absl::StrCat("an image of ", at.data.size(), " pixels, ",
                                                   at.frames, " frames; the model predicts ", width,
                                                   " x ", height, " pixels of at least one frame"));
  }
  return absl::OkStatus();
}

ScannedCrystal::Column ScannedCrystal::ColumnAt(const State& values, const Acquisition& at) const {
  const sim::OpticsVariation& fixed = options_.fixed;
  Column c{.aberrations = SettingsOf(at),
           .source_fwhm_A = fixed.source_fwhm_A,
           .focal_spread_A = fixed.focal_spread_A};
  for (size_t i = 0; i < sim::kAberrationTerms.size(); ++i) {
    c.aberrations.a_A[i] += fixed.aberrations.a_A[i];
    c.aberrations.b_A[i] += fixed.aberrations.b_A[i];
  }
  for (size_t i = 0; i < roles_.size(); ++i) {
    const double value = values[Index(i)];
    switch (roles_[i]) {
      case Role::kCoefficient:
        coefficients_[i].Of(&c.aberrations) += value * coefficients_[i].unit_A;
        break;
      case Role::kShiftX:
        c.shift_x_A = value;
        break;
      case Role::kShiftY:
        c.shift_y_A = value;
        break;
      case Role::kDose:
        c.dose = value;
        break;
      case Role::kSource:
        c.source_fwhm_A = std::max(0.0, value);
        break;
      case Role::kFocalSpread:
        c.focal_spread_A = std::max(0.0, value);
        break;
      case Role::kDark:
        c.dark = value;
        break;
      case Role::kRate:
        break;
    }
  }
  return c;
}

sim::ImageHarmonics ScannedCrystal::Harmonics(const State& values, const Acquisition& at) const {
  const Column c = ColumnAt(values, at);
  return options_.images->MakeHarmonics(c.aberrations, c.source_fwhm_A, c.focal_spread_A);
}

sim::LinearRaster ScannedCrystal::Raster(const Column& column) const {
  const ScannedField& f = options_.field;
  sim::LinearRaster raster{{}, f.step_A[0], f.pixels[0]};
  for (size_t l = 0; l < f.pixels[1]; ++l) {
    raster.starts_A.push_back({f.start_A[0] + column.shift_x_A,
                               f.start_A[1] + double(l) * f.step_A[1] + column.shift_y_A});
  }
  return raster;
}

double ScannedCrystal::CountsPerFraction() const {
  return options_.electrons_per_pixel * options_.counting.counts_per_electron;
}

Prediction ScannedCrystal::Expose(const Eigen::VectorXd& fractions, const Column& column,
                                  int frames) const {
  CountingOptions counting = options_.counting;
  counting.dark_counts += column.dark;
  Prediction out;
  out.mean =
      (fractions.array().max(0.0) * (CountsPerFraction() * column.dose) + counting.dark_counts)
          .matrix();
  out.variance = CountingVariance(counting, out.mean, frames);
  return out;
}

Prediction ScannedCrystal::Predict(const State& values, const Acquisition& at) const {
  const Column c = ColumnAt(values, at);
  const sim::ImageHarmonics here =
      options_.images->MakeHarmonics(c.aberrations, c.source_fwhm_A, c.focal_spread_A);
  Eigen::VectorXd fractions(Index(options_.field.size()));
  sim::ComputeImages({&here, 1}, Raster(c), {fractions.data(), size_t(fractions.size())});
  return Expose(fractions, c, at.frames);
}

Prediction ScannedCrystal::Linearise(const State& values, const Acquisition& at,
                                     Eigen::MatrixXd* jacobian) const {
  const Column c = ColumnAt(values, at);
  std::vector<sim::ImageHarmonics> sets;
  const sim::ImageHarmonics here = options_.images->MakeDerivatives(
      c.aberrations, c.source_fwhm_A, c.focal_spread_A, directions_, &sets);
  std::vector<size_t> column_of = optical_;
  for (size_t i = 0; i < roles_.size(); ++i) {
    if (roles_[i] != Role::kShiftX && roles_[i] != Role::kShiftY) continue;
    column_of.push_back(i);
    sets.push_back(here.Slope(roles_[i] == Role::kShiftX ? 0 : 1));
  }
  sets.push_back(here);
  const Index data = Index(options_.field.size());
  // Kept: memory of this size comes from the system page by page, which takes longer than the sums.
  thread_local Eigen::MatrixXd images;
  images.resize(data, Index(sets.size()));
  sim::ComputeImages(sets, Raster(c), {images.data(), size_t(images.size())});
  const auto fractions = images.col(images.cols() - 1);
  const Prediction out = Expose(fractions, c, at.frames);

  const double counts = CountsPerFraction() * c.dose;
  // Where a model's image is below zero it is taken for zero, and stays so.
  const bool clipped = fractions.minCoeff() < 0;
  jacobian->resize(data, Index(parameters_.size()));
  for (size_t i = 0; i < roles_.size(); ++i) {
    auto column = jacobian->col(Index(i));
    const auto set = std::ranges::find(column_of, i);
    if (set != column_of.end()) {
      column = counts * images.col(set - column_of.begin());
      if (clipped) column = (fractions.array() > 0).select(column, 0.0);
    } else if (roles_[i] == Role::kDose) {
      column = CountsPerFraction() * fractions.cwiseMax(0.0);
    } else {
      column.setConstant(roles_[i] == Role::kDark ? 1 : 0);
    }
  }
  return out;
}

absl::StatusOr<ParameterSet> ScannedCrystalParameters(const Prior& prior,
                                                      std::array<double, 2> cell_A,
                                                      const std::vector<std::string>& knobs) {
  const auto get = [&](const std::string& name, Range otherwise) {
    const auto it = prior.ranges().find(name);
    return it != prior.ranges().end() ? it->second : otherwise;
  };
  // A uniform range's standard deviation is width/√12; half the width keeps the ends likely.
  const auto from = [&](Parameter p, double least_sigma, Range otherwise) {
    const Range r = get(p.name, otherwise);
    p.mean = (r.low + r.high) / 2;
    p.sigma = std::max(least_sigma, (r.high - r.low) / 2);
    return p;
  };
  std::vector<Parameter> all;
  for (const std::string& knob : knobs) {
    const auto c = ParseCoefficient(knob);
    if (!c) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", knob, "' is no aberration coefficient; known: C10_nm, C12a_nm … C56b_nm"));
    }
    const std::string stem = knob.substr(0, knob.rfind('_'));
    const std::string term = stem.substr(0, 3), unit = knob.substr(stem.size() + 1);
    const double nm = kAngstromPerNanometre / c->unit_A;  // in the name's unit
    Parameter p{.name = knob, .unit = unit, .label = stem};
    // 30 Å: below the half width of the contrast peak at 18 mrad.
    if (term == "C10" || term == "C12") p.search_step = 3 * nm;
    p.walk = nm * get(term + "_walk_nm", {0, term == "C10" ? 0.05 : term == "C12" ? 0.03 : 0}).high;
    all.push_back(from(p, 1e-4 * nm, {-10 * nm, 10 * nm}));
  }
  const double stage = get("stage_walk_A", {0, 0.03}).high;
  for (const auto& [axis, size_A] : {std::pair{"x", cell_A[0]}, std::pair{"y", cell_A[1]}}) {
    all.push_back({.name = absl::StrCat("shift_", axis, "_A"),
                   .unit = "A",
                   .label = absl::StrCat("shift_", axis),
                   .sigma = size_A,
                   .walk = stage,
                   .anywhere = true});
  }
  // Current, thickness and gain together; the current's noise from image to image.
  all.push_back({.name = "current_ratio",
                 .label = "dose",
                 .transform = Transform::kLog,
                 .mean = 1,
                 .sigma = 0.3,
                 .jitter = get("current_noise", {0, 0.01}).high});
  all.push_back(from({.name = "source_fwhm_A", .unit = "A", .label = "source", .watched = false},
                     1e-3, {0.5, 1.0}));
  for (const char* axis : {"x", "y"}) {
    all.push_back(from({.name = absl::StrCat("drift_", axis, "_A_per_s"),
                        .unit = "A/s",
                        .label = absl::StrCat("velocity_", axis),
                        .walk = 0.01,
                        .rate_of = absl::StrCat("shift_", axis, "_A"),
                        .watched = false},
                       1e-3, {-0.5, 0.5}));
  }
  return ParameterSet::Create(std::move(all));
}

}  // namespace ronchi::theory
