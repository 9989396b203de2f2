#include "experiments/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/progress.h"
#include "experiments/calibrate/recorded_images.h"
#include "experiments/catalog/instrument_chain.h"
#include "experiments/loop/recipe.h"
#include "hw/twin/column/twin_options.h"
#include "theory/belief/belief.h"

namespace ronchi {
namespace {

using theory::Acquisition;
using CalibrationIndex = Eigen::Index;
constexpr size_t kFewest = 3, kMostOfFit = 8;  // images of an estimate from nothing
constexpr size_t kJump = kFewest;              // images in a row that are not what is expected
constexpr double kReach = 2;                   // of a range, in standard deviations

// What theory believed after an image, in values.
struct Believed {
  Eigen::VectorXd mean, variance;
};

Believed Now(const theory::Belief& belief) {
  const Eigen::VectorXd slopes = belief.parameters().Slopes(belief.mean());
  return {belief.values(), belief.covariance().diagonal().cwiseProduct(slopes.cwiseAbs2())};
}

// As many of the images from `first` on as are needed to see a defocus with its sign: those up to
// the second setting of it.
std::span<const Acquisition> WindowFrom(std::span<const Acquisition> images, size_t first) {
  std::set<double> settings;
  size_t count = 0;
  while (first + count < images.size() && count < kMostOfFit &&
         (count < kFewest || settings.size() < 2)) {
    settings.insert(images[first + count].Setting("optics.C10"));
    ++count;
  }
  return images.subspan(first, count);
}

// What theory made of all images.
struct Track {
  std::vector<Believed> images;  // after each that was taken in
  std::vector<Believed> parts;   // at the end of each
  size_t left_out = 0;
  double chi2 = 0, data = 0;
};

void AddChi2(const theory::Belief& belief, const Acquisition& image, Track* track) {
  track->chi2 += theory::ChiSquare(belief.model().Predict(belief.values(), image), image);
  track->data += double(image.data.size());
}

// `images`: kFewest at least.
absl::StatusOr<Track> Follow(std::shared_ptr<const theory::ForwardModel> model,
                             std::span<const Acquisition> images) {
  theory::Belief belief(std::move(model));
  Track track;
  Progress progress("calibrate", images.size());
  size_t next = 0, strange = 0;
  bool known = false;
  while (next < images.size()) {
    if (!known || strange == kJump) {
      next -= strange;
      const auto window = WindowFrom(images, next);  // kFewest at least, as kJump is no less
      if (known) track.parts.push_back(track.images.back());
      RONCHI_RETURN_IF_ERROR(belief.Fit(window).status());
      for (const Acquisition& image : window) AddChi2(belief, image, &track);
      track.images.push_back(Now(belief));
      next += window.size();
      strange = 0;
      known = true;
      continue;
    }
    RONCHI_ASSIGN_OR_RETURN(const theory::Residual residual, belief.Update(images[next]));
    progress.Tick();
    ++next;
    if (residual.Largest() > theory::Belief::kGate) {
      ++strange;
      continue;
    }
    track.left_out += strange;
    strange = 0;
    AddChi2(belief, images[next - 1], &track);
    track.images.push_back(Now(belief));
  }
  track.left_out += strange;
  track.parts.push_back(track.images.back());
  return track;
}

// Mean and standard deviation of a number that stands still: of the parts' ends together.
void OfParts(const std::vector<Believed>& parts, CalibrationIndex i, CalibratedNumber* out) {
  double weight = 0, sum = 0;
  for (const Believed& b : parts) weight += 1 / b.variance[i], sum += b.mean[i] / b.variance[i];
  out->mean = sum / weight;
  double spread = 0;
  for (const Believed& b : parts) spread += std::pow(b.mean[i] - out->mean, 2) / b.variance[i];
  // Parts that agree worse than they say are known less well.
  const double excess = parts.size() > 1 ? std::max(1.0, spread / double(parts.size() - 1)) : 1;
  out->sigma = std::sqrt(excess / weight);
}

// Of one that wanders: over all images.
void OfImages(const std::vector<Believed>& images, CalibrationIndex i, CalibratedNumber* out) {
  double squares = 0, variance = 0;
  for (const Believed& b : images) out->mean += b.mean[i] / double(images.size());
  for (const Believed& b : images) {
    squares += std::pow(b.mean[i] - out->mean, 2) / double(images.size());
    variance += b.variance[i] / double(images.size());
  }
  out->sigma = std::sqrt(squares + variance);
}

std::vector<CalibratedNumber> NumbersOf(const Recipe& recipe, const theory::Prior& prior,
                                        const Track& track, double looser) {
  const theory::ParameterSet& parameters = recipe.theory->prepared.parameters;
  const auto& knobs = recipe.theory->prepared.followed;
  std::vector<CalibratedNumber> out;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const theory::Parameter& p = parameters[i];
    const auto range = prior.ranges().find(p.name);
    // Where a session's knobs and places begin is no property of the instrument.
    const bool knob = std::ranges::count(knobs, p.name) > 0;
    if (range == prior.ranges().end() || knob || p.anywhere) continue;
    CalibratedNumber number{.name = p.name, .prior = range->second};
    const bool wanders = p.walk > 0 || p.jitter > 0;
    (wanders ? OfImages : OfParts)(wanders ? track.images : track.parts, CalibrationIndex(i),
                                   &number);
    number.sigma *= looser;
    number.range = {number.mean - kReach * number.sigma, number.mean + kReach * number.sigma};
    if (number.prior.low >= 0) number.range.low = std::max(0.0, number.range.low);
    out.push_back(number);
  }
  return out;
}

absl::StatusOr<std::string> WithPrior(const std::string& path,
                                      const std::vector<CalibratedNumber>& numbers) {
  std::vector<std::string> overrides;
  for (const CalibratedNumber& n : numbers) {
    overrides.push_back(absl::StrFormat("train.instrument.prior.%s=[%.5g, %.5g]", n.name,
                                        n.range.low, n.range.high));
  }
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(path, overrides));
  RONCHI_RETURN_IF_ERROR(ReadRecipe(config).status());
  return config.Dump();
}

}  // namespace

