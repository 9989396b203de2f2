#include "hw/twin/column/image_model.h"

#include <algorithm>
#include <cmath>

#include "core/quantity.h"
#include "hw/twin/column/amorphous_layer.h"
#include "hw/twin/column/temporal_coherence.h"
#include "sim/engine.h"
#include "sim/physics/electron.h"
#include "sim/probe.h"

namespace ronchi::hw {
namespace {

using Images = std::shared_ptr<const sim::CrystalImages>;

absl::StatusOr<Images> Prepare(const TwinOptions& o, size_t first, size_t end) {
  sim::CrystalOptions c{.cell = o.specimen,
                        .periods = o.layers,
                        .exits = PreparedLayers(o),
                        .energy_eV = o.energy_eV,
                        .semiangle_rad = o.semiangle_rad,
                        .configurations = o.phonon_configurations,
                        .phonon_seed = o.phonon_seed,
                        .least_box_A = o.box_A,
                        .largest_tilt_rad = LargestTilt_rad(o),
                        .least_reach_per_A = kLeastReach_per_A};
  c.layer = {.thickness_A = o.amorphous.entrance_A,
             .element = o.amorphous.element,
             .atoms_per_A3 = o.amorphous.atoms_per_A3};
  for (size_t d = first; d < end; ++d) {
    c.rings.push_back({o.detectors[d].inner_rad, o.detectors[d].outer_rad});
  }
  const sim::EngineKind* engine = sim::FindEngineKind(o.engine);
  RONCHI_CHECK(engine != nullptr && engine->make_crystal != nullptr);
  return engine->make_crystal(c);
}

double Middle(const TwinOptions& o, const char* name) {
  const theory::Range& r = o.prior.ranges().at(name);
  return (r.low + r.high) / 2;
}

// What theory sees: one moment but for aberrations and source.
class Nominal final : public sim::ImageModel {
 public:
  Nominal(const TwinOptions& o, DetectorImages images) : images_(std::move(images)) {
    cell_A_ = {o.specimen.cell_A[0], o.specimen.cell_A[1]};
    moment_.thickness_A = Middle(o, "thickness_nm") * kAngstromPerNanometre;
    moment_.focal_spread_A =
        FocalSpread_A(Middle(o, "C_c_mm"), Middle(o, "energy_spread_eV"), o.energy_eV);
    images_.MakeHarmonics(0, moment_);  // from here on nothing changes in there
  }
  sim::ImageHarmonics MakeHarmonics(const sim::Aberrations& aberrations, double source_fwhm_A,
                                    double focal_spread_A) const override {
    ImageMoment moment = moment_;
    moment.aberrations = aberrations;
    moment.source.fwhm_A = source_fwhm_A;
    moment.focal_spread_A = std::hypot(moment.focal_spread_A, focal_spread_A);
    return images_.MakeHarmonics(0, moment);
  }
  sim::ImageHarmonics MakeDerivatives(
      const sim::Aberrations& aberrations, double source_fwhm_A, double focal_spread_A,
      std::span<const sim::OpticsVariation> directions,
      std::vector<sim::ImageHarmonics>* derivatives) const override {
    ImageMoment moment = moment_;
    moment.aberrations = aberrations;
    moment.source.fwhm_A = source_fwhm_A;
    moment.focal_spread_A = std::hypot(moment.focal_spread_A, focal_spread_A);
    std::vector<sim::OpticsVariation> along(directions.begin(), directions.end());
    for (sim::OpticsVariation& d : along) {
      d.focal_spread_A *= moment.focal_spread_A > 0 ? focal_spread_A / moment.focal_spread_A : 1;
    }
    return images_.MakeDerivatives(0, moment, along, derivatives);
  }
  std::array<double, 2> cell_A() const override { return cell_A_; }

