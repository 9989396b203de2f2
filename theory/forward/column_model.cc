#include "theory/forward/column_model.h"

#include <algorithm>
#include <cmath>

namespace ronchi::theory {
namespace {

// Steps of the central differences: about 1e-3 of the scale on which an image changes (some nm for
// aberrations, some 0.1 Å for shifts), so that the cubic term is below 1e-5 of the derivative.
constexpr double kStep[kParameters] = {0.5, 0.5, 0.5, 0.01, 0.01, 0, 0.02, 0, 0};

}  // namespace

sim::ImageHarmonics ColumnModel::Harmonics(const State& state,
                                           const std::array<double, 3>& settings_A) const {
  sim::Aberrations a;
  a.a_A[sim::kC10] = state[kC10] + settings_A[0];
  a.a_A[sim::kC12] = state[kC12a] + settings_A[1];
  a.b_A[sim::kC12] = state[kC12b] + settings_A[2];
  return options_.images->MakeHarmonics(a, std::max(0.0, state[kSource]));
}

Eigen::VectorXd ColumnModel::Render(const sim::ImageHarmonics& harmonics,
                                    const State& state) const {
  const size_t n = options_.pixels;
  const double step = options_.fov_A / double(n);
  sim::LinearRaster raster{{}, step, n};
  for (size_t l = 0; l < n; ++l) {
    raster.starts_A.push_back({-options_.fov_A / 2 + state[kShiftX],
                               -options_.fov_A / 2 + double(l) * step + state[kShiftY]});
  }
  Eigen::VectorXd image(n * n);
  harmonics.ComputeImage(raster, {image.data(), n * n});
  const double scale =
      options_.electrons_per_pixel * options_.counts_per_electron * std::exp(state[kLogDose]);
  return (image.array().max(0.0) * scale + options_.dark_counts).matrix();
}

Eigen::VectorXd ColumnModel::Predict(const State& state,
                                     const std::array<double, 3>& settings_A) const {
  return Render(Harmonics(state, settings_A), state);
}

Eigen::VectorXd ColumnModel::Linearise(const State& state, const std::array<double, 3>& settings_A,
                                       Eigen::MatrixXd* jacobian) const {
  const sim::ImageHarmonics here = Harmonics(state, settings_A);
  const Eigen::VectorXd predicted = Render(here, state);
  jacobian->resize(predicted.size(), kSource + 1);
  for (int p = 0; p <= kSource; ++p) {
    if (p == kLogDose) {
      jacobian->col(p) = (predicted.array() - options_.dark_counts).matrix();
      continue;
    }
    State up = state, down = state;
    up[p] += kStep[p];
    down[p] -= kStep[p];
    const bool only_moves = p == kShiftX || p == kShiftY;
    const Eigen::VectorXd plus = Render(only_moves ? here : Harmonics(up, settings_A), up);
    const Eigen::VectorXd minus = Render(only_moves ? here : Harmonics(down, settings_A), down);
    jacobian->col(p) = (plus - minus) / (2 * kStep[p]);
  }
  return predicted;
}

Eigen::VectorXd ColumnModel::Variance(const Eigen::VectorXd& predicted, int frames) const {
  // A floor of a twentieth of an electron: a pixel that is predicted dark may still see one.
  const double gain = options_.counts_per_electron;
  return ((gain * (predicted.array() - options_.dark_counts).max(0.05 * gain) +
           options_.readout_counts * options_.readout_counts) /
          frames)
      .matrix();
}

}  // namespace ronchi::theory
