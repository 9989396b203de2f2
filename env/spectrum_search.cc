#include "env/spectrum_search.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "env/picture.h"
#include "env/versions.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi::env {
namespace {

constexpr const char* kSpectrumSearchId = "SpectrumSearch-v0";
constexpr float kDarkest = -10, kBrightest = 100;  // of the observed image
constexpr float kMostPercent = 110;                // readout noise may be below none, above all

struct Band {
  const char* name;
  double low_eV, high_eV;
};
// Of doped-oxide particles: Roccapriore, Ziatdinov, Kalinin et al. (2021-22).
constexpr Band kBands[] = {{"dipole", 0.35, 0.55}, {"edge", 0.60, 0.75}, {"bulk", 0.80, 1.00}};

// Shorter exposures: the same search, with more noise.
constexpr double kExposure_s[] = {0.05, 0.02, 0.005};

}  // namespace

Spec SpectrumSearchSpec(const SpectrumSearchOptions& o, bool has_truth) {
  const std::vector<size_t> grid = {size_t(o.rows), size_t(o.columns)};
  Spec spec;
  spec.id = kSpectrumSearchId;
  spec.summary = "find where a plasmon is strongest with few spectra, from an overview image";
  spec.observation_space["image"] = {grid, kDarkest, kBrightest, "",
                                     "HAADF overview; 1: a thick particle"};
  spec.observation_space["mask"] = {grid, 0, 1, "", "1 where a spectrum was taken"};
  spec.observation_space["remaining"] = {{1}, 0, 1, "", "share of the spectra left"};
  spec.observation_space["scores"] = {grid, -kMostPercent, kMostPercent, "%",
                                      "of the spectra taken; else 0"};
  spec.observation_space["spectrum"] = {
      {size_t(o.bins)},
      -kMostPercent,
      kMostPercent,
      "%",
      absl::StrCat("last spectrum by bin, ", o.first_eV, " to ", o.last_eV, " eV")};
  spec.action_space = {{2}, -1, 1, "", "x, y of the next spectrum in the field"};
  spec.max_episode_steps =
      o.max_episode_steps > 0 ? std::min(o.spectra, o.max_episode_steps) : o.spectra;
  spec.reward = o.reward_is_truth ? "fall of the simple regret of the best pixel measured"
                                  : "rise of the best score measured, per cent";
  spec.info_names = {"spectra", "best_percent", "mean_best_percent"};
  if (has_truth) spec.info_names.insert(spec.info_names.end(), {"simple_regret", "area"});
  spec.needs_ground_truth = o.reward_is_truth;
  return spec;
}

absl::Status ReadSpectrumSearchOptions(const Config& node, SpectrumSearchOptions* o) {
  ConfigReader r(node);
  std::string reward = o->reward_is_truth ? "truth" : "image";
  std::string band = "edge", score = o->largest_bin ? "largest" : "sum";
  ReadId(&r, kSpectrumSearchId);
  r.Integer("level", &o->level, {.min = 1, .max = 3});
  if (r.ok()) o->exposure_s = kExposure_s[o->level - 1];
  double dwell_us = o->overview_dwell_s * 1e6, exposure_ms = o->exposure_s * 1e3;
  r.Integer("columns", &o->columns, {.min = 4, .max = 512});
  r.Integer("rows", &o->rows, {.min = 4, .max = 512});
  r.Number("pixel_nm", &o->pixel_nm, {.min = 0.01, .max = 1000});
  r.Number("overview_dwell_us", &dwell_us, {.min = 0.1, .max = 1e6});
  r.Number("exposure_ms", &exposure_ms, {.min = 0.1, .max = 1e5});
  r.Integer("spectra", &o->spectra, {.min = 1, .max = 100000});
  r.Choice("band", &band, {"dipole", "edge", "bulk"});
  for (const Band& b : kBands) {
    if (b.name == band) o->band_eV[0] = b.low_eV, o->band_eV[1] = b.high_eV;
  }
  std::vector<double> limits(o->band_eV, o->band_eV + 2);
  r.Numbers("band_eV", &limits, 2, {.min = 0.01, .max = 1000});
  if (r.ok() && limits[0] >= limits[1]) r.Fail("band_eV", "expected [low, high] with low < high");
  o->band_eV[0] = limits[0], o->band_eV[1] = limits[1];
  r.Choice("score", &score, {"sum", "largest"});
  r.Integer("bins", &o->bins, {.min = 4, .max = 2048});
  r.Number("first_eV", &o->first_eV, {.min = -100, .max = 1000});
  r.Number("last_eV", &o->last_eV, {.min = -100, .max = 1000});
  if (r.ok() && o->first_eV >= o->last_eV) r.Fail("last_eV", "must be above first_eV");
  r.Choice("reward", &reward, {"truth", "image"});
  r.Integer("max_episode_steps", &o->max_episode_steps, {.min = 0, .max = 1000000});
  r.Number("dark_counts", &o->dark_counts, {.min = -1e6, .max = 1e6});
  r.Number("white_counts", &o->white_counts, {.min = 0, .max = 1e9});
  r.Number("spectrum_dark_counts", &o->spectrum_dark_counts, {.min = -1e6, .max = 1e6});
  o->overview_dwell_s = dwell_us * 1e-6;
  o->exposure_s = exposure_ms * 1e-3;
  o->reward_is_truth = reward == "truth";
  o->largest_bin = score == "largest";
  return r.Done();
}

