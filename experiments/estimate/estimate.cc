#include "experiments/estimate/estimate.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "experiments/estimate/estimate_problem.h"
#include "experiments/estimate/range_fit.h"

namespace ronchi {
namespace {

using EstimateIndex = Eigen::Index;
constexpr const char* kScale = "scale";
constexpr double kQuantile999 = 3.2905;  // of the normal distribution, two-sided 99.9 %

RangeFit FitOf(const EstimateJob& job, const EstimateProblem& problem) {
  const EstimateIndex n = EstimateIndex(problem.model->parameters().size());
  theory::State low = theory::State::Constant(n, 1e-3), high = theory::State::Constant(n, 1e3);
  for (size_t i = 0; i < job.unknown.size(); ++i) {
    low[EstimateIndex(i)] = job.unknown[i].second[0];
    high[EstimateIndex(i)] = job.unknown[i].second[1];
  }
  return {*problem.model, problem.data, low, high};
}

// χ² and what it is expected to be: of counts of mean μ with variance v its mean is μ/v, its
// variance (μ + 2μ²)/v².
void TellChi2(const EstimateJob& job, const EstimateProblem& problem, const RangeFit::Point& p,
              EstimateResult* out) {
  const theory::NormalEquations& e = p.equations;
  const double n = double(e.data), freedom = n - double(p.at.size());
  double expected = 0, spread = 0;
  for (size_t a = 0; a < problem.data.size(); ++a) {
    const Eigen::VectorXd mean = theory::DataOf(problem.data[a]) - e.residuals[a];
    for (EstimateIndex i = 0; i < mean.size(); ++i) {
      const double v = 1 / e.weights[a][i], m = std::max(0.0, mean[i]);
      const double all = m + std::pow(job.model_error * m, 2);
      expected += all / v;
      spread += (m + 2 * all * all) / (v * v);
    }
    out->electrons += mean.sum();
  }
  out->pixels = n;
  out->chi2_per_pixel = e.chi2 / freedom;
  for (int sign : {-1, 1}) {
    out->chi2_interval[sign > 0] =
        (expected * freedom / n + sign * kQuantile999 * std::sqrt(spread)) / freedom;
  }
}

EstimateResult Tell(const EstimateJob& job, const EstimateProblem& problem, const RangeFit& fit,
                    const RangeFit::Point& p) {
  EstimateResult out;
  TellChi2(job, problem, p, &out);
  out.converged = p.settled;
  const double looser = std::max(1.0, out.chi2_per_pixel / out.chi2_interval[1]);
  const Eigen::MatrixXd covariance = fit.Information(p.equations).inverse() * looser;
  std::string ends;
  for (EstimateIndex i = 0; i < p.at.size(); ++i) {
    const bool asked = size_t(i) < job.unknown.size();
    Estimated x{.name = asked ? job.unknown[size_t(i)].first : kScale,
                .mean = p.at[i],
                .sigma = std::sqrt(covariance(i, i))};
    if (asked) x.range = job.unknown[size_t(i)].second;
    x.at_end = asked && fit.AtEnd(size_t(i), x.mean);
    if (x.at_end) ends += (ends.empty() ? "" : ", ") + x.name;
    out.unknown.push_back(x);
    out.covariance.emplace_back();
    for (EstimateIndex k = 0; k < p.at.size(); ++k) {
      out.covariance.back().push_back(covariance(i, k));
    }
  }
  if (out.chi2_per_pixel > out.chi2_interval[1]) {
    out.why_not = absl::StrFormat(
        "chi2 per pixel is %.4g, above the %.4g that counting and the model's error of %g allow",
        out.chi2_per_pixel, out.chi2_interval[1], job.model_error);
  } else if (!ends.empty()) {
    out.why_not = absl::StrCat("at the end of its range: ", ends);
  } else if (!p.settled) {
    out.why_not = "the fit has not settled";
  }
  out.explained = out.why_not.empty();
  return out;
}

}  // namespace

double SumOf(const Array<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

absl::StatusOr<std::vector<Array<double>>> ElectronsOf(const EstimateJob& job,
                                                       const FrameSeries& frames, bool together) {
  const auto& shape = frames.values.shape();
  const size_t count = shape[0], area = shape[1] * shape[2];
  // Shares of the electrons are those of the mean frame; counts add up.
  const double each =
      (job.electrons > 0 ? job.electrons : 1) / (together && job.electrons > 0 ? double(count) : 1);
  std::vector<Array<double>> out(together ? 1 : count,
                                 Array<double>(job.turned ? std::vector{shape[2], shape[1]}
                                                          : std::vector{shape[1], shape[2]}));
  for (size_t n = 0; n < count; ++n) {
    Array<double>& to = out[together ? 0 : n];
    for (size_t i = 0; i < area; ++i) {
      const size_t row = i / shape[2], column = i % shape[2];
      to[job.turned ? column * shape[1] + row : i] += each * frames.values[n * area + i];
    }
  }
  for (const Array<double>& frame : out) {
    const double sum = SumOf(frame);
    if (sum > 10) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "the frame holds %.3g electrons; if its values are shares of the beam, give their number "
        "as estimate.electrons or --electrons",
        sum));
  }
  return out;
}

void SetScale(const EstimateProblem& problem, theory::State* at) {
  double seen = 0, predicted = 0;
  for (const theory::Acquisition& a : problem.data) {
    for (float v : a.data) seen += v;
    predicted += problem.model->Predict(*at, a).mean.sum();
  }
  at->tail<1>()[0] *= seen / predicted;
}

absl::StatusOr<EstimateResult> Estimate(const EstimateJob& job, const FrameSeries& frames) {
  RONCHI_ASSIGN_OR_RETURN(const EstimateProblem problem,
                          job.of_images ? ImageProblem(job, frames) : PatternProblem(job, frames));
  const RangeFit fit = FitOf(job, problem);
  RONCHI_ASSIGN_OR_RETURN(const RangeFit::Point best,
                          fit.Run(problem.starts, problem.tryout_steps));
  return Tell(job, problem, fit, best);
}

}  // namespace ronchi
