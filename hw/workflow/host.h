// Whom a running workflow turns to besides the instrument: people, agents, the clock, and whoever
// pauses it. experiments/ has the terminal and the agents; tests have their own.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "hw/workflow/value.h"

namespace ronchi::hw::workflow {

struct Question {
  std::string name;  // by which scripts answer it
  std::string text;
  std::string kind;      // "yes_no", or a dimension's name
  Interval between;      // of a number, SI
  double timeout_s = 0;  // on the host's clock
};
struct Answer {
  bool given = false;  // false: time-out, no terminal
  bool yes = false;
  double number = 0;  // SI
  std::string who, why;
};

struct Wish {
  enum class Kind { kNone, kPause, kResume, kSkip, kStop } kind = Kind::kNone;
  std::string who;
};

class Host {
 public:
  virtual ~Host() = default;
  // Waits for a person, at most the question's time. Silence is an answer that is not given.
  virtual Answer Ask(const Question& question) = 0;
  // Lets some or all of that time pass, on the instrument's clock; how much it was.
  virtual double Wait(double seconds) = 0;
  // What somebody wishes, once. Ctrl-C is core/interrupt.h's.
  virtual Wish Poll() = 0;
  virtual void Log(const std::string& line) = 0;
};

struct Decision {
  std::string step;   // whose memory this is
  std::string agent;  // as written
  struct Output {
    std::string name;
    double low = 0, high = 0;  // SI
    Exponents unit;
  };
  std::vector<Output> outputs;
  std::vector<std::pair<std::string, Value>> observed;
  std::optional<double> value;  // what the agent maximises: what its last choice was worth
  uint64_t seed = 0;
};

class Decider {
 public:
  virtual ~Decider() = default;
  // SI, one for each output. On going on with a run the same decisions are asked again, in order,
  // so that agents with a memory remember; images are not there then.
  virtual absl::StatusOr<std::vector<double>> Decide(const Decision& decision) = 0;
};

}  // namespace ronchi::hw::workflow
