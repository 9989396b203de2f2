// What every forward model promises of its derivatives, on an example of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "theory/forward/forward_model.h"

namespace ronchi::theory::testing_support {

// A symmetric difference with step h is off by O(h²), one of the sixth order by O(h⁶): the second
// is the judge where the model is precise, and `noise` (of the largest change of a datum by a step)
// is what it leaves of itself: single precision inside a model leaves some 1e-6 over the share of
// the image that a step changes. Returns the largest error found, on that scale.
inline double ExpectExactJacobian(const ForwardModel& model, const State& values,
                                  const Acquisition& at, const std::vector<double>& steps,
                                  double noise) {
  const ParameterSet& parameters = model.parameters();
  EXPECT_EQ(steps.size(), parameters.size());
  EXPECT_TRUE(model.Check(at).ok()) << model.Check(at);
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Constant(3, 3, NAN);  // what it held is gone
  const Prediction here = model.Linearise(values, at, &jacobian);
  const Prediction plain = model.Predict(values, at);
  EXPECT_EQ(here.mean, plain.mean);
  EXPECT_EQ(here.variance, plain.variance);
  EXPECT_GT(here.variance.minCoeff(), 0);
  EXPECT_EQ(jacobian.rows(), here.mean.size());
  EXPECT_EQ(size_t(jacobian.cols()), parameters.size());
  double largest = 0;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const auto column = jacobian.col(Eigen::Index(p));
    if (parameters.Moved(p)) {
      EXPECT_EQ(column.cwiseAbs().maxCoeff(), 0) << parameters.Label(p) << " acts by itself";
      continue;
    }
    const auto stencil = [&](double h) {
      const auto shifted = [&](double by) {
        State moved = values;
        moved[Eigen::Index(p)] += by * h;
        return model.Predict(moved, at).mean;
      };
      return Eigen::VectorXd((45 * (shifted(1) - shifted(-1)) - 9 * (shifted(2) - shifted(-2)) +
                              (shifted(3) - shifted(-3))) /
                             60);
    };
    const Eigen::VectorXd change = stencil(steps[p]);
    const double scale = change.cwiseAbs().maxCoeff();
    EXPECT_GT(scale, 0) << parameters.Label(p) << " does nothing: a useless example";
    const double error = (change - steps[p] * column).cwiseAbs().maxCoeff() / scale;
    EXPECT_LT(error, noise) << parameters.Label(p);
    largest = std::max(largest, error);
  }
  return largest;
}

}  // namespace ronchi::theory::testing_support