SpectrumSearch::SpectrumSearch(hw::Instrument* instrument, const SpectrumSearchOptions& options,
                               bool has_truth, double channel_eV)
    : Task(instrument, SpectrumSearchSpec(options, has_truth), options.environment,
           options.randomise),
      options_(options),
      has_truth_(has_truth),
      channel_eV_(channel_eV),
      image_(pixels()),
      scores_(pixels()),
      mask_(pixels()),
      spectrum_(size_t(options.bins)),
      sum_(pixels()),
      count_(pixels()) {}

absl::StatusOr<std::unique_ptr<SpectrumSearch>> SpectrumSearch::Create(
    hw::Instrument* instrument, const SpectrumSearchOptions& o) {
  const hw::Description& d = instrument->description();
  const auto refused = [](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat(kSpectrumSearchId, " ", why));
  };
  const hw::DetectorInfo *haadf = d.FindDetector("haadf"), *eels = d.FindDetector("eels");
  if (!haadf || haadf->kind != hw::DetectorKind::kScanned) {
    return refused(absl::StrCat("needs a scanned detector 'haadf', which ", d.id, " lacks"));
  }
  if (!eels || eels->kind != hw::DetectorKind::kSpectrum || !(eels->channel_eV > 0)) {
    return refused(absl::StrCat("needs a spectrometer 'eels', which ", d.id, " lacks"));
  }
  for (const std::string& c : d.cannot) {
    if (c == "expose") return refused(absl::StrCat("exposes, which ", d.id, " cannot"));
  }
  if (o.exposure_s < eels->min_dwell_s || o.exposure_s > eels->max_dwell_s) {
    return refused(absl::StrCat("exposure_ms: ", d.id, " exposes ", eels->min_dwell_s * 1e3, " to ",
                                eels->max_dwell_s * 1e3, " ms"));
  }
  if (std::max(o.columns, o.rows) * o.pixel_nm * 1e-9 > d.max_fov_m) {
    return refused(absl::StrCat("pixel_nm: ", d.id, " scans up to ", d.max_fov_m * 1e9, " nm"));
  }
  if (!(o.white_counts > 0) || o.rows < 1 || o.columns < 1 || o.spectra < 1 || o.bins < 1 ||
      size_t(std::max(o.rows, o.columns)) > d.max_pixels) {
    return refused("needs white_counts above 0, and rows, columns, spectra, bins of at least 1");
  }
  const double reach_eV = double(eels->pixels_x) * eels->channel_eV;
  if (o.band_eV[1] > reach_eV) {
    return refused(absl::StrCat("band_eV: the spectra of ", d.id, " are ", reach_eV, " eV long"));
  }
  // A simulation that can say what it would read.
  const bool has_truth = instrument->ground_truth() &&
                         instrument->ground_truth()->NoiseFree("eels", {}, o.exposure_s, {}).ok();
  if (o.reward_is_truth && !has_truth) {
    return refused(absl::StrCat("with reward: truth needs noise-free readings, which ", d.id,
                                " has none of; use reward: image"));
  }
  return std::unique_ptr<SpectrumSearch>(
      new SpectrumSearch(instrument, o, has_truth, eels->channel_eV));
}

// Pixel i of the overview stands at (i/pixels − 1/2) fov: docs/conventions.md.
std::array<double, 2> SpectrumSearch::Place_m(size_t pixel) const {
  const size_t columns = size_t(options_.columns);
  const double step_m = options_.pixel_nm * 1e-9;
  return {(double(pixel % columns) - 0.5 * options_.columns) * step_m,
          (double(pixel / columns) - 0.5 * options_.rows) * step_m};
}

