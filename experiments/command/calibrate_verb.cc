// `ronchi calibrate`: the verb.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/printable.h"
#include "experiments/calibrate/calibrate.h"
#include "experiments/command/command_line.h"

namespace ronchi {
namespace {

nlohmann::json CalibrationToJson(const Calibration& c) {
  nlohmann::json numbers = nlohmann::json::object();
  for (const CalibratedNumber& n : c.numbers) {
    numbers[n.name] = {{"prior", {n.prior.low, n.prior.high}},
                       {"mean", n.mean},
                       {"standard_deviation", n.sigma},
                       {"range", {n.range.low, n.range.high}}};
  }
  return {{"numbers", numbers},
          {"images", c.images},
          {"left_out", c.left_out},
          {"parts", c.parts},
          {"chi2_per_pixel", c.chi2_per_pixel}};
}

}  // namespace

int Calibrate(const Arguments& a) {
  if (!a.output.empty() && !a.force && std::filesystem::exists(a.output)) {
    return Fail(absl::InvalidArgumentError(a.output + ": is there already; --force replaces it"));
  }
  const absl::StatusOr<Calibration> done = CalibrateRun(a.target);
  if (!done.ok()) return Fail(done.status());
  if (!a.output.empty()) {
    if (const absl::Status s = WriteFileAtomically(a.output, done->recipe); !s.ok()) return Fail(s);
  }
  if (a.as_json) {
    PrintJson(CalibrationToJson(*done));
    return Finish();
  }
  std::printf("%-18s %-20s %-22s %s\n", "hidden number", "prior", "the images say", "new prior");
  for (const CalibratedNumber& n : done->numbers) {
    char prior[64], says[64];
    std::snprintf(prior, sizeof prior, "%.4g … %.4g", n.prior.low, n.prior.high);
    std::snprintf(says, sizeof says, "%.4g ± %.2g", n.mean, n.sigma);
    // The signs are of two and three bytes each.
    std::printf("%-18s %-22s %-23s %.4g … %.4g\n", Printable(n.name).c_str(), prior, says,
                n.range.low, n.range.high);
  }
  std::printf("%zu images, %zu left out, %zu part%s, chi2 per pixel %.3f%s\n", done->images,
              done->left_out, done->parts, done->parts == 1 ? "" : "s", done->chi2_per_pixel,
              done->chi2_per_pixel > 1.25 ? ": theory does not explain all that they show" : "");
  if (!a.output.empty()) std::printf("wrote %s\n", Printable(a.output).c_str());
  return Finish();
}

}  // namespace ronchi
