#include "hw/wrappers/leased.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

// What anybody may do at any time.
bool IsFree(const Command& c) {
  return std::holds_alternative<Read>(c) || std::holds_alternative<Blank>(c) ||
         std::holds_alternative<Safe>(c);
}

absl::Status Refused(const std::string& cause, const std::string& remedy) {
  return MakeError({ErrorKind::kRefused, cause, remedy});
}

}  // namespace

class Leased final : public Instrument {
 public:
  Leased(std::shared_ptr<LeaseDesk> desk, std::string who)
      : desk_(std::move(desk)), who_(std::move(who)) {}
  ~Leased() override {
    if (desk_->holder() == who_) (void)desk_->Execute(who_, Safe{}, {});
    desk_->Release(who_);
  }
  const Description& description() const override { return desk_->inner_->description(); }
  absl::Status BlankNow() override { return desk_->inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    return desk_->Execute(who_, command, options);
  }
  const std::shared_ptr<LeaseDesk> desk_;
  const std::string who_;
};

LeaseDesk::LeaseDesk(std::unique_ptr<Instrument> inner, LeaseOptions options)
    : inner_(std::move(inner)), options_(std::move(options)) {
  for (const auto& [name, tolerance] : options_.compared) names_.push_back(name);
}

absl::StatusOr<std::shared_ptr<LeaseDesk>> LeaseDesk::Create(std::unique_ptr<Instrument> inner,
                                                             const LeaseOptions& options) {
  for (const auto& [name, tolerance] : options.compared) {
    if (!inner->description().FindProperty(name) || !(tolerance >= 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("lease: '", name, "' is no property here, or its tolerance is below 0"));
    }
  }
  std::shared_ptr<LeaseDesk> desk(new LeaseDesk(std::move(inner), options));
  RONCHI_RETURN_IF_ERROR(desk->Accept());
  return desk;
}

std::unique_ptr<Instrument> LeaseDesk::MakeLeased(const std::string& who) {
  return std::make_unique<Leased>(shared_from_this(), who);
}

std::string LeaseDesk::holder() const {
  const std::lock_guard<std::mutex> lock(state_);
  return holder_;
}

std::string LeaseDesk::foreign_hand() const {
  const std::lock_guard<std::mutex> lock(state_);
  return foreign_;
}

absl::Status LeaseDesk::Acquire(const std::string& who) {
  const std::lock_guard<std::mutex> lock(state_);
  if (!foreign_.empty()) return Refused(foreign_, "the operator must take over first");
  if (!holder_.empty() && holder_ != who) {
    return absl::FailedPreconditionError(absl::StrCat("'", holder_, "' holds the lease"));
  }
  holder_ = who;
  return absl::OkStatus();
}

void LeaseDesk::Release(const std::string& who) {
  const std::lock_guard<std::mutex> lock(state_);
  if (holder_ == who) holder_.clear();
}

absl::Status LeaseDesk::TakeOver(const std::string& who) {
  {
    const std::lock_guard<std::mutex> lock(state_);
    holder_ = who;
    if (running_) running_->Cancel();
  }
  const std::lock_guard<std::mutex> use(use_);  // waits for the end of what was cancelled
  RONCHI_RETURN_IF_ERROR(Accept());
  const std::lock_guard<std::mutex> lock(state_);
  foreign_.clear();
  return absl::OkStatus();
}

// Where everything stands now is as it should be.
absl::Status LeaseDesk::Accept() {
  if (names_.empty()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{names_}));
  for (const Reading& r : reply.readings) expected_[r.property] = r.value.si;
  return absl::OkStatus();
}

absl::Status LeaseDesk::CheckHands() {
  if (names_.empty()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{names_}));
  for (const Reading& r : reply.readings) {
    const PropertyInfo& p = *inner_->description().FindProperty(r.property);
    const double given = options_.compared.at(r.property), before = expected_[r.property];
    const double tolerance = given > 0 ? given : p.resolution;
    if (std::fabs(r.value.si - before) <= tolerance * (1 + 1e-9)) continue;
    const std::string found =
        absl::StrCat("a foreign hand: ", r.property, " stands at ", Format(r.value), ", last here ",
                     Format({before, p.dimension}));
    (void)inner_->Execute(Blank{});
    {
      const std::lock_guard<std::mutex> lock(state_);
      foreign_ = found;
      holder_.clear();
    }
    if (options_.on_foreign_hand) options_.on_foreign_hand(found);
    return Refused(found, "the beam has been blanked; the operator must take over");
  }
  return absl::OkStatus();
}

void LeaseDesk::Note(const Reply& reply) {
  for (const Reading& r : reply.readings) {
    if (const auto it = expected_.find(r.property); it != expected_.end()) it->second = r.value.si;
  }
}

absl::StatusOr<Reply> LeaseDesk::Execute(const std::string& who, const Command& command,
                                         const ExecuteOptions& options) {
  const std::lock_guard<std::mutex> use(use_);
  if (IsFree(command)) return inner_->Execute(command, options);
  CancelToken token(options.cancel);
  {
    const std::lock_guard<std::mutex> lock(state_);
    if (!foreign_.empty()) return Refused(foreign_, "the operator must take over first");
    if (holder_ != who) {
      return Refused(absl::StrCat("'", who, "' does not hold the lease, ",
                                  holder_.empty() ? "nobody does" : "'" + holder_ + "' does"),
                     "acquire it first");
    }
    running_ = &token;
  }
  ExecuteOptions own = options;
  own.cancel = &token;
  absl::Status hands;
  if (Exposes(command) || std::holds_alternative<Set>(command)) hands = CheckHands();
  absl::StatusOr<Reply> reply = hands.ok() ? inner_->Execute(command, own) : hands;
  const auto* set = std::get_if<Set>(&command);
  if (set && reply.ok()) Note(*reply);
  // After a fault nobody knows what moved; the next look would call our own half a foreign hand.
  if (set && !reply.ok() && hands.ok() && MayHaveHappened(reply.status())) (void)Accept();
  const std::lock_guard<std::mutex> lock(state_);
  running_ = nullptr;
  return reply;
}

}  // namespace ronchi::hw
