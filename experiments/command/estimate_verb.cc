// `ronchi estimate`: the verb.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/printable.h"
#include "experiments/command/command_line.h"
#include "experiments/estimate/estimate.h"

namespace ronchi {
namespace {

nlohmann::json EstimateToJson(const EstimateResult& r) {
  nlohmann::json unknown = nlohmann::json::object(), names = nlohmann::json::array();
  for (const Estimated& x : r.unknown) {
    unknown[x.name] = {{"mean", x.mean}, {"standard_deviation", x.sigma}, {"at_end", x.at_end}};
    names.push_back(x.name);
  }
  return {{"estimates", unknown},
          {"names", names},
          {"covariance", r.covariance},
          {"chi2_per_pixel", r.chi2_per_pixel},
          {"chi2_interval", r.chi2_interval},
          {"pixels", r.pixels},
          {"electrons", r.electrons},
          {"converged", r.converged},
          {"explained", r.explained},
          {"why_not", r.why_not}};
}

}  // namespace

int EstimateFrames(const Arguments& a) {
  const absl::StatusOr<Config> config = Config::Load(a.target, a.overrides);
  if (!config.ok()) return Fail(config.status());
  absl::StatusOr<EstimateJob> job = ReadEstimateJob(*config);
  if (!job.ok()) return Fail(job.status());
  if (a.electrons > 0) job->electrons = a.electrons;
  const auto frames = ReadFrameSeries(a.second, a.dataset, job->detector);
  if (!frames.ok()) return Fail(frames.status());
  const absl::StatusOr<EstimateResult> result = Estimate(*job, *frames);
  if (!result.ok()) return Fail(Annotate(result.status(), a.second));
  if (a.as_json) {
    PrintJson(EstimateToJson(*result));
    return Finish();
  }
  for (const Estimated& x : result->unknown) {
    std::printf("%-14s %10.5g ± %.2g%s\n", Printable(x.name).c_str(), x.mean, x.sigma,
                x.at_end ? "  at the end of its range" : "");
  }
  std::printf("chi2 per pixel %10.4g of %.4g … %.4g expected, %.0f pixels, %.4g electrons\n",
              result->chi2_per_pixel, result->chi2_interval[0], result->chi2_interval[1],
              result->pixels, result->electrons);
  std::printf("explained      %s%s\n", result->explained ? "yes" : "no: ", result->why_not.c_str());
  return Finish();
}

}  // namespace ronchi
