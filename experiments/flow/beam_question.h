// When a guard finds that the beam is much weaker than it was in the session before, a person says
// whether that is meant.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/status.h"
#include "hw/workflow/host.h"

namespace ronchi {

inline constexpr char kBeamQuestion[] = "beam";    // its name, by which scripts answer it
inline constexpr char kAlarmQuestion[] = "alarm";  // of a recipe whose on_alarm asks a person
// No, silence, and no terminal all mean no.
bool AskYesNo(hw::workflow::Host* host, const std::string& name, const std::string& text);
// InvalidArgument: the answer of that name is none.
absl::Status CheckBeamAnswer(const std::map<std::string, std::string>& answers);

// For GuardOptions::accept_current. The question's name is "beam", by which scripts answer it
// (--yes-to beam); no, silence, and no terminal all mean no. The host must outlive it.
std::function<bool(double normal_A, double now_A)> AskAboutBeam(hw::workflow::Host* host);

}  // namespace ronchi
