#include "theory/forward/gain_and_drift.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

// Weights of the four samples about a place, `t` (0 … 1) behind the second: cubic convolution,
// whose value and slope have no steps (Keys, IEEE Trans. ASSP 29, 1153 (1981), a = −1/2); or the
// weights' derivatives by t.
std::array<double, 4> Weights(double t, bool slope) {
  const double s = t * t;
  if (slope) {
    return {(-1 + 4 * t - 3 * s) / 2, (-10 * t + 9 * s) / 2, (1 + 8 * t - 9 * s) / 2,
            (-2 * t + 3 * s) / 2};
  }
  const double c = s * t;
  return {(-t + 2 * s - c) / 2, (2 - 5 * s + 3 * c) / 2, (t + 4 * s - 3 * c) / 2, (-s + c) / 2};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const GainAndDrift>> GainAndDrift::Create(
    GainAndDriftOptions options, ParameterSet parameters) {
  static const std::map<std::string, Role> kNamed = {{"shift_x_A", Role::kShiftX},
                                                     {"shift_y_A", Role::kShiftY},
                                                     {"gain_ratio", Role::kGain},
                                                     {"dark_counts", Role::kDark}};
  const std::vector<size_t>& shape = options.reference.shape();
  if (shape.size() != 2 || std::min(shape[0], shape[1]) <= 2 * options.margin ||
      !(options.pixel_A > 0) || !(options.counting.counts_per_electron > 0)) {
    return absl::InvalidArgumentError(
        "gain and drift: an image within the reference's margin, and a pixel and counts of an "
        "electron above 0 are needed");
  }
  std::shared_ptr<GainAndDrift> out(new GainAndDrift);
  for (const Parameter& p : parameters) {
    const auto named = kNamed.find(p.name);
    if (p.rate_of.empty() && named == kNamed.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter '", p.name, "': gain and drift do not depend on it; known: ",
                       "shift_x_A, shift_y_A, gain_ratio, dark_counts, rates of these"));
    }
    out->roles_.push_back(p.rate_of.empty() ? named->second : Role::kRate);
  }
  out->lines_ = shape[0] - 2 * options.margin;
  out->pixels_ = shape[1] - 2 * options.margin;
  out->options_ = std::move(options);
  out->parameters_ = std::move(parameters);
  return out;
}

absl::Status GainAndDrift::Check(const Acquisition& at) const {
  if (at.data.shape() == std::vector<size_t>{lines_, pixels_} && at.frames >= 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "an image of ", at.data.size(), " pixels, ", at.frames, " frames; the reference is of ",
      lines_, " x ", pixels_, " pixels without its margin, and takes at least one frame"));
}

GainAndDrift::Moment GainAndDrift::MomentAt(const State& values) const {
  Moment m;
  for (size_t i = 0; i < roles_.size(); ++i) {
    const double value = values[Index(i)];
    if (roles_[i] == Role::kShiftX) m.x = value / options_.pixel_A;
    if (roles_[i] == Role::kShiftY) m.y = value / options_.pixel_A;
    if (roles_[i] == Role::kGain) m.gain = value;
    if (roles_[i] == Role::kDark) m.dark = value;
  }
  return m;
}

// All pixels are moved alike, so that one set of weights serves them all: first along x, then y.
Eigen::VectorXd GainAndDrift::Shifted(const Moment& m, Along along) const {
  const Array<double>& reference = options_.reference;
  const size_t rows = reference.shape()[0], columns = reference.shape()[1];
  const double step_x = std::floor(m.x), step_y = std::floor(m.y);
  const auto wx = Weights(m.x - step_x, along == Along::kX);
  const auto wy = Weights(m.y - step_y, along == Along::kY);
  const auto inside = [](double at, size_t count) {
    return size_t(std::clamp(at, 0.0, double(count - 1)));
  };
  const double margin = double(options_.margin);
  Eigen::VectorXd out = Eigen::VectorXd::Zero(Index(lines_ * pixels_));
  for (size_t l = 0; l < lines_; ++l) {
    for (size_t b = 0; b < 4; ++b) {
      const size_t row = inside(margin + double(l) + step_y + double(b) - 1, rows);
      for (size_t p = 0; p < pixels_; ++p) {
        double sum = 0;
        for (size_t a = 0; a < 4; ++a) {
          sum +=
              wx[a] * reference(row, inside(margin + double(p) + step_x + double(a) - 1, columns));
        }
        out[Index(l * pixels_ + p)] += wy[b] * sum;
      }
    }
  }
  return out;
}

Prediction GainAndDrift::Expose(const Eigen::VectorXd& reference, const Moment& m,
                                int frames) const {
  CountingOptions counting = options_.counting;
  counting.dark_counts += m.dark;
  Prediction out;
  out.mean = (m.gain * reference.array() + counting.dark_counts).matrix();
  out.variance = CountingVariance(counting, out.mean, frames);
  return out;
}

Prediction GainAndDrift::Predict(const State& values, const Acquisition& at) const {
  const Moment m = MomentAt(values);
  return Expose(Shifted(m, Along::kNone), m, at.frames);
}

Prediction GainAndDrift::Linearise(const State& values, const Acquisition& at,
                                   Eigen::MatrixXd* jacobian) const {
  const Moment m = MomentAt(values);
  const Eigen::VectorXd here = Shifted(m, Along::kNone);
  jacobian->setZero(here.size(), Index(roles_.size()));
  for (size_t i = 0; i < roles_.size(); ++i) {
    auto column = jacobian->col(Index(i));
    switch (roles_[i]) {
      case Role::kShiftX:
        column = m.gain / options_.pixel_A * Shifted(m, Along::kX);
        break;
      case Role::kShiftY:
        column = m.gain / options_.pixel_A * Shifted(m, Along::kY);
        break;
      case Role::kGain:
        column = here;
        break;
      case Role::kDark:
        column.setOnes();
        break;
      case Role::kRate:
        break;
    }
  }
  return Expose(here, m, at.frames);
}

}  // namespace ronchi::theory
