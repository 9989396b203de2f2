#include "hw/faulty.h"

#include <limits>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace ronchi::hw {
namespace {

absl::Status Lost() {
  return MakeError({ErrorKind::kCommunication, "the link is lost (injected)",
                    "check the connection; read before repeating"});
}

class Faulty final : public Instrument {
 public:
  Faulty(std::unique_ptr<Instrument> inner, const FaultOptions& options)
      : inner_(std::move(inner)),
        options_(options),
        random_({.seed = options.seed, .name = "hw.faulty"}) {}
  const Description& description() const override { return inner_->description(); }
  GroundTruth* ground_truth() override { return inner_->ground_truth(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (++commands_ <= options_.spared) return inner_->Execute(command, options);
    double u = random_.Uniform();
    // One draw decides: the probabilities are laid end to end.
    const auto falls = [&](double probability) {
      const bool now = u >= 0 && u < probability;
      u -= probability;
      return now;
    };
    if (falls(options_.lost_before)) return Lost();
    if (falls(options_.lost_after)) {
      (void)inner_->Execute(command, options);
      return Lost();
    }
    if (falls(options_.busy)) {
      return MakeError({ErrorKind::kBusy, "busy (injected)", "wait and try again"});
    }
    if (falls(options_.throws)) throw std::runtime_error("thrown by the driver (injected)");
    if (falls(options_.not_a_number)) return NotANumber(inner_->Execute(command, options));
    if (falls(options_.stuck)) return Stuck(command, options);
    if (falls(options_.blank_fails)) return BlankFails(command, options);
    return inner_->Execute(command, options);
  }

  static absl::StatusOr<Reply> NotANumber(absl::StatusOr<Reply> reply) {
    if (!reply.ok()) return reply;
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    if (!reply->readings.empty()) reply->readings[0].value.si = kNan;
    reply->dose_e_per_m2 = kNan;
    return reply;
  }
  absl::StatusOr<Reply> Stuck(const Command& command, const ExecuteOptions& options) {
    const auto* set = std::get_if<Set>(&command);
    if (!set) return inner_->Execute(command, options);
    return MakeError({ErrorKind::kOutOfTolerance,
                      absl::StrCat(set->property, " has not moved (injected)"),
                      "look at the instrument before going on"});
  }
  absl::StatusOr<Reply> BlankFails(const Command& command, const ExecuteOptions& options) {
    if (!std::holds_alternative<Blank>(command) && !std::holds_alternative<Safe>(command)) {
      return inner_->Execute(command, options);
    }
    absl::StatusOr<Reply> reply = inner_->Execute(Read{}, options);
    if (reply.ok()) reply->blanked = false;
    return reply;
  }

  std::unique_ptr<Instrument> inner_;
  const FaultOptions options_;
  RandomStream random_;
  int commands_ = 0;
};

}  // namespace

std::unique_ptr<Instrument> MakeFaulty(std::unique_ptr<Instrument> inner,
                                       const FaultOptions& options) {
  return std::make_unique<Faulty>(std::move(inner), options);
}

}  // namespace ronchi::hw
