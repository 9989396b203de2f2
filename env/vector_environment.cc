#include "env/vector_environment.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/free_memory.h"
#include "core/parallel.h"
#include "env/vector_workers.h"

namespace ronchi::env {
namespace {

using Clock = std::chrono::steady_clock;

// A block of steps that one thread takes at once: long against the third of a microsecond that
// handing it out costs, short against the step of a whole vector, at whose end the last block is
// waited for. Expensive environments go one by one.
constexpr double kBlock_s = 15e-6;
constexpr double kSmoothing = 0.2;  // of the measured cost: the last five steps or so

absl::Status Named(size_t environment, const absl::Status& status) {
  return Annotate(status, absl::StrCat("environment ", environment));
}

// What the program holds, as the allocator sees it.
double HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return double(info.uordblks) + double(info.hblkhd);
}

// The second environment costs what every further one does: the first has made what all share. At
// least a kilobyte, should the allocator count this thread's memory elsewhere.
absl::Status CheckMemory(const VectorOptions& options, const Spec& spec, double second_bytes) {
  const double floats = double(spec.observation_size()) * sizeof(float);
  const double numbers = double(spec.info_names.size()) * sizeof(double);
  const double rows = (options.autoreset == Autoreset::kSameStep ? 2 : 1) * (floats + numbers);
  const double each = std::max(second_bytes, 1024.0) + rows;
  const double available = double(AvailableMemoryBytes());
  if (each * double(options.environments) <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "%u environments need %.3g GB of memory, %.3g kB each; allowed: up to %.0f, in the %.3g GB "
      "that are free",
      options.environments, each * double(options.environments) / 1e9, each / 1e3,
      std::floor(available / each), available / 1e9));
}

}  // namespace

VectorEnvironment::VectorEnvironment(std::vector<std::unique_ptr<Environment>> environments,
                                     const VectorOptions& options)
    : options_(options),
      observation_size_(environments[0]->spec().observation_size()),
      action_size_(environments[0]->spec().action_space.size()),
      info_size_(environments[0]->spec().info_names.size()),
      environments_(std::move(environments)) {
  const size_t n = size();
  for (size_t i = 0; i < action_size_; ++i) {
    low_.push_back(spec().action_space.Low(i));
    high_.push_back(spec().action_space.High(i));
  }
  observations_.resize(n * observation_size_);
  rewards_.resize(n);
  info_.resize(n * info_size_);
  terminated_.resize(n);
  truncated_.resize(n);
  started_.resize(n);
  ended_.resize(n);
  sent_.resize(n);
  status_.resize(n);
  if (options_.autoreset == Autoreset::kSameStep) {
    final_observations_.resize(n * observation_size_);
    final_info_.resize(n * info_size_);
    has_final_.resize(n);
  }
}

VectorEnvironment::~VectorEnvironment() = default;

absl::StatusOr<std::unique_ptr<VectorEnvironment>> VectorEnvironment::Create(
    const EnvironmentFactory& make, const VectorOptions& options) {
  if (options.environments == 0) {
    return absl::InvalidArgumentError("a vector needs one environment or more");
  }
  std::vector<std::unique_ptr<Environment>> environments;
  double before_second = 0;
  for (size_t i = 0; i < options.environments; ++i) {
    absl::StatusOr<std::unique_ptr<Environment>> made = make(options.same_index ? 0 : i);
    if (!made.ok()) return Named(i, made.status());
    const Spec& spec = (*made)->spec();
    if (i > 0) {
      const Spec& first = environments[0]->spec();
      if (spec.observation_size() != first.observation_size() ||
          spec.action_space.size() != first.action_space.size() ||
          spec.action_space.choices != first.action_space.choices ||
          spec.info_names != first.info_names) {
        return Named(i, absl::InvalidArgumentError("its spaces are not those of environment 0"));
      }
    }
    environments.push_back(*std::move(made));
    if (i == 1) RONCHI_RETURN_IF_ERROR(CheckMemory(options, spec, HeapBytes() - before_second));
    if (i == 0) before_second = HeapBytes();
  }
  return std::unique_ptr<VectorEnvironment>(
      new VectorEnvironment(std::move(environments), options));
}

std::span<float> VectorEnvironment::Row(std::vector<float>& rows, size_t i) const {
  return std::span(rows).subspan(i * observation_size_, observation_size_);
}

void VectorEnvironment::CopyInfo(size_t i, std::vector<double>* to) const {
  const std::span<const double> info = environments_[i]->info();
  std::copy(info.begin(), info.end(), to->begin() + std::ptrdiff_t(i * info_size_));
}

size_t VectorEnvironment::Grain() const {
  if (cost_s_ <= 0) return 1;
  // Blocks enough for the threads to even out what they do not do equally fast.
  const size_t most = std::max<size_t>(1, size() / (4 * size_t(Threads())));
  return std::clamp<size_t>(size_t(kBlock_s / cost_s_), 1, most);
}

template <class Body>
absl::Status VectorEnvironment::ForAll(const Body& body) {
  failed_.store(false, std::memory_order_relaxed);
  double first_block_s = 0;
  const size_t grain = Grain();
  const auto block = [&](size_t begin, size_t end) {
    const Clock::time_point start = begin == 0 ? Clock::now() : Clock::time_point();
    for (size_t i = begin; i < end; ++i) body(i);
    if (begin > 0) return;
    first_block_s = std::chrono::duration<double>(Clock::now() - start).count() / double(end);
  };
  ParallelFor(size(), grain, std::ref(block));
  cost_s_ = cost_s_ > 0 ? cost_s_ + kSmoothing * (first_block_s - cost_s_) : first_block_s;
  return failed_.load(std::memory_order_relaxed) ? FirstError() : absl::OkStatus();
}

