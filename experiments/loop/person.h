// The person at this terminal, whom runs ask yes-or-no questions, and what scripts answer instead.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/status.h"

namespace ronchi {

inline constexpr char kBeamQuestion[] = "beam";    // its name, by which scripts answer it
inline constexpr char kAlarmQuestion[] = "alarm";  // of a recipe whose on_alarm asks a person
inline constexpr double kQuestion_s = 600;         // time to look at the gun and its valves

std::string UserName();

struct YesNo {
  bool given = false, yes = false;
  std::string why;
};
// "yes", "y", "no", "n" in any case; not given when it is none of these.
YesNo ParseYesNo(const std::string& text);
// Cuts "because …" off the end of an answer; what follows that word.
std::string TakeReason(std::string* answer);

// What is typed at this terminal. It is read a character at a time, so that other things may be
// looked at meanwhile.
class TypedLines {
 public:
  TypedLines();
  // Waits at most so long. True: a line is whole, and taken.
  bool Take(double wait_s, std::string* line);
  bool gone() const { return gone_; }  // nobody can type, or nobody can any more

 private:
  std::string line_;
  bool gone_;
};

// Whether the answer to a question of this name and text is yes. No, silence, and no terminal all
// mean no.
using Confirm = std::function<bool(const std::string& name, const std::string& text)>;

// Answers of scripts by the question's name; whoever sits at the terminal answers the others.
Confirm ConfirmAtTerminal(std::map<std::string, std::string> answers);

// InvalidArgument: the answer to the guard's question is none.
absl::Status CheckBeamAnswer(const std::map<std::string, std::string>& answers);
// For GuardOptions::accept_current: when a guard finds that the beam is much weaker than it was in
// the session before, a person says whether that is meant.
std::function<bool(double normal_A, double now_A)> AskAboutBeam(Confirm confirm);

}  // namespace ronchi
