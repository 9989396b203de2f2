#include "agents/policy_batch.h"

#include "absl/strings/str_cat.h"
#include "agents/policy_file.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

class Copies final : public PolicyBatch {
 public:
  explicit Copies(std::vector<std::unique_ptr<Policy>> copies) : copies_(std::move(copies)) {}
  size_t size() const override { return copies_.size(); }
  void Reset(size_t episode, uint64_t seed) override { copies_[episode]->Reset(seed); }
  absl::StatusOr<std::vector<Action>> Act(std::span<const size_t> episodes,
                                          std::span<const env::Observation> seen) override {
    std::vector<Action> actions;
    for (size_t k = 0; k < episodes.size(); ++k) {
      RONCHI_ASSIGN_OR_RETURN(Action action, copies_[episodes[k]]->Act(seen[k]));
      actions.push_back(std::move(action));
    }
    return actions;
  }

 private:
  std::vector<std::unique_ptr<Policy>> copies_;
};

}  // namespace

std::unique_ptr<PolicyBatch> Policy::Batch(size_t) const { return nullptr; }

absl::StatusOr<std::unique_ptr<PolicyBatch>> MakeBatch(const Policy& policy, size_t episodes) {
  if (auto own = policy.Batch(episodes)) return own;
  std::vector<std::unique_ptr<Policy>> copies;
  for (size_t i = 0; i < episodes; ++i) {
    RONCHI_ASSIGN_OR_RETURN(auto copy, CopyPolicy(policy));
    copies.push_back(std::move(copy));
  }
  return std::make_unique<Copies>(std::move(copies));
}

}  // namespace ronchi::agents
