// For tests/interop/check_classic_tasks.py: one of the classic tasks, driven line by line.
//   interop_classic_tasks_peer ID
// Reads {"start": {name: number …}} or {"action": number} and answers each with
// {"observation": [numbers], "state": {name: number …}, "reward": number, "terminated": bool,
// "truncated": bool}.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/classic_tasks.h"

namespace ronchi {
namespace {

using nlohmann::json;

json Answer(env::Environment& task, const json& asked, std::span<float> observation) {
  env::Outcome outcome;
  if (asked.contains("start")) {
    const auto start = asked["start"].get<env::ResetOptions>();
    if (const auto s = task.ResetInto(std::nullopt, start, observation); !s.ok()) {
      return {{"error", std::string(s.message())}};
    }
  } else {
    const float action = asked.at("action").get<float>();
    const auto stepped = task.StepInto({&action, 1}, observation);
    if (!stepped.ok()) return {{"error", std::string(stepped.status().message())}};
    outcome = *stepped;
  }
  return {{"observation", observation},
          {"state", task.InfoByName()},
          {"reward", outcome.reward},
          {"terminated", outcome.terminated},
          {"truncated", outcome.truncated}};
}

int Drive(const std::string& id) {
  using namespace testing_support;
  const std::map<std::string, env::EnvironmentFactory> tasks = {
      {"CartPole-v1", ClassicFactory<CartPoleTask>()},
      {"Acrobot-v1", ClassicFactory<AcrobotTask>()},
      {"Pendulum-v1", ClassicFactory<PendulumTask>()},
      {"MountainCarContinuous-v0", ClassicFactory<MountainCarTask>()}};
  if (!tasks.contains(id)) return 2;
  const auto task = tasks.at(id)(0);
  std::vector<float> observation((*task)->spec().observation_size());
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(**task, json::parse(line), observation) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) { return argc == 2 ? ronchi::Drive(argv[1]) : 2; }
