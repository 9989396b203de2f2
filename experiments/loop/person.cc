#include "experiments/loop/person.h"

#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/printable.h"

namespace ronchi {

std::string UserName() {
  const passwd* user = getpwuid(getuid());
  return user && user->pw_name ? user->pw_name : absl::StrCat("uid ", getuid());
}

std::string TakeReason(std::string* answer) {
  std::string why;
  if (const size_t because = answer->find("because "); because != std::string::npos) {
    why = answer->substr(because + 8);
    answer->resize(because);
  }
  absl::StripAsciiWhitespace(answer);
  return why;
}

YesNo ParseYesNo(const std::string& text) {
  YesNo answer;
  std::string word = text;
  answer.why = TakeReason(&word);
  absl::AsciiStrToLower(&word);
  answer.yes = word == "yes" || word == "y";
  answer.given = answer.yes || word == "no" || word == "n";
  return answer;
}

TypedLines::TypedLines() : gone_(!isatty(STDIN_FILENO)) {}

bool TypedLines::Take(double wait_s, std::string* line) {
  pollfd fd = {STDIN_FILENO, POLLIN, 0};
  if (gone_ || poll(&fd, 1, int(wait_s * 1000)) <= 0) {
    if (gone_) std::this_thread::sleep_for(std::chrono::duration<double>(wait_s));
    return false;
  }
  char c = 0;
  gone_ = read(STDIN_FILENO, &c, 1) != 1;
  if (gone_) return false;
  if (c != '\n') {
    line_ += c;
    return false;
  }
  *line = std::move(line_);
  line_.clear();
  return true;
}

namespace {

bool ConfirmTyped(const std::string& text) {
  using Clock = std::chrono::steady_clock;
  constexpr double kLook_s = 0.05;
  const auto begin = Clock::now();
  TypedLines typed;
  bool prompted = false;
  std::string line;
  for (;;) {
    const double left = kQuestion_s - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left <= 0 || Interrupted() || typed.gone()) return false;
    if (!prompted) {
      std::fprintf(stderr, "%s [yes, no; %.0f s] ", Printable(text).c_str(), left);
      prompted = true;
    }
    if (!typed.Take(kLook_s, &line)) continue;
    if (const YesNo answer = ParseYesNo(line); answer.given) return answer.yes;
    if (!line.empty()) std::fprintf(stderr, "that is no answer to it\n");
    prompted = false;
  }
}

}  // namespace

Confirm ConfirmAtTerminal(std::map<std::string, std::string> answers) {
  return [answers = std::move(answers)](const std::string& name, const std::string& text) {
    const auto it = answers.find(name);
    return it == answers.end() ? ConfirmTyped(text) : ParseYesNo(it->second).yes;
  };
}

absl::Status CheckBeamAnswer(const std::map<std::string, std::string>& answers) {
  const auto it = answers.find(kBeamQuestion);
  if (it == answers.end() || ParseYesNo(it->second).given) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--answer '", kBeamQuestion, "=", it->second,
                   "': no answer to the guard's question; allowed: yes, no"));
}

std::function<bool(double, double)> AskAboutBeam(Confirm confirm) {
  return [confirm = std::move(confirm)](double normal_A, double now_A) {
    return confirm(kBeamQuestion,
                   absl::StrFormat("The beam's current was %.3g pA and reads %.3g pA now. Is that "
                                   "meant, and to be the new normal?",
                                   normal_A * 1e12, now_A * 1e12));
  };
}

}  // namespace ronchi