 private:
  DetectorImages images_;
  ImageMoment moment_;
  std::array<double, 2> cell_A_;
};

}  // namespace

std::vector<int> PreparedLayers(const TwinOptions& o) {
  constexpr int kMost = 25;
  const double layer_A = o.specimen.cell_A[2] / o.layers;
  if (!(o.prior.ranges().at("thickness_nm").high > 0)) return {o.layers};
  const theory::Range r = o.Reach("thickness_nm");
  const int low = std::max(1, int(std::lround(r.low * kAngstromPerNanometre / layer_A)));
  const int step = std::max(1, (o.layers - low + kMost - 1) / kMost);
  std::vector<int> layers;
  for (int n = o.layers; n >= low; n -= step) layers.insert(layers.begin(), n);
  return layers;
}

double LargestTilt_rad(const TwinOptions& o) {
  const auto most = [&](const char* name) {
    const theory::Range r = o.Reach(name);
    return std::max(std::fabs(r.low), std::fabs(r.high)) * kRadPerMrad;
  };
  return std::min(kMostTilt_rad, std::hypot(most("mistilt_alpha_mrad"), most("mistilt_beta_mrad")));
}

absl::StatusOr<std::shared_ptr<const sim::ImageModel>> MakeImageModel(const TwinOptions& o) {
  // A box of disordered atoms has thousands of harmonics: seconds an image by either engine.
  if (o.film.present) return absl::UnimplementedError("scanned images of a film");
  TwinOptions first = o;
  first.detectors.resize(1);
  RONCHI_ASSIGN_OR_RETURN(DetectorImages images, DetectorImages::Create(first));
  return std::make_shared<const Nominal>(o, std::move(images));
}

namespace {

// Of the aperture's lattice within a ring of angles: Σ c and Σ c² of the shares inside the rim.
struct RimSums {
  double once = 0, twice = 0;
};
RimSums SumRim(std::array<double, 2> box_A, double semiangle_rad, double energy_eV,
               double inner_rad, double outer_rad) {
  const double step_x = sim::Wavelength_A(energy_eV) / box_A[0];
  const double step_y = sim::Wavelength_A(energy_eV) / box_A[1];
  const int reach_x = int(semiangle_rad / step_x) + 2, reach_y = int(semiangle_rad / step_y) + 2;
  RimSums sums;
  for (int h = -reach_x; h <= reach_x; ++h) {
    for (int k = -reach_y; k <= reach_y; ++k) {
      const double angle = std::hypot(h * step_x, k * step_y);
      if (angle < inner_rad || angle >= outer_rad) continue;
      const double c = sim::SoftAperture(h * step_x, k * step_y, semiangle_rad, step_x, step_y);
      sums.once += c;
      sums.twice += c * c;
    }
  }
  return sums;
}

}  // namespace

double RimFactor(double box_x_A, double box_y_A, double semiangle_rad, double energy_eV) {
  const RimSums all = SumRim({box_x_A, box_y_A}, semiangle_rad, energy_eV, 0, INFINITY);
  return all.twice / all.once;
}

double DirectBeamFactor(std::array<double, 2> box_A, double semiangle_rad, double energy_eV,
                        double inner_rad, double outer_rad) {
  const RimSums all = SumRim(box_A, semiangle_rad, energy_eV, 0, INFINITY);
  const RimSums ring = SumRim(box_A, semiangle_rad, energy_eV, inner_rad, outer_rad);
  return ring.twice > 0 ? ring.once / ring.twice * all.twice / all.once : 1;
}

absl::StatusOr<DetectorImages> DetectorImages::Create(const TwinOptions& o) {
  DetectorImages out;
  if (o.film.present) return out;
  out.layers_ = PreparedLayers(o);
  out.layer_A_ = o.specimen.cell_A[2] / o.layers;
  const size_t count = o.detectors.size();
  Images first, others;
  RONCHI_ASSIGN_OR_RETURN(first, Prepare(o, 0, 1));
  if (count > 1) {
    RONCHI_ASSIGN_OR_RETURN(others, Prepare(o, 1, count));
  }
  for (size_t d = 0; d < count; ++d) {
    OneDetector one{.images = d ? others : first, .ring = d ? d - 1 : 0};
    if (const auto box_A = one.images->box_A(); box_A[0] > 0) {
      one.sharpness = RimFactor(box_A[0], box_A[1], o.semiangle_rad, o.energy_eV);
      one.brightness = DirectBeamFactor(box_A, o.semiangle_rad, o.energy_eV,
                                        o.detectors[d].inner_rad, o.detectors[d].outer_rad);
    }
    const double both_A =
        o.amorphous.exit_A + (one.images->holds_layer() ? 0 : o.amorphous.entrance_A);
    RONCHI_ASSIGN_OR_RETURN(
        one.background, LayerFraction(o.amorphous, both_A, o.energy_eV, o.detectors[d].inner_rad,
                                      o.detectors[d].outer_rad));
    out.detectors_.push_back(std::move(one));
  }
  return out;
}

size_t DetectorImages::Exit(double thickness_A) const {
  if (thickness_A <= 0) return layers_.size() - 1;
  const double asked = thickness_A / layer_A_;
  const auto nearest = std::ranges::min_element(
      layers_, {}, [asked](int n) { return std::fabs(double(n) - asked); });
  return size_t(nearest - layers_.begin());
}

double DetectorImages::Thickness_A(double asked_A) const {
  return layers_.empty() ? 0 : layers_[Exit(asked_A)] * layer_A_;
}

const sim::ImageModel& DetectorImages::ModelOf(const OneDetector& d, const ImageMoment& m) const {
  const size_t exit = Exit(m.thickness_A);
  // What lies deeper by h stands at x + h sin β, y − h sin α (hw/twin/column/stage.cc).
  const std::array<double, 2> tilt_rad = {m.tilt_rad[1], -m.tilt_rad[0]};
  if (!d.model || d.exit != exit || d.tilt_rad != tilt_rad) {
    d.model = d.images->Look(d.ring, exit, tilt_rad);
    d.exit = exit;
    d.tilt_rad = tilt_rad;
  }
  return *d.model;
}

// A linear map of an image's harmonics, and of their derivatives, to the detector's.
void DetectorImages::Collect(const OneDetector& d, const ImageMoment& m,
                             sim::ImageHarmonics* out) const {
  // A source is a convolution: the point source's harmonics, each damped by its transform.
  const bool tails = m.source.tail_share != 0;
  for (int h = 0; tails && h <= out->half_x; ++h) {
    for (int k = -out->half_y; k <= out->half_y; ++k) {
      out->at(h, k) *= m.source.Transform(std::hypot(h / out->cell_A[0], k / out->cell_A[1]));
    }
  }
  if (const double share = d.images->Share(Exit(m.thickness_A)); share != 1) {
    for (auto& c : out->c) c *= share;
  }
  const std::complex<double> mean = d.brightness * out->at(0, 0);
  for (auto& c : out->c) c *= d.sharpness;
  out->at(0, 0) = mean;
}

sim::ImageHarmonics DetectorImages::MakeHarmonics(size_t detector, const ImageMoment& m) const {
  const OneDetector& d = detectors_[detector];
  const bool tails = m.source.tail_share != 0;
  sim::ImageHarmonics out =
      ModelOf(d, m).MakeHarmonics(m.aberrations, tails ? 0 : m.source.fwhm_A, m.focal_spread_A);
  Collect(d, m, &out);
  out.at(0, 0) += d.background;
  return out;
}

sim::ImageHarmonics DetectorImages::MakeDerivatives(
    size_t detector, const ImageMoment& m, std::span<const sim::OpticsVariation> directions,
    std::vector<sim::ImageHarmonics>* derivatives) const {
  RONCHI_CHECK(m.source.tail_share == 0);
  const OneDetector& d = detectors_[detector];
  sim::ImageHarmonics out = ModelOf(d, m).MakeDerivatives(
      m.aberrations, m.source.fwhm_A, m.focal_spread_A, directions, derivatives);
  for (sim::ImageHarmonics& one : *derivatives) Collect(d, m, &one);
  Collect(d, m, &out);
  out.at(0, 0) += d.background;
  return out;
}

}  // namespace ronchi::hw
