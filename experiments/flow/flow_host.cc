#include "experiments/flow/flow_host.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "hw/workflow/expression.h"
#include "hw/workflow/results.h"

namespace ronchi {
namespace {

using hw::workflow::Answer;
using hw::workflow::Question;
using hw::workflow::Wish;
using nlohmann::json;

constexpr double kSlice_s = 0.05;  // between looks at signals while waiting

volatile std::sig_atomic_t g_pause = 0, g_resume = 0;
void OnPause(int) { g_pause = 1; }
void OnResume(int) { g_resume = 1; }

Wish::Kind KindOf(const std::string& word) {
  if (word == "pause") return Wish::Kind::kPause;
  if (word == "resume") return Wish::Kind::kResume;
  if (word == "skip") return Wish::Kind::kSkip;
  if (word == "stop") return Wish::Kind::kStop;
  return Wish::Kind::kNone;
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void InstallFlowSignals() {
  struct sigaction action = {};
  action.sa_handler = OnPause;
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = OnResume;
  sigaction(SIGUSR2, &action, nullptr);
}

bool ParseAnswer(const Question& question, const std::string& text, Answer* answer) {
  if (question.kind == "yes_no") {
    const YesNo said = ParseYesNo(text);
    *answer = {.given = said.given, .yes = said.yes, .who = answer->who, .why = said.why};
    return answer->given;
  }
  std::string value = text;
  answer->why = TakeReason(&value);
  const auto q = ParseQuantity(value);
  if (!q.ok() || DimensionName(q->dimension) != question.kind ||
      !question.between.Contains(q->si)) {
    return false;
  }
  answer->number = q->si;
  answer->given = true;
  return true;
}

Confirm ConfirmOf(TerminalHost* host) {
  return [host](const std::string& name, const std::string& text) {
    const Answer answer =
        host->Ask({.name = name, .text = text, .kind = "yes_no", .timeout_s = kQuestion_s});
    return answer.given && answer.yes;
  };
}

std::string AnswersAllowed(const Question& q) {
  if (q.kind == "yes_no") return "yes, no, each with 'because …' if you like";
  Dimension dimension = Dimension::kNone;
  (void)hw::workflow::DimensionNamed(q.kind, &dimension);
  return absl::StrCat(Format({q.between.low, dimension}), " … ",
                      Format({q.between.high, dimension}), ", with its unit");
}

json ToJson(const Question& q) {
  return {{"name", q.name},
          {"text", q.text},
          {"kind", q.kind},
          {"between", {q.between.low, q.between.high}},
          {"timeout_s", q.timeout_s}};
}

Question QuestionFromJson(const json& j) {
  Question q{.name = j.value("name", ""), .text = j.value("text", ""), .kind = j.value("kind", "")};
  const json between = j.value("between", json::array());
  if (between.size() == 2 && between[0].is_number() && between[1].is_number()) {
    q.between = {between[0], between[1]};
  }
  q.timeout_s = j.value("timeout_s", 0.0);
  return q;
}

void TerminalHost::Note(json entry) const {
  if (options_.note) options_.note(entry);
}

std::optional<ControlWord> TerminalHost::Take(const Question* pending, Answer* answer) {
  if (options_.folder.empty()) return std::nullopt;
  const auto word = TakeControl(options_.folder, options_.sitting,
                                [this](const std::string& what) { Log("thrown away: " + what); });
  if (!word) return std::nullopt;
  json told = {{"type", "told"}, {"id", word->id}, {"word", word->word}, {"who", word->who}};
  if (word->word == "answer") {
    told["text"] = word->text;
    answer->who = word->who;
    if (!pending) {
      told["refused"] = "it asks nothing any more";
    } else if (!ParseAnswer(*pending, word->text, answer)) {
      told["refused"] = "that is no answer to its question; allowed: " + AnswersAllowed(*pending);
    }
  } else if (KindOf(word->word) == Wish::Kind::kNone) {
    told["refused"] = "no such word";
  }
  Note(told);
  return word;
}

Answer TerminalHost::Ask(const Question& question) {
  json asking = ToJson(question);
  asking["type"] = "asking";
  asking["at_unix_s"] = UnixSeconds();  // for whoever sees it elsewhere: how long it still waits
  Note(asking);
  Answer answer;
  if (const auto it = options_.answers.find(question.name); it != options_.answers.end()) {
    answer.who = absl::StrCat("script of ", UserName());
    if (!ParseAnswer(question, it->second, &answer)) answer.given = false;
  } else if (isatty(STDIN_FILENO) || options_.attended) {
    answer = WaitForAnswer(question);
  }
  json answered = {{"type", "answered"},    {"name", question.name}, {"text", question.text},
                   {"given", answer.given}, {"who", answer.who},     {"why", answer.why}};
  if (answer.given && question.kind == "yes_no") answered["is"] = answer.yes ? "yes" : "no";
  if (answer.given && question.kind != "yes_no") {
    Dimension dimension = Dimension::kNone;
    (void)hw::workflow::DimensionNamed(question.kind, &dimension);
    answered["is"] = Format({answer.number, dimension});
  }
  Note(answered);
  return answer;
}

// At this terminal, if there is one, or by `ronchi flow answer` at another.
Answer TerminalHost::WaitForAnswer(const Question& question) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  TypedLines typed;
  bool prompted = false;
  std::string line;
  for (;;) {
    Answer answer;
    const double left =
        question.timeout_s - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left <= 0 || Interrupted() || (typed.gone() && !options_.attended)) return {};
    if (!prompted) {
      std::fprintf(stderr, "%s [%s; %.0f s%s] ", Printable(question.text).c_str(),
                   AnswersAllowed(question).c_str(), left,
                   options_.folder.empty()
                       ? ""
                       : absl::StrCat("; or: ronchi flow answer ", options_.folder, " …").c_str());
      if (typed.gone()) std::fprintf(stderr, "\n");
      prompted = true;
    }
    if (const auto word = Take(&question, &answer)) {
      if (answer.given) {
        std::fprintf(stderr, "\nanswered '%s' by %s\n", Printable(word->text).c_str(),
                     Printable(word->who).c_str());
        return answer;
      }
      const Wish wish{KindOf(word->word), word->who};
      if (wish.kind != Wish::Kind::kNone) wishes_.push_back(wish);
      if (wish.kind == Wish::Kind::kStop) return {};
    }
    if (options_.alive) options_.alive();
    if (!typed.Take(kSlice_s, &line)) continue;
    answer.who = UserName();
    if (ParseAnswer(question, line, &answer)) return answer;
    if (!line.empty()) std::fprintf(stderr, "that is no answer to it\n");
    prompted = false;
  }
}

// On the wall's clock, until it is over or somebody wants something.
double TerminalHost::WaitOnTheWall(double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (;;) {
    const double passed = std::chrono::duration<double>(Clock::now() - begin).count();
    if (passed >= seconds) return seconds;
    const bool wanted =
        Interrupted() || g_pause ||
        (!options_.folder.empty() && access((options_.folder + "/control").c_str(), F_OK) == 0);
    if (wanted && passed > 0) return passed;
    if (options_.alive) options_.alive();
    std::this_thread::sleep_for(
        std::chrono::duration<double>(std::min(kSlice_s, seconds - passed)));
  }
}

double TerminalHost::Wait(double seconds) {
  // A twin in real time is told of the whole wait at once, after it: its walks are then the same as
  // without.
  const double passed = options_.truth && !options_.real_time ? seconds : WaitOnTheWall(seconds);
  if (!options_.truth) return passed;
  options_.truth->Pass(passed);
  if (options_.on_pass) options_.on_pass(passed);
  return passed;
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
  if (!wishes_.empty()) {
    const Wish wish = wishes_.front();
    wishes_.pop_front();
    return wish;
  }
  Answer nobody_asked;
  const auto word = Take(nullptr, &nobody_asked);
  return word ? Wish{KindOf(word->word), word->who} : Wish{};
}

void TerminalHost::Log(const std::string& line) {
  if (!options_.quiet) std::fprintf(stderr, "%s\n", Printable(line).c_str());
}

}  // namespace ronchi
