// Instruments for tests: one that keeps what reached it and fails when told to, and a comparison of
// replies to the bit.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::testing_support {

inline bool SameReply(const hw::Reply& a, const hw::Reply& b) {
  bool same = a.time_s == b.time_s && a.elapsed_s == b.elapsed_s && a.electrons == b.electrons &&
              a.dose_e_per_m2 == b.dose_e_per_m2 && a.blanked == b.blanked &&
              a.readings.size() == b.readings.size() && a.frames.size() == b.frames.size() &&
              a.estimates.size() == b.estimates.size();
  for (size_t i = 0; same && i < a.readings.size(); ++i) {
    same = a.readings[i].property == b.readings[i].property &&
           a.readings[i].value == b.readings[i].value &&
           a.readings[i].uncertainty == b.readings[i].uncertainty;
  }
  for (size_t i = 0; same && i < a.frames.size(); ++i) {
    same = a.frames[i].detector == b.frames[i].detector && a.frames[i].counts == b.frames[i].counts;
  }
  for (size_t i = 0; same && i < a.estimates.size(); ++i) {
    same = a.estimates[i].names == b.estimates[i].names &&
           a.estimates[i].values == b.estimates[i].values &&
           a.estimates[i].covariance == b.estimates[i].covariance;
  }
  return same;
}

// What a Spy saw; outlives the Spy, which a wrapper owns.
struct Seen {
  std::vector<hw::Command> commands;
  std::vector<absl::StatusOr<hw::Reply>> replies;
};

// Passes everything on to `inner`. `fail`, if given, may put an error in a reply's place, after
// the command has been carried out.
class Spy final : public hw::Instrument {
 public:
  using Fail = std::function<absl::Status(const hw::Command&)>;
  Spy(std::unique_ptr<hw::Instrument> inner, std::shared_ptr<Seen> seen, Fail fail = nullptr)
      : inner_(std::move(inner)), seen_(std::move(seen)), fail_(std::move(fail)) {}
  const hw::Description& description() const override { return inner_->description(); }
  hw::GroundTruth* ground_truth() override { return inner_->ground_truth(); }
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override {
    absl::StatusOr<hw::Reply> reply = inner_->Execute(command, options);
    if (fail_) {
      if (absl::Status s = fail_(command); !s.ok()) reply = s;
    }
    seen_->commands.push_back(command);
    seen_->replies.push_back(reply);
    return reply;
  }

 private:
  std::unique_ptr<hw::Instrument> inner_;
  std::shared_ptr<Seen> seen_;
  Fail fail_;
};

}  // namespace ronchi::testing_support
