// step_loop ID N STEPS CONFIG THREADS: µs a step of a vector of N environments, on stdout, for
// bench/python/step_overhead.py: zero actions, NEXT_STEP, as there.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/parallel.h"
#include "env/vector_environment.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

absl::StatusOr<double> Measure(const std::string& id, size_t n, int steps,
                               const std::string& text) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "environment"));
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
  RONCHI_ASSIGN_OR_RETURN(const auto envs,
                          env::VectorEnvironment::Create(make, {.environments = n}));
  RONCHI_RETURN_IF_ERROR(envs->Reset(0));
  const std::vector<float> actions(n * envs->spec().action_space.size());
  std::chrono::steady_clock::time_point start;
  for (int i = -3; i < steps; ++i) {  // three to warm up
    if (i == 0) start = std::chrono::steady_clock::now();
    RONCHI_RETURN_IF_ERROR(envs->Step(actions));
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / steps;
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  ronchi::SetThreads(std::atoi(argv[5]));
  const auto us = ronchi::Measure(argv[1], size_t(std::atoi(argv[2])), std::atoi(argv[3]), argv[4]);
  if (!us.ok()) {
    std::fprintf(stderr, "%s\n", std::string(us.status().message()).c_str());
    return 1;
  }
  std::printf("%.3f\n", *us);
  return 0;
}
