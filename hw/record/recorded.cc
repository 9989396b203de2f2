#include "hw/record/recorded.h"

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

class Recorded final : public Instrument {
 public:
  Recorded(std::unique_ptr<Instrument> inner, std::string name, std::shared_ptr<EventLog> log)
      : inner_(std::move(inner)), name_(std::move(name)), log_(std::move(log)) {}
  const Description& description() const override { return inner_->description(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (!described_) {
      const absl::Status s = log_->Describe(name_, inner_->description());
      if (!s.ok()) return Lost(s, Effect::kNone);
      described_ = true;
    }
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    // Not bad input by now: the command was carried out, and only its record is missing.
    const absl::Status s = log_->Append(name_, command, reply);
    if (s.ok()) return reply;
    const bool calms =
        std::holds_alternative<Blank>(command) || std::holds_alternative<Safe>(command);
    if (!calms || !reply.ok() || !reply->blanked) return Lost(s, Effect::kDone);
    (void)log_->Note("not recorded", absl::StrCat(name_, ": ", VerbName(command), ", confirmed"));
    return reply;
  }

  static absl::Status Lost(const absl::Status& s, Effect effect) {
    return MakeError({ErrorKind::kDataLoss,
                      absl::StrCat("the event log: ", std::string(s.message())),
                      "free or repair the disk before going on", effect});
  }

  std::unique_ptr<Instrument> inner_;
  const std::string name_;
  std::shared_ptr<EventLog> log_;
  bool described_ = false;
};

}  // namespace

std::unique_ptr<Instrument> MakeRecorded(std::unique_ptr<Instrument> inner, std::string name,
                                         std::shared_ptr<EventLog> log) {
  return std::make_unique<Recorded>(std::move(inner), std::move(name), std::move(log));
}

}  // namespace ronchi::hw
