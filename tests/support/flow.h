// Workflows in tests: a small column to check against and to run on, and a host that is a script.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/workflow/run.h"
#include "tests/support/described.h"

namespace ronchi::testing_support {

constexpr double kColumnCurrent_A = 50e-12;

inline hw::Description SmallColumn() {
  hw::Description d;
  d.id = "test:column";
  for (const char* name : {"optics.C10", "optics.C12.a"}) {
    d.properties.push_back({.name = name,
                            .dimension = Dimension::kLength,
                            .min = -50e-9,
                            .max = 50e-9,
                            .max_step = 40e-9,
                            .writable = true,
                            .resolution = 1e-11,
                            .settling_s = 0.05});
  }
  d.properties.push_back({.name = "beam.current", .dimension = Dimension::kCurrent, .min = 0});
  d.detectors.push_back({.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.2});
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.max_fov_m = 1e-6;
  d.cannot = {"expose", "measure"};
  d.read_s = 1e-3;
  d.blank_s = 1e-4;
  d.flyback_s = 1e-4;
  d.frame_overhead_s = 0.02;
  return d;
}

inline hw::workflow::CheckOptions SmallColumnNow() {
  return {.current_A = kColumnCurrent_A,
          .worst_current_A = kColumnCurrent_A,
          .positions = {{"optics.C10", 0}, {"optics.C12.a", 0}}};
}

inline absl::StatusOr<hw::workflow::Workflow> ParseFlow(const std::string& text) {
  const auto config = Config::Parse(text, "w.yaml");
  if (!config.ok()) return config.status();
  return hw::workflow::ReadWorkflow(*config);
}

// What a test has a person, a clock and an agent say.
class ScriptedHost final : public hw::workflow::Host {
 public:
  hw::workflow::Answer Ask(const hw::workflow::Question& q) override {
    questions.push_back(q);
    if (answers.empty()) return {};
    const hw::workflow::Answer a = answers.front();
    answers.erase(answers.begin());
    return a;
  }
  double Wait(double seconds) override {
    waited_s += seconds;
    return seconds;
  }
  hw::workflow::Wish Poll() override {
    ++polls;
    return wish ? wish(polls) : hw::workflow::Wish{};
  }
  void Log(const std::string& line) override { lines.push_back(line); }

  std::vector<hw::workflow::Answer> answers;
  std::vector<hw::workflow::Question> questions;
  std::vector<std::string> lines;
  double waited_s = 0;
  int polls = 0;
  std::function<hw::workflow::Wish(int)> wish;
};

class ScriptedDecider final : public hw::workflow::Decider {
 public:
  absl::StatusOr<std::vector<double>> Decide(const hw::workflow::Decision& d) override {
    decisions.push_back(d);
    return decide ? decide(d) : std::vector<double>(d.outputs.size(), 0.0);
  }
  std::vector<hw::workflow::Decision> decisions;
  std::function<std::vector<double>(const hw::workflow::Decision&)> decide;
};

}  // namespace ronchi::testing_support
