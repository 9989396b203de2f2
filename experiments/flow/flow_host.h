// Whom a workflow turns to on this machine: a person at this terminal or another one, the clock,
// and whoever sends signals (SIGUSR1 pauses, SIGUSR2 resumes) or words by `ronchi flow`
// (flow_control.h).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/flow/flow_control.h"
#include "experiments/loop/person.h"
#include "hw/instrument/ground_truth.h"
#include "hw/workflow/host.h"

namespace ronchi {

void InstallFlowSignals();

class TerminalHost final : public hw::workflow::Host {
 public:
  struct Options {
    std::string folder;  // where `control` may appear; empty: nowhere
    int sitting = 0;
    std::map<std::string, std::string> answers;  // of scripts, by the question's name
    // Somebody answers with `ronchi flow answer`: questions wait where there is no terminal, too.
    bool attended = false;
    hw::GroundTruth* truth = nullptr;  // of a twin: time passes on its clock
    bool real_time = false;            // and as long on the wall's
    bool quiet = false;
    std::function<void(double)> on_pass = nullptr;  // told of the time that passed on its clock
    // Told of questions, answers and words taken, as entries of the journal.
    std::function<void(const nlohmann::json&)> note = nullptr;
    std::function<void()> alive = nullptr;  // called while waiting: the guard's heartbeat
  };
  explicit TerminalHost(Options options) : options_(std::move(options)) {}

  hw::workflow::Answer Ask(const hw::workflow::Question& question) override;
  double Wait(double seconds) override;
  hw::workflow::Wish Poll() override;
  void Log(const std::string& line) override;
  void set_alive(std::function<void()> alive) { options_.alive = std::move(alive); }

 private:
  // The next word from another terminal, noted as taken; nothing: none.
  std::optional<ControlWord> Take(const hw::workflow::Question* pending,
                                  hw::workflow::Answer* answer);
  void Note(nlohmann::json entry) const;
  hw::workflow::Answer WaitForAnswer(const hw::workflow::Question& question);
  double WaitOnTheWall(double seconds);
  Options options_;
  std::deque<hw::workflow::Wish> wishes_;  // taken while a question waited
};

// "yes", "no", "5 nm", each with "because …" if wished. False: not an answer to that question.
bool ParseAnswer(const hw::workflow::Question& question, const std::string& text,
                 hw::workflow::Answer* answer);
std::string AnswersAllowed(const hw::workflow::Question& question);  // "yes, no"; "0 nm … 5 nm"
// A yes-or-no question to it.
Confirm ConfirmOf(TerminalHost* host);
// As the journal holds a question: name, text, kind, between [low, high] (SI), timeout_s.
nlohmann::json ToJson(const hw::workflow::Question& question);
hw::workflow::Question QuestionFromJson(const nlohmann::json& json);

}  // namespace ronchi
