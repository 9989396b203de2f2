// write_trajectory FILE ID CONFIG SEED STEPS: a seeded trajectory of an environment, as bytes, to
// be compared with Python's (test_environments.py). One record for each reset and step: observation
// (float32), then reward, terminated, truncated and info (float64). After the end of an episode
// comes a reset without a seed.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

template <class T>
void Put(std::ofstream& out, std::span<const T> values) {
  out.write(reinterpret_cast<const char*>(values.data()), std::streamsize(values.size_bytes()));
}

void PutRecord(std::ofstream& out, std::span<const float> observation, const env::Outcome& outcome,
               std::span<const double> info) {
  Put(out, observation);
  const double numbers[] = {outcome.reward, double(outcome.terminated), double(outcome.truncated)};
  Put(out, std::span<const double>(numbers));
  Put(out, info);
}

// Eighths of the span: exact, whatever the compiler makes of a product and a sum.
float ActionAt(const env::Box& space, int step, size_t i) {
  const double low = space.Low(i), span = double(space.High(i)) - low;
  return float(low + span * (double((step * 5 + int(i) * 3) % 9) / 8));
}

absl::Status Write(const std::string& path, const std::string& id, const std::string& config,
                   uint64_t seed, int steps) {
  RONCHI_ASSIGN_OR_RETURN(const auto environment, MakeEnvironment(id, config));
  const env::Spec& spec = environment->spec();
  std::vector<float> observation(spec.observation_size()), action(spec.action_space.size());
  std::ofstream out(path, std::ios::binary);
  RONCHI_RETURN_IF_ERROR(environment->ResetInto(seed, {}, observation));
  PutRecord(out, observation, {}, environment->info());
  for (int step = 0; step < steps; ++step) {
    for (size_t i = 0; i < action.size(); ++i) action[i] = ActionAt(spec.action_space, step, i);
    RONCHI_ASSIGN_OR_RETURN(const env::Outcome o, environment->StepInto(action, observation));
    PutRecord(out, observation, o, environment->info());
    if (!o.terminated && !o.truncated) continue;
    RONCHI_RETURN_IF_ERROR(environment->ResetInto(std::nullopt, {}, observation));
    PutRecord(out, observation, {}, environment->info());
  }
  return out.flush() ? absl::OkStatus() : absl::InternalError(path + ": cannot be written");
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const absl::Status status =
      ronchi::Write(argv[1], argv[2], argv[3], std::strtoull(argv[4], nullptr, 10), atoi(argv[5]));
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
