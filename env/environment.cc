#include "env/environment.h"

#include <algorithm>

namespace ronchi::env {

size_t Spec::observation_size() const {
  size_t n = 0;
  for (const auto& [name, box] : observation_space) n += box.size();
  return n;
}

size_t Spec::Offset(const std::string& entry) const {
  size_t n = 0;
  for (const auto& [name, box] : observation_space) {
    if (name == entry) return n;
    n += box.size();
  }
  RONCHI_CHECK(false);  // an entry that the space does not have
  return n;
}

absl::StatusOr<std::string> Environment::Save() const {
  return absl::UnimplementedError(spec().id + " cannot be saved");
}

absl::Status Environment::Restore(const std::string&) {
  return absl::UnimplementedError(spec().id + " cannot be restored");
}

absl::Status Environment::ShiftOrigin(std::span<const double>) {
  return absl::UnimplementedError(spec().id + " has no knobs whose origin could be moved");
}

absl::StatusOr<Array<uint8_t>> Environment::Render() const {
  return absl::UnimplementedError(spec().id + " has no picture");
}

absl::StatusOr<ResetResult> Environment::Reset(std::optional<uint64_t> seed,
                                               const ResetOptions& options) {
  std::vector<float> flat(spec().observation_size());
  RONCHI_RETURN_IF_ERROR(ResetInto(seed, options, flat));
  return ResetResult{Unflatten(spec().observation_space, flat), InfoByName()};
}

absl::StatusOr<StepResult> Environment::Step(std::span<const float> action) {
  std::vector<float> flat(spec().observation_size());
  RONCHI_ASSIGN_OR_RETURN(const Outcome outcome, StepInto(action, flat));
  return StepResult{Unflatten(spec().observation_space, flat), outcome.reward, outcome.terminated,
                    outcome.truncated, InfoByName()};
}

Info Environment::InfoByName() const {
  Info named;
  const std::span<const double> values = info();
  for (size_t i = 0; i < values.size(); ++i) named[spec().info_names[i]] = values[i];
  return named;
}

Observation Unflatten(const DictSpace& space, std::span<const float> flat) {
  Observation out;
  size_t at = 0;
  for (const auto& [name, box] : space) {
    Array<float> values(box.shape);
    std::copy_n(flat.begin() + std::ptrdiff_t(at), values.size(), values.begin());
    at += values.size();
    out.emplace(name, std::move(values));
  }
  RONCHI_CHECK_EQ(at, flat.size());
  return out;
}

}  // namespace ronchi::env
