// What theory predicts an acquisition to be, as a function of a few unknowns, with its derivatives:
// the measurement model of a belief. docs/add_forward_model.md says how one is made.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "core/array.h"
#include "core/status.h"
#include "theory/parameters/parameter_set.h"

namespace ronchi::theory {

// One acquisition as theory sees it.
struct Acquisition {
  // Under which it was taken, by the instrument's properties in SI ("optics.C12.a", m), and
  // whatever else a model asks for. What is not there is zero.
  std::map<std::string, double> settings;
  double time_s = 0;  // the instrument's clock
  Array<float> data;  // counts, in the model's shape, the mean of `frames` frames
  int frames = 1;

  double Setting(const std::string& property) const {
    const auto it = settings.find(property);
    return it != settings.end() ? it->second : 0;
  }
};

struct Prediction {
  Eigen::VectorXd mean;      // of every datum
  Eigen::VectorXd variance;  // of the acquisition's mean over its frames; above 0
};

// Immutable: used by any number of threads.
class ForwardModel {
 public:
  virtual ~ForwardModel() = default;

  virtual const ParameterSet& parameters() const = 0;
  // InvalidArgument: data of another shape than it predicts, or a setting that it needs and lacks.
  // What follows is asked of acquisitions that pass; their data are looked at by Match alone.
  virtual absl::Status Check(const Acquisition& at) const = 0;

  // At `values` of the parameters at the time of the acquisition.
  virtual Prediction Predict(const State& values, const Acquisition& at) const = 0;
  // The same, to the bit, and the mean's derivatives by the values, [data, parameters]. Columns of
  // parameters that act through others alone (rates) are zero.
  virtual Prediction Linearise(const State& values, const Acquisition& at,
                               Eigen::MatrixXd* jacobian) const = 0;

  // For the search of a start: how well values explain these acquisitions together, higher is
  // better, on any scale. May first set those of the values that it finds by itself (a lattice's
  // place, by correlation). `values` are at the time of the first. Model and acquisitions outlive
  // it. Here: −χ².
  using Match = std::function<double(State* values)>;
  virtual Match MakeMatch(std::span<const Acquisition> acquisitions) const;
};

// Σ (data − mean)²/variance.
double ChiSquare(const Prediction& prediction, const Acquisition& acquisition);
// The data as a vector.
Eigen::VectorXd DataOf(const Acquisition& acquisition);

// Counts: shot noise of the prediction, and readout, over the frames; a floor of a twentieth of an
// electron, as a pixel that is predicted dark may still see one; and the model's own error.
struct CountingOptions {
  double counts_per_electron = 1, dark_counts = 0, readout_counts = 0.5;
  double model_error =
      0;  // of the prediction, relative, one standard deviation; alike in all frames
};
Eigen::VectorXd CountingVariance(const CountingOptions& options, const Eigen::VectorXd& mean,
                                 int frames);

}  // namespace ronchi::theory
