#include "theory/belief/normal_equations.h"

#include <algorithm>
#include <vector>

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

// Of the columns that act directly, JᵀWJ and JᵀWr; data by data in blocks that stay in the first
// cache.
void AddWeighted(const Eigen::MatrixXd& jacobian, const std::vector<Index>& columns,
                 const Eigen::VectorXd& weight, const Eigen::VectorXd& residual,
                 Eigen::MatrixXd* information, Eigen::VectorXd* score) {
  constexpr Index kBlock = 256;
  const Index data = jacobian.rows(), n = Index(columns.size());
  Eigen::MatrixXd block(kBlock, n);
  for (Index begin = 0; begin < data; begin += kBlock) {
    const Index rows = std::min(kBlock, data - begin);
    const auto w = weight.segment(begin, rows);
    const auto r = residual.segment(begin, rows);
    for (Index i = 0; i < n; ++i) {
      const auto column = jacobian.col(columns[size_t(i)]).segment(begin, rows);
      block.col(i).head(rows) = column.cwiseProduct(w);
      (*score)[i] += block.col(i).head(rows).dot(r);
      for (Index k = 0; k <= i; ++k) {
        (*information)(i, k) +=
            block.col(i).head(rows).dot(jacobian.col(columns[size_t(k)]).segment(begin, rows));
      }
    }
  }
}

}  // namespace

NormalEquations Accumulate(const ForwardModel& model, std::span<const Acquisition> acquisitions,
                           const State& coordinates, double time_s) {
  const ParameterSet& parameters = model.parameters();
  const Index n = Index(parameters.size());
  std::vector<Index> direct;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters.Moved(i)) direct.push_back(Index(i));
  }
  NormalEquations out{Eigen::MatrixXd::Zero(n, n), Eigen::VectorXd::Zero(n)};
  // Kept: its memory comes from the system page by page, which takes longer than to fill it.
  thread_local Eigen::MatrixXd jacobian;
  for (const Acquisition& a : acquisitions) {
    const Eigen::MatrixXd carry = parameters.Propagator(a.time_s - time_s);
    const State at = carry * coordinates;
    const Prediction p = model.Linearise(parameters.ToValues(at), a, &jacobian);
    Eigen::VectorXd weight = p.variance.cwiseInverse();
    Eigen::VectorXd r = DataOf(a) - p.mean;
    Eigen::MatrixXd information = Eigen::MatrixXd::Zero(Index(direct.size()), Index(direct.size()));
    Eigen::VectorXd score = Eigen::VectorXd::Zero(Index(direct.size()));
    AddWeighted(jacobian, direct, weight, r, &information, &score);
    // ∂(coordinates at the acquisition that act directly)/∂coordinates.
    const State slopes = parameters.Slopes(at);
    Eigen::MatrixXd chain(Index(direct.size()), n);
    for (size_t d = 0; d < direct.size(); ++d) {
      chain.row(Index(d)) = slopes[direct[d]] * carry.row(direct[d]);
    }
    out.information += chain.transpose() * information.selfadjointView<Eigen::Lower>() * chain;
    out.score += chain.transpose() * score;
    out.chi2 += r.cwiseAbs2().dot(weight);
    out.log_variance += p.variance.array().log().sum();
    out.data += r.size();
    out.residuals.push_back(std::move(r));
    out.weights.push_back(std::move(weight));
  }
  return out;
}

}  // namespace ronchi::theory