template <class Counts>
double SpectrumSearch::Score(const Counts& counts, double dark, std::span<float> binned) const {
  const size_t n = counts.size();
  const size_t zero = size_t(std::max_element(counts.begin(), counts.end()) - counts.begin());
  double all = 0, band = 0;
  std::vector<double> bins(size_t(options_.bins));
  const double width = (options_.last_eV - options_.first_eV) / options_.bins;
  for (size_t j = 0; j < n; ++j) {
    const double c = double(counts[j]) - dark;
    const double e = (double(j) - double(zero)) * channel_eV_;
    all += c;
    if (e >= options_.band_eV[0] && e < options_.band_eV[1]) band += c;
    const double bin = std::floor((e - options_.first_eV) / width);
    if (bin >= 0 && bin < options_.bins) bins[size_t(bin)] += c;
  }
  const double percent = all > 0 ? 100 / all : 0;
  for (size_t b = 0; b < binned.size(); ++b) {
    binned[b] = std::clamp(float(bins[b] * percent), -kMostPercent, kMostPercent);
  }
  if (options_.largest_bin) {
    band = 0;
    for (int b = 0; b < options_.bins; ++b) {
      const double e = options_.first_eV + (b + 0.5) * width;
      if (e >= options_.band_eV[0] && e < options_.band_eV[1]) {
        band = std::max(band, bins[size_t(b)]);
      }
    }
  }
  return std::clamp(band * percent, -double(kMostPercent), double(kMostPercent));
}

absl::Status SpectrumSearch::TakeOverview() {
  hw::Scan scan;
  scan.pixels_x = size_t(options_.columns);
  scan.pixels_y = size_t(options_.rows);
  scan.fov_x_m = options_.columns * options_.pixel_nm * 1e-9;
  scan.fov_y_m = options_.rows * options_.pixel_nm * 1e-9;
  scan.dwell_s = options_.overview_dwell_s;
  scan.detectors = {"haadf"};
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan));
  if (reply.frames.size() != 1 || reply.frames[0].counts.size() != pixels()) {
    return absl::InternalError("expected one frame of the overview");
  }
  for (size_t i = 0; i < pixels(); ++i) {
    const double v =
        (double(reply.frames[0].counts[i]) - options_.dark_counts) / options_.white_counts;
    if (!std::isfinite(v)) return absl::InternalError("the overview was ended early");
    image_[i] = std::clamp(float(v), kDarkest, kBrightest);
  }
  return absl::OkStatus();
}

absl::Status SpectrumSearch::LookUpTruth() {
  if (!has_truth_) return absl::OkStatus();
  const size_t columns = size_t(options_.columns);
  const size_t channels = instrument().description().FindDetector("eels")->pixels_x;
  std::vector<double> counts(columns * channels);
  std::vector<std::array<double, 2>> at(columns);
  truth_.resize(pixels());
  for (size_t row = 0; row < size_t(options_.rows); ++row) {
    for (size_t i = 0; i < columns; ++i) at[i] = Place_m(row * columns + i);
    RONCHI_RETURN_IF_ERROR(
        instrument().ground_truth()->NoiseFree("eels", at, options_.exposure_s, counts));
    for (size_t i = 0; i < columns; ++i) {
      truth_[row * columns + i] = Score(std::span(counts).subspan(i * channels, channels),
                                        options_.spectrum_dark_counts, {});
    }
  }
  return absl::OkStatus();
}

void SpectrumSearch::Observe(std::span<float> observation) const {
  // In the order of the space: image, mask, remaining, scores, spectrum.
  float* out = std::copy(image_.begin(), image_.end(), observation.data());
  out = std::copy(mask_.begin(), mask_.end(), out);
  *out++ = float(1 - double(measured_.size()) / options_.spectra);
  out = std::copy(scores_.begin(), scores_.end(), out);
  std::copy(spectrum_.begin(), spectrum_.end(), out);
}

size_t SpectrumSearch::Incumbent() const {
  size_t best = pixels();
  for (uint32_t pixel : measured_) {
    if (best == pixels() || sum_[pixel] / count_[pixel] > sum_[best] / count_[best]) best = pixel;
  }
  return best;
}

