#include "hw/safety/beam_check.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::hw {
namespace {

absl::Status Lost(const std::string& cause, Effect effect) {
  return MakeError({ErrorKind::kHardware, absl::StrCat("the beam is lost: ", cause),
                    "look at gun, valves and vacuum before unblanking", effect});
}

}  // namespace

absl::Status BeamCheck::Ready(const Reader& read) const {
  if (needs_.empty()) return absl::OkStatus();
  Read all;
  for (const auto& [name, bounds] : needs_) all.properties.push_back(name);
  const absl::StatusOr<Reply> reply = read(all);
  // In doubt there is no beam; whether the reading itself was a fault is the reader's matter.
  if (!reply.ok()) {
    return Lost(
        absl::StrCat("what it needs cannot be read: ", std::string(reply.status().message())),
        Effect::kPerhaps);
  }
  for (const auto& [name, bounds] : needs_) {
    const auto is_it = [&name = name](const Reading& r) { return r.property == name; };
    const auto r = std::find_if(reply->readings.begin(), reply->readings.end(), is_it);
    const double v = r == reply->readings.end() ? std::nan("") : r->value.si;
    if (v >= bounds[0] && v <= bounds[1]) continue;
    return Lost(absl::StrFormat("%s reads %g; it needs %g … %g", name, v, bounds[0], bounds[1]),
                Effect::kPerhaps);
  }
  return absl::OkStatus();
}

absl::Status BeamCheck::Judge(const Command& command, const Cost& forecast, const Reply& reply) {
  for (const Reading& r : reply.readings) {
    if (r.property != "beam.current") continue;
    const double error = std::isfinite(r.uncertainty) ? r.uncertainty : 0;
    const double normal_A = std::max(worst_A_, normal_A_);
    if (!reply.blanked && !(r.value.si + 3 * error >= least_ * normal_A)) {
      return Lost(absl::StrFormat("beam.current reads %.3g A; it was %.3g A", r.value.si, normal_A),
                  Effect::kDone);
    }
    if (!std::isfinite(r.value.si)) continue;
    worst_A_ = std::max(worst_A_, r.value.si + 3 * error);
    double& highest_A = highest_A_[reply.blanked ? 1 : 0];
    highest_A = std::max(highest_A, r.value.si + 3 * error);
  }
  // What a measurement uses is at most the forecast, and may be much less.
  const bool comparable = Exposes(command) && !std::holds_alternative<Measure>(command) &&
                          reply.ended == Ended::kComplete;
  // The forecast is of the highest current of this session; before it there may have been more.
  const double electrons = forecast.electrons * std::max(1.0, normal_A_ / worst_A_);
  if (!comparable || reply.electrons >= least_ * electrons) return absl::OkStatus();
  return Lost(absl::StrFormat("%.3g electrons reached the specimen; its current gives %.3g",
                              reply.electrons, electrons),
              Effect::kDone);
}

}  // namespace ronchi::hw
