// Standard problems of Bayesian optimisation, in one place for every program and peer that is
// measured on them: negated, so that they are maximised, and over the unit cube. Formulas, boxes
// and optima are those of Surjanovic & Bingham's library (sfu.ca/~ssurjano).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <span>
#include <string_view>

#include "agents/bayes/sobol.h"

namespace ronchi::agents {

// Dixon & Szegö (1978); −5 ≤ x ≤ 10, 0 ≤ y ≤ 15.
inline double Branin(const Eigen::VectorXd& u) {
  const double x = 15 * u[0] - 5, y = 15 * u[1];
  const double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
  return -(a * a + 10 * (1 - 1 / (8 * M_PI)) * std::cos(x) + 10);
}

// Dixon & Szegö (1978).
inline double Hartmann6(const Eigen::VectorXd& u) {
  constexpr double kA[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                               {0.05, 10, 17, 0.1, 8, 14},
                               {3, 3.5, 1.7, 10, 17, 8},
                               {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{.1312, .1696, .5569, .0124, .8283, .5886},
                               {.2329, .4135, .8307, .3736, .1004, .9991},
                               {.2348, .1451, .3522, .2883, .3047, .6650},
                               {.4047, .8828, .8732, .5743, .1091, .0381}};
  constexpr double kWeight[4] = {1, 1.2, 3, 3.2};
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    double exponent = 0;
    for (int j = 0; j < 6; ++j) exponent += kA[i][j] * (u[j] - kP[i][j]) * (u[j] - kP[i][j]);
    sum += kWeight[i] * std::exp(-exponent);
  }
  return sum;
}

// Any dimension; |x| ≤ 10.
inline double Levy(const Eigen::VectorXd& u) {
  const Eigen::ArrayXd w = 1 + (20 * u.array() - 11) / 4;
  const Eigen::Index last = w.size() - 1;
  double sum = std::pow(std::sin(M_PI * w[0]), 2);
  for (Eigen::Index i = 0; i < last; ++i) {
    sum += std::pow(w[i] - 1, 2) * (1 + 10 * std::pow(std::sin(M_PI * w[i] + 1), 2));
  }
  return -(sum + std::pow(w[last] - 1, 2) * (1 + std::pow(std::sin(2 * M_PI * w[last]), 2)));
}

// Any dimension; |x| ≤ 32.768.
inline double Ackley(const Eigen::VectorXd& u) {
  const Eigen::ArrayXd x = 32.768 * (2 * u.array() - 1);
  return 20 * std::exp(-0.2 * std::sqrt(x.square().mean())) +
         std::exp((2 * M_PI * x).cos().mean()) - 20 - M_E;
}

// Any dimension; −5 ≤ x ≤ 10.
inline double Rosenbrock(const Eigen::VectorXd& u) {
  const Eigen::ArrayXd x = 15 * u.array() - 5;
  double sum = 0;
  for (Eigen::Index i = 0; i + 1 < x.size(); ++i) {
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  }
  return -sum;
}

// |x| ≤ 2; the logarithm, shifted and scaled as by Picheny, Wagner & Ginsbourger (2013).
inline double LogGoldsteinPrice(const Eigen::VectorXd& u) {
  const double x = 4 * u[0] - 2, y = 4 * u[1] - 2;
  const double a =
      std::pow(x + y + 1, 2) * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y);
  const double b =
      std::pow(2 * x - 3 * y, 2) * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y);
  return -(std::log((1 + a) * (30 + b)) - 8.693) / 2.427;
}

struct OptimisationProblem {
  const char* name;
  double (*f)(const Eigen::VectorXd& u);
  size_t dimension, initial, evaluations;  // the initial design counts among the evaluations
  double maximum;
};
inline const OptimisationProblem kOptimisationProblems[] = {
    {"branin", Branin, 2, 6, 30, -0.39788735772973816},
    {"goldstein", LogGoldsteinPrice, 2, 6, 30, -(std::log(3.0) - 8.693) / 2.427},
    {"hartmann6", Hartmann6, 6, 14, 60, 3.32236801141551},
    {"levy4", Levy, 4, 10, 60, 0},
    {"ackley5", Ackley, 5, 12, 60, 0},
    {"rosenbrock4", Rosenbrock, 4, 10, 60, 0},
};

// nullptr: there is none of that name.
inline const OptimisationProblem* FindOptimisationProblem(std::string_view name) {
  for (const OptimisationProblem& problem : kOptimisationProblems) {
    if (name == problem.name) return &problem;
  }
  return nullptr;
}

// The points that all sides begin with, [initial, dimension].
inline Eigen::MatrixXd StartsOf(const OptimisationProblem& problem, uint64_t seed) {
  return SobolPoints(problem.initial, problem.dimension,
                     {.seed = seed, .name = "agents.gp.initial_design"});
}

// Two objectives of two inputs (Belakaria, Deshwal & Doppa, NeurIPS 2019): Branin's, and that of
// Currin, Mitchell, Morris & Ylvisaker (J. Am. Stat. Assoc. 86, 953 (1991)). Both negated.
inline Eigen::VectorXd BraninCurrin(const Eigen::VectorXd& u) {
  const double x = u[0], y = u[1];
  const double factor = y > 0 ? 1 - std::exp(-1 / (2 * y)) : 1;
  const double currin =
      factor * (((2300 * x + 1900) * x + 2092) * x + 60) / (((100 * x + 500) * x + 4) * x + 20);
  return Eigen::Vector2d(Branin(u), -currin);
}
inline Eigen::VectorXd BraninCurrinReference() { return Eigen::Vector2d(-18, -6); }

// DTLZ2 of m objectives (Deb, Thiele, Laumanns & Zitzler, CEC 2002), negated: the front is the part
// of the unit sphere below zero.
inline Eigen::VectorXd Dtlz2(const Eigen::VectorXd& u, Eigen::Index m) {
  const double g = (u.tail(u.size() - m + 1).array() - 0.5).square().sum();
  Eigen::VectorXd out(m);
  for (Eigen::Index k = 0; k < m; ++k) {
    double f = 1 + g;
    for (Eigen::Index j = 0; j < m - 1 - k; ++j) f *= std::cos(u[j] * M_PI / 2);
    if (k > 0) f *= std::sin(u[m - 1 - k] * M_PI / 2);
    out[k] = -f;
  }
  return out;
}

}  // namespace ronchi::agents
