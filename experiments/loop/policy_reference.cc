#include "experiments/loop/policy_reference.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ronchi {
namespace {

constexpr char kPrefix[] = "reference/";

}  // namespace

void PutReferences(const References& references, agents::Provenance* provenance) {
  for (const auto& [name, r] : references) {
    if (r.frames < 2 || !std::isfinite(r.mean) || !std::isfinite(r.standard_deviation)) continue;
    const std::string key = absl::StrCat(kPrefix, name);
    (*provenance)[key + "/frames"] = double(r.frames);
    (*provenance)[key + "/mean"] = r.mean;
    (*provenance)[key + "/standard_deviation"] = r.standard_deviation;
  }
}

References GetReferences(const agents::Provenance& provenance) {
  References out;
  for (const auto& [key, value] : provenance) {
    if (!absl::StartsWith(key, kPrefix) || !std::holds_alternative<double>(value)) continue;
    const size_t slash = key.rfind('/');
    theory::ReferenceSummary& r = out[key.substr(sizeof kPrefix - 1, slash - sizeof kPrefix + 1)];
    const std::string what = key.substr(slash + 1);
    const double number = std::get<double>(value);
    if (what == "frames") r.frames = int64_t(number);
    if (what == "mean") r.mean = number;
    if (what == "standard_deviation") r.standard_deviation = number;
  }
  return out;
}

}  // namespace ronchi
