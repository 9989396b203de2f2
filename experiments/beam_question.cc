#include "experiments/beam_question.h"

#include "absl/strings/str_format.h"

namespace ronchi {

std::function<bool(double, double)> AskAboutBeam(hw::workflow::Host* host) {
  constexpr double kTimeout_s = 600;  // time to look at the gun and its valves
  return [host](double normal_A, double now_A) {
    const hw::workflow::Answer answer = host->Ask(
        {.name = "beam",
         .text = absl::StrFormat("The beam's current was %.3g pA and reads %.3g pA now. Is that "
                                 "meant, and to be the new normal?",
                                 normal_A * 1e12, now_A * 1e12),
         .kind = "yes_no",
         .timeout_s = kTimeout_s});
    return answer.given && answer.yes;
  };
}

}  // namespace ronchi
