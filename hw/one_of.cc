#include "hw/one_of.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "hw/ground_truth.h"

namespace ronchi::hw {
namespace {

class OneOf final : public Instrument, public GroundTruth {
 public:
  explicit OneOf(std::vector<std::unique_ptr<Instrument>> all) : all_(std::move(all)) {}
  const Description& description() const override { return all_[0]->description(); }
  GroundTruth* ground_truth() override { return this; }
  absl::Status BlankNow() override { return all_[drawn_]->BlankNow(); }

  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) override {
    RandomStream random(
        {.seed = seed, .name = "one_of", .environment = environment, .episode = episode});
    drawn_ = std::min(all_.size() - 1, size_t(random.Uniform(0, double(all_.size()))));
    truth().Randomise(seed, environment, episode);
  }
  void Pass(double seconds) override { truth().Pass(seconds); }
  std::map<std::string, double> Hidden() const override {
    std::map<std::string, double> all = truth().Hidden();
    all["drawn"] = double(drawn_);
    return all;
  }
  double NoiseFreeContrast() const override { return truth().NoiseFreeContrast(); }
  double BestContrast() const override { return truth().BestContrast(); }

  // "<index>:" and the state of that one.
  absl::StatusOr<std::string> Save() const override {
    RONCHI_ASSIGN_OR_RETURN(const std::string state, truth().Save());
    return absl::StrCat(drawn_, ":", state);
  }
  absl::Status Restore(const std::string& state) override {
    const size_t colon = state.find(':');
    size_t drawn = all_.size();
    for (size_t i = 0; i < all_.size(); ++i) {
      if (state.substr(0, colon) == absl::StrCat(i)) drawn = i;
    }
    if (colon == std::string::npos || drawn == all_.size()) {
      return absl::InvalidArgumentError("this is no state of one of these simulations");
    }
    RONCHI_RETURN_IF_ERROR(all_[drawn]->ground_truth()->Restore(state.substr(colon + 1)));
    drawn_ = drawn;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    return all_[drawn_]->Execute(command, options);
  }
  GroundTruth& truth() const { return *all_[drawn_]->ground_truth(); }

  const std::vector<std::unique_ptr<Instrument>> all_;
  size_t drawn_ = 0;
};

bool SameInterface(const Description& a, const Description& b) {
  const auto same_name = [](const auto& x, const auto& y) { return x.name == y.name; };
  return std::ranges::equal(a.properties, b.properties, same_name) &&
         std::ranges::equal(a.detectors, b.detectors, same_name) && a.cannot == b.cannot;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeOneOf(
    std::vector<std::unique_ptr<Instrument>> simulations) {
  if (simulations.empty()) return absl::InvalidArgumentError("one of no simulations");
  for (const auto& s : simulations) {
    if (!s->ground_truth()) {
      return absl::InvalidArgumentError(s->description().id + " is no simulation");
    }
    if (!SameInterface(s->description(), simulations[0]->description())) {
      return absl::InvalidArgumentError(absl::StrCat(s->description().id,
                                                     " has other properties or detectors than ",
                                                     simulations[0]->description().id));
    }
  }
  return std::make_unique<OneOf>(std::move(simulations));
}

}  // namespace ronchi::hw
