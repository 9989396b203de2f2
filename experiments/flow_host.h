// Whom a workflow turns to on this machine: a person at the terminal, the clock, and whoever sends
// signals (SIGUSR1 pauses, SIGUSR2 resumes) or writes the run folder's `control` file, as
// `ronchi flow` does.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "hw/ground_truth.h"
#include "hw/workflow/host.h"

namespace ronchi {

// One word of pause, resume, skip, stop, for the run in `folder`. NotFound: no run there.
absl::Status WriteControl(const std::string& folder, const std::string& word);
void InstallFlowSignals();
std::string UserName();

class TerminalHost final : public hw::workflow::Host {
 public:
  struct Options {
    std::string folder;
    std::map<std::string, std::string> answers;  // of scripts, by the question's name
    hw::GroundTruth* truth = nullptr;            // of a twin: time passes on its clock
    bool quiet = false;
    std::function<void(double)> on_pass = nullptr;  // told of the time that passed on its clock
  };
  explicit TerminalHost(Options options) : options_(std::move(options)) {}

  hw::workflow::Answer Ask(const hw::workflow::Question& question) override;
  double Wait(double seconds) override;
  hw::workflow::Wish Poll() override;
  void Log(const std::string& line) override;

 private:
  const Options options_;
};

// "yes", "no", "5 nm", each with "because …" if wished. False: not an answer to that question.
bool ParseAnswer(const hw::workflow::Question& question, const std::string& text,
                 hw::workflow::Answer* answer);

}  // namespace ronchi
