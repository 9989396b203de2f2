#include "experiments/flow_host.h"

#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "hw/workflow/expression.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using hw::workflow::Answer;
using hw::workflow::Question;
using hw::workflow::Wish;

constexpr double kSlice_s = 0.05;  // between looks at signals while waiting

volatile std::sig_atomic_t g_pause = 0, g_resume = 0;
void OnPause(int) { g_pause = 1; }
void OnResume(int) { g_resume = 1; }

std::string ControlPath(const std::string& folder) { return folder + "/control"; }

Wish::Kind KindOf(const std::string& word) {
  if (word == "pause") return Wish::Kind::kPause;
  if (word == "resume") return Wish::Kind::kResume;
  if (word == "skip") return Wish::Kind::kSkip;
  if (word == "stop") return Wish::Kind::kStop;
  return Wish::Kind::kNone;
}

// A line from the terminal, or "" when the time is over.
std::string ReadLine(double timeout_s) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(timeout_s);
  std::string line;
  while (Clock::now() < end && !Interrupted()) {
    pollfd fd = {STDIN_FILENO, POLLIN, 0};
    if (poll(&fd, 1, int(kSlice_s * 1000)) <= 0) continue;
    char c = 0;
    if (read(STDIN_FILENO, &c, 1) != 1) return "";  // the terminal is gone
    if (c == '\n') return line;
    line += c;
  }
  return "";
}

}  // namespace

std::string UserName() {
  const passwd* user = getpwuid(getuid());
  return user && user->pw_name ? user->pw_name : absl::StrCat("uid ", getuid());
}

void InstallFlowSignals() {
  struct sigaction action = {};
  action.sa_handler = OnPause;
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = OnResume;
  sigaction(SIGUSR2, &action, nullptr);
}

absl::Status WriteControl(const std::string& folder, const std::string& word) {
  std::error_code ec;
  if (!fs::is_regular_file(folder + "/journal.jsonl", ec)) {
    return absl::NotFoundError(folder + ": no run of a workflow there");
  }
  return WriteFileAtomically(ControlPath(folder), absl::StrCat(word, " ", UserName(), "\n"));
}

bool ParseAnswer(const Question& question, const std::string& text, Answer* answer) {
  std::string value = text;
  if (const size_t because = value.find("because "); because != std::string::npos) {
    answer->why = value.substr(because + 8);
    value.resize(because);
  }
  absl::StripAsciiWhitespace(&value);
  if (question.kind == "yes_no") {
    const std::string word = absl::AsciiStrToLower(value);
    answer->yes = word == "yes" || word == "y";
    answer->given = answer->yes || word == "no" || word == "n";
    return answer->given;
  }
  const auto q = ParseQuantity(value);
  if (!q.ok() || DimensionName(q->dimension) != question.kind ||
      !question.between.Contains(q->si)) {
    return false;
  }
  answer->number = q->si;
  answer->given = true;
  return true;
}

Answer TerminalHost::Ask(const Question& question) {
  Answer answer;
  if (const auto it = options_.answers.find(question.name); it != options_.answers.end()) {
    answer.who = absl::StrCat("script of ", UserName());
    if (!ParseAnswer(question, it->second, &answer)) answer.given = false;
    return answer;
  }
  if (!isatty(STDIN_FILENO)) return answer;  // nobody there
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (;;) {
    const double left =
        question.timeout_s - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left <= 0 || Interrupted()) return answer;
    std::fprintf(stderr, "%s [%s, %.0f s] ", Printable(question.text).c_str(),
                 question.kind == "yes_no" ? "yes/no, with 'because …' if you like"
                                           : "a number with its unit",
                 left);
    const std::string line = ReadLine(left);
    if (line.empty()) continue;
    answer.who = UserName();
    if (ParseAnswer(question, line, &answer)) return answer;
    std::fprintf(stderr, "that is no answer to it\n");
  }
}

double TerminalHost::Wait(double seconds) {
  if (options_.truth) {
    options_.truth->Pass(seconds);
    if (options_.on_pass) options_.on_pass(seconds);
    return seconds;
  }
  const double slice = std::min(seconds, kSlice_s);
  std::this_thread::sleep_for(std::chrono::duration<double>(slice));
  return slice;
}

Wish TerminalHost::Poll() {
  if (g_pause) {
    g_pause = 0;
    return {Wish::Kind::kPause, "signal"};
  }
  if (g_resume) {
    g_resume = 0;
    return {Wish::Kind::kResume, "signal"};
  }
  const std::string path = ControlPath(options_.folder);
  if (access(path.c_str(), R_OK) != 0) return {};
  const auto text = ReadFile(path, kConfigFile);
  unlink(path.c_str());
  if (!text.ok()) return {};
  const size_t space = text->find(' ');
  std::string who = space == std::string::npos ? "" : text->substr(space + 1);
  absl::StripAsciiWhitespace(&who);
  std::string word = text->substr(0, space);
  absl::StripAsciiWhitespace(&word);
  return {KindOf(word), who};
}

void TerminalHost::Log(const std::string& line) {
  if (!options_.quiet) std::fprintf(stderr, "%s\n", Printable(line).c_str());
}

}  // namespace ronchi