absl::Status VectorEnvironment::FirstError() const {
  for (size_t i = 0; i < size(); ++i) {
    if (!status_[i].ok()) return Named(i, status_[i]);
  }
  return absl::OkStatus();
}

void VectorEnvironment::ResetOne(size_t i, std::optional<uint64_t> seed,
                                 const ResetOptions& options) {
  status_[i] = environments_[i]->ResetInto(seed, options, Row(observations_, i));
  rewards_[i] = 0;
  terminated_[i] = truncated_[i] = 0;
  if (status_[i].ok()) {
    started_[i] = 1;
    ended_[i] = 0;
    CopyInfo(i, &info_);
  } else {
    // Whether its episode goes on is not known: it begins anew before it is stepped.
    ended_[i] = started_[i];
    failed_.store(true, std::memory_order_relaxed);
  }
}

void VectorEnvironment::StepOne(size_t i, std::span<const float> action) {
  const bool same_step = options_.autoreset == Autoreset::kSameStep;
  if (same_step) has_final_[i] = 0;
  if (ended_[i]) return ResetOne(i, std::nullopt, {});
  absl::StatusOr<Outcome> outcome = environments_[i]->StepInto(action, Row(observations_, i));
  if (!outcome.ok()) {
    status_[i] = outcome.status();
    rewards_[i] = 0;
    terminated_[i] = truncated_[i] = 0;
    failed_.store(true, std::memory_order_relaxed);
    return;
  }
  status_[i] = absl::OkStatus();
  CopyInfo(i, &info_);
  const bool ended = outcome->terminated || outcome->truncated;
  ended_[i] = ended;
  if (ended && same_step) {
    std::copy_n(Row(observations_, i).begin(), observation_size_,
                Row(final_observations_, i).begin());
    CopyInfo(i, &final_info_);
    has_final_[i] = 1;
    ResetOne(i, std::nullopt, {});
  }
  rewards_[i] = outcome->reward;
  terminated_[i] = outcome->terminated;
  truncated_[i] = outcome->truncated;
}

absl::Status VectorEnvironment::CheckSeed(std::optional<uint64_t> seed) const {
  if (seed && options_.same_index && size() > 1) {
    return absl::InvalidArgumentError(
        "environments of one index need a seed each: with one for all they would be copies");
  }
  return absl::OkStatus();
}

absl::Status VectorEnvironment::Reset(std::optional<uint64_t> seed, const ResetOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckSeed(seed));
  const std::vector<std::optional<uint64_t>> seeds(size(), seed);
  return Reset(seeds, {}, options);
}

absl::Status VectorEnvironment::Reset(std::span<const std::optional<uint64_t>> seeds,
                                      std::span<const uint8_t> mask, const ResetOptions& options) {
  if (!seeds.empty() && seeds.size() != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(seeds.size(), " seeds for ", size(), " environments"));
  }
  if (!mask.empty() && mask.size() != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a mask of ", mask.size(), " for ", size(), " environments"));
  }
  if (!mask.empty() && std::all_of(mask.begin(), mask.end(), [](uint8_t m) { return m == 0; })) {
    return absl::InvalidArgumentError("the mask resets no environment");
  }
  if (under_way() > 0) return absl::FailedPreconditionError("Reset with environments under way");
  const double cost_s = cost_s_;
  const absl::Status status = ForAll([&](size_t i) {
    if (!mask.empty() && mask[i] == 0) {
      status_[i] = absl::OkStatus();
      return;
    }
    if (!has_final_.empty()) has_final_[i] = 0;
    ResetOne(i, seeds.empty() ? std::nullopt : seeds[i], options);
  });
  cost_s_ = cost_s;  // that of steps
  return status;
}

bool VectorEnvironment::AllWithinBounds(std::span<const float> actions) const {
  bool good = true;
  const bool whole = spec().action_space.choices > 0;
  for (size_t k = 0; k < actions.size(); k += action_size_) {
    for (size_t j = 0; j < action_size_; ++j) {
      const float x = actions[k + j];
      good &= (x >= low_[j]) & (x <= high_[j]) & (x - x == 0) & (!whole || x == std::floor(x));
    }
  }
  return good;
}

absl::Status VectorEnvironment::CheckStep(size_t i, std::span<const float> action) const {
  if (!started_[i]) return Named(i, absl::FailedPreconditionError("Step before Reset"));
  if (ended_[i] && options_.autoreset == Autoreset::kDisabled) {
    return Named(i, absl::FailedPreconditionError("Step after the end of the episode"));
  }
  if (ended_[i]) return absl::OkStatus();  // its action is ignored
  return Named(i, CheckAction(spec().action_space, action));
}

absl::Status VectorEnvironment::Step(std::span<const float> actions) {
  if (under_way() > 0) return absl::FailedPreconditionError("Step with environments under way");
  if (actions.size() != size() * action_size_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "actions have ", actions.size(), " elements; expected ", size(), " x ", action_size_));
  }
  const auto zero = [](uint8_t flag) { return flag == 0; };
  const bool plain = AllWithinBounds(actions) &&
                     std::none_of(started_.begin(), started_.end(), zero) &&
                     (options_.autoreset != Autoreset::kDisabled ||
                      std::all_of(ended_.begin(), ended_.end(), zero));
  for (size_t i = 0; !plain && i < size(); ++i) {
    RONCHI_RETURN_IF_ERROR(CheckStep(i, actions.subspan(i * action_size_, action_size_)));
  }
  return ForAll([&](size_t i) { StepOne(i, actions.subspan(i * action_size_, action_size_)); });
}

}  // namespace ronchi::env