absl::StatusOr<Calibration> CalibrateRun(const std::string& folder) {
  const std::string path = folder + "/config.yaml";
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(path));
  RONCHI_ASSIGN_OR_RETURN(const Recipe recipe, ReadRecipe(config));
  if (!recipe.theory || recipe.theory->prepared.made_of_images) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": theory: a calibration needs a theory of the column; allowed: "
                     "model: scanned_crystal"));
  }
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions twin,
                          hw::ReadTwinOptions(WithoutChain(recipe.train_instrument)));
  RONCHI_ASSIGN_OR_RETURN(const RecordedImages recorded, ReadRecordedImages(folder, "deploy"));
  if (recorded.images.size() < kFewest) {
    return absl::InvalidArgumentError(absl::StrCat(folder, ": ", recorded.images.size(),
                                                   " images alike are recorded; ", kFewest,
                                                   " are needed at least"));
  }
  if (const auto& load = recipe.theory->prepared.load) RONCHI_RETURN_IF_ERROR(load());
  RONCHI_ASSIGN_OR_RETURN(auto model,
                          recipe.theory->prepared.make(recorded.scan, recorded.detector, {}));
  RONCHI_ASSIGN_OR_RETURN(const Track track, Follow(std::move(model), recorded.images));
  Calibration out{.images = recorded.images.size() - track.left_out,
                  .left_out = track.left_out,
                  .parts = track.parts.size(),
                  .chi2_per_pixel = track.chi2 / track.data};
  out.numbers = NumbersOf(recipe, twin.prior, track, std::sqrt(std::max(1.0, out.chi2_per_pixel)));
  RONCHI_ASSIGN_OR_RETURN(out.recipe, WithPrior(path, out.numbers));
  return out;
}

}  // namespace ronchi
