#include "hw/conformance/conformance.h"

#include "absl/strings/str_cat.h"
#include "hw/conformance/suite.h"

namespace ronchi::hw {

std::string_view OutcomeName(Outcome outcome) {
  return outcome == Outcome::kPass ? "pass" : outcome == Outcome::kFail ? "fail" : "skip";
}

std::vector<ConformanceCheck> CheckConformance(Instrument* instrument,
                                               const ConformanceOptions& options) {
  conformance::Suite suite(instrument, options);
  conformance::CheckProperties(&suite);
  conformance::CheckExposures(&suite);
  return std::move(suite.checks());
}

std::string ConformanceReport(const std::vector<ConformanceCheck>& checks) {
  std::string text;
  size_t count[3] = {};
  for (Outcome outcome : {Outcome::kFail, Outcome::kSkip, Outcome::kPass}) {
    for (const ConformanceCheck& c : checks) {
      if (c.outcome != outcome) continue;
      ++count[size_t(outcome)];
      absl::StrAppend(&text, std::string(OutcomeName(outcome)), "  ", c.name,
                      c.reason.empty() ? "" : ": ", c.reason, "\n");
    }
  }
  absl::StrAppend(&text, count[0], " passed, ", count[1], " failed, ", count[2], " skipped\n");
  return text;
}

}  // namespace ronchi::hw
