#include "experiments/flow/beam_question.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "experiments/flow/flow_host.h"

namespace ronchi {

bool AskYesNo(hw::workflow::Host* host, const std::string& name, const std::string& text) {
  constexpr double kTimeout_s = 600;  // time to look at the gun and its valves
  const hw::workflow::Answer answer =
      host->Ask({.name = name, .text = text, .kind = "yes_no", .timeout_s = kTimeout_s});
  return answer.given && answer.yes;
}

absl::Status CheckBeamAnswer(const std::map<std::string, std::string>& answers) {
  const auto it = answers.find(kBeamQuestion);
  hw::workflow::Answer answer;
  if (it == answers.end() || ParseAnswer({.kind = "yes_no"}, it->second, &answer)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--answer '", kBeamQuestion, "=", it->second,
                   "': no answer to the guard's question; allowed: yes, no"));
}

std::function<bool(double, double)> AskAboutBeam(hw::workflow::Host* host) {
  return [host](double normal_A, double now_A) {
    return AskYesNo(host, kBeamQuestion,
                    absl::StrFormat("The beam's current was %.3g pA and reads %.3g pA now. Is that "
                                    "meant, and to be the new normal?",
                                    normal_A * 1e12, now_A * 1e12));
  };
}

}  // namespace ronchi