absl::Status SpectrumSearch::Begin(const ResetOptions&, std::span<float> observation) {
  for (auto* v : {&scores_, &mask_, &spectrum_}) std::fill(v->begin(), v->end(), 0.0f);
  for (auto* v : {&sum_, &count_}) std::fill(v->begin(), v->end(), 0.0);
  measured_.clear();
  measured_scores_.clear();
  best_.clear();
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  RONCHI_RETURN_IF_ERROR(TakeOverview());
  RONCHI_RETURN_IF_ERROR(LookUpTruth());
  if (has_truth_) own_info()[kRegret] = 1;
  Observe(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> SpectrumSearch::Act(std::span<const float> action,
                                            std::span<float> observation) {
  const auto index = [](float at, int n) {
    return size_t(std::clamp(int(std::floor((double(at) + 1) / 2 * n)), 0, n - 1));
  };
  const size_t pixel = index(action[1], options_.rows) * size_t(options_.columns) +
                       index(action[0], options_.columns);
  const auto [x_m, y_m] = Place_m(pixel);
  RONCHI_ASSIGN_OR_RETURN(
      const hw::Reply reply,
      Execute(hw::Expose{.camera = "eels", .time_s = options_.exposure_s, .x_m = x_m, .y_m = y_m}));
  if (reply.frames.size() != 1) return absl::InternalError("expected one spectrum");
  const Array<float>& counts = reply.frames[0].counts;
  if (!std::all_of(counts.begin(), counts.end(), [](float c) { return std::isfinite(c); })) {
    return absl::InternalError("a channel of the spectrum is not finite");
  }
  const double score = Score(counts.values(), options_.spectrum_dark_counts, spectrum_);
  measured_.push_back(uint32_t(pixel));
  measured_scores_.push_back(score);
  sum_[pixel] += score;
  count_[pixel] += 1;
  scores_[pixel] = float(sum_[pixel] / count_[pixel]);
  mask_[pixel] = 1;
  const size_t incumbent = Incumbent();
  const double before = own_info()[kBest], best = sum_[incumbent] / count_[incumbent];
  const double n = double(measured_.size());
  best_.push_back(best);
  own_info()[kSpectra] = n;
  own_info()[kBest] = best;
  own_info()[kMeanBest] = std::accumulate(best_.begin(), best_.end(), 0.0) / n;
  double reward = std::max(0.0, best - before);
  if (has_truth_) {
    const double largest = *std::max_element(truth_.begin(), truth_.end());
    const double was = own_info()[kRegret];
    const double regret = largest > 0 ? 1 - truth_[incumbent] / largest : 0;
    own_info()[kRegret] = regret;
    own_info()[kArea] += (1 - regret - own_info()[kArea]) / n;
    if (options_.reward_is_truth) reward = was - regret;
  }
  Observe(observation);
  return Outcome{.reward = reward, .terminated = int(measured_.size()) >= options_.spectra};
}

absl::StatusOr<Array<uint8_t>> SpectrumSearch::Render() const {
  const ImageShape shape = {size_t(options_.rows), size_t(options_.columns)};
  const Rectangle field = {0, 0, 4 * options_.columns, 4 * options_.rows};
  Picture picture(field.width + 208, std::max(field.height, 220));
  picture.Image(field, image_, shape);
  const auto middle = [&](size_t pixel) {
    return Picture::PixelAt(field, shape, double(pixel % shape.columns) + 0.5,
                            double(pixel / shape.columns) + 0.5);
  };
  for (uint32_t pixel : measured_) {
    const auto [px, py] = middle(pixel);
    picture.canvas().Disc(px, py, 2, Picture::kAccent);
  }
  if (const size_t incumbent = Incumbent(); incumbent < pixels()) {
    const auto [px, py] = middle(incumbent);
    picture.canvas().Disc(px, py, 2, Picture::kGood);
    picture.canvas().Circle(px, py, 6, Picture::kGood);
  }
  const int x = field.width + 8;
  picture.Bar({x, 8, 192, 20}, "remaining", 1 - double(measured_.size()) / options_.spectra, 0, 1);
  const std::vector<double> spectrum(spectrum_.begin(), spectrum_.end());
  picture.Curve({x, 36, 192, 84}, "last spectrum %", spectrum);
  picture.Curve({x, 128, 192, 84}, "best %", best_, size_t(options_.spectra));
  return picture.Take();
}

nlohmann::json SpectrumSearch::SaveOwn() const {
  return {{"image", image_},       {"spectrum", spectrum_},
          {"measured", measured_}, {"scores", measured_scores_},
          {"truth", truth_},       {"best", best_}};
}

absl::Status SpectrumSearch::RestoreOwn(const nlohmann::json& saved) {
  saved.at("image").get_to(image_);
  saved.at("spectrum").get_to(spectrum_);
  saved.at("measured").get_to(measured_);
  saved.at("scores").get_to(measured_scores_);
  saved.at("truth").get_to(truth_);
  saved.at("best").get_to(best_);
  bool fits = image_.size() == pixels() && spectrum_.size() == size_t(options_.bins) &&
              measured_.size() == measured_scores_.size() &&
              (!has_truth_ || truth_.size() == pixels());
  for (uint32_t pixel : measured_) fits &= pixel < pixels();
  if (!fits)
    return absl::InvalidArgumentError(
        absl::StrCat(kSpectrumSearchId, ": saved with other options"));
  for (auto* v : {&scores_, &mask_}) std::fill(v->begin(), v->end(), 0.0f);
  for (auto* v : {&sum_, &count_}) std::fill(v->begin(), v->end(), 0.0);
  for (size_t i = 0; i < measured_.size(); ++i) {
    const uint32_t pixel = measured_[i];
    sum_[pixel] += measured_scores_[i];
    count_[pixel] += 1;
    scores_[pixel] = float(sum_[pixel] / count_[pixel]);
    mask_[pixel] = 1;
  }
  return absl::OkStatus();
}

}  // namespace ronchi::env
