// Send and Recv: a batch may be answered while others are still under way.
#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "env/vector_workers.h"

namespace ronchi::env {
namespace {

// Rows `which` of `from`, `width` values each, into the beginning of `to`, which is made as large
// as it ever gets the first time.
template <class T>
std::span<const T> Gather(const std::vector<T>& from, std::span<const size_t> which, size_t width,
                          std::vector<T>* to) {
  to->resize(from.size());
  auto end = to->begin();
  for (const size_t i : which) {
    end = std::copy_n(from.begin() + std::ptrdiff_t(i * width), width, end);
  }
  return {to->begin(), end};
}

}  // namespace

VectorEnvironment::Workers::Workers(VectorEnvironment* v)
    : vector(*v),
      actions(v->size() * v->action_size_),
      resets(v->size()),
      taken(v->size()),
      queue(v->size(), v->options_.threads ? v->options_.threads : size_t(Threads()),
            v->options_.ordered, [this, v](size_t i) {
              if (resets[i]) return v->ResetOne(i, seed, reset_options);
              v->StepOne(i, std::span(actions).subspan(i * v->action_size_, v->action_size_));
            }) {}

VectorEnvironment::Batch VectorEnvironment::Workers::Collect(size_t count) {
  const std::span<const size_t> which = std::span(taken).first(count);
  const size_t observation = vector.observation_size_, info = vector.info_size_;
  Batch batch = {.environments = which};
  batch.observations = Gather(vector.observations_, which, observation, &observations_);
  batch.rewards = Gather(vector.rewards_, which, 1, &rewards_);
  batch.terminated = Gather(vector.terminated_, which, 1, &terminated_);
  batch.truncated = Gather(vector.truncated_, which, 1, &truncated_);
  batch.info = Gather(vector.info_, which, info, &info_);
  if (!vector.has_final_.empty()) {
    batch.has_final = Gather(vector.has_final_, which, 1, &has_final_);
    batch.final_observations =
        Gather(vector.final_observations_, which, observation, &final_observations_);
    batch.final_info = Gather(vector.final_info_, which, info, &final_info_);
  }
  for (const size_t i : which) {
    resets[i] = 0;
    if (batch.status.ok() && !vector.status_[i].ok()) {
      batch.status = Annotate(vector.status_[i], absl::StrCat("environment ", i));
    }
  }
  return batch;
}

size_t VectorEnvironment::under_way() const { return workers_ ? workers_->queue.under_way() : 0; }

absl::Status VectorEnvironment::Send(std::span<const size_t> environments,
                                     std::span<const float> actions) {
  if (actions.size() != environments.size() * action_size_) {
    return absl::InvalidArgumentError(absl::StrCat("actions have ", actions.size(),
                                                   " elements; expected ", environments.size(),
                                                   " x ", action_size_));
  }
  if (!workers_) workers_ = std::make_unique<Workers>(this);
  // All are looked at before any begins; the marks find those that come twice.
  absl::Status status;
  size_t marked = 0;
  for (; marked < environments.size() && status.ok(); ++marked) {
    const size_t i = environments[marked];
    if (i >= size()) {
      status = absl::InvalidArgumentError(
          absl::StrCat("environment ", i, ": there are ", size(), ", from 0 on"));
      break;
    }
    if (workers_->queue.IsUnderWay(i) || sent_[i]) {
      status = absl::FailedPreconditionError(absl::StrCat("environment ", i, " is under way"));
      break;
    }
    sent_[i] = 1;
    status = CheckStep(i, actions.subspan(marked * action_size_, action_size_));
  }
  for (size_t k = 0; k < marked; ++k) sent_[environments[k]] = 0;
  RONCHI_RETURN_IF_ERROR(status);
  for (size_t k = 0; k < environments.size(); ++k) {
    std::copy_n(actions.begin() + std::ptrdiff_t(k * action_size_), action_size_,
                workers_->actions.begin() + std::ptrdiff_t(environments[k] * action_size_));
  }
  workers_->queue.Give(environments);
  return absl::OkStatus();
}

absl::Status VectorEnvironment::SendReset(std::optional<uint64_t> seed,
                                          const ResetOptions& options) {
  if (under_way() > 0) return absl::FailedPreconditionError("Reset with environments under way");
  RONCHI_RETURN_IF_ERROR(CheckSeed(seed));
  if (!workers_) workers_ = std::make_unique<Workers>(this);
  workers_->seed = seed;
  workers_->reset_options = options;
  std::fill(workers_->resets.begin(), workers_->resets.end(), 1);
  if (!has_final_.empty()) std::fill(has_final_.begin(), has_final_.end(), 0);
  std::vector<size_t> all(size());
  std::iota(all.begin(), all.end(), size_t{0});
  workers_->queue.Give(all);
  return absl::OkStatus();
}

absl::StatusOr<VectorEnvironment::Batch> VectorEnvironment::Recv() {
  const size_t going = under_way();
  if (going == 0) return absl::FailedPreconditionError("Recv with no environment under way");
  const size_t count = options_.batch ? std::min(options_.batch, going) : going;
  workers_->queue.Take(std::span(workers_->taken).first(count));
  return workers_->Collect(count);
}

}  // namespace ronchi::env
