#include "hw/safety/guarded.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/validate.h"
#include "hw/safety/beam_check.h"
#include "hw/safety/dose_journal.h"
#include "hw/safety/last_resort.h"
#include "hw/safety/set_rules.h"
#include "hw/safety/watchdog.h"

namespace ronchi::hw {
namespace {

// How long the end of the program waits for a command that runs, at most.
constexpr int kLastTries = 1000;  // one a millisecond

class Guarded final : public GuardedInstrument {
 public:
  Guarded(std::unique_ptr<Instrument> inner, GuardOptions options)
      : inner_(std::move(inner)),
        options_(std::move(options)),
        description_(inner_->description()),
        beam_(options_) {}

  ~Guarded() override {
    if (forked()) {  // threads, locks and the instrument are the other process's: nothing is
                     // touched
      (void)watchdog_.release();
      (void)last_resort_.release();
      (void)journal_.release();
      (void)inner_.release();
      return;
    }
    last_resort_.reset();
    watchdog_.reset();
    const absl::StatusOr<Reply> safe = inner_->Execute(Safe{});
    if (!safe.ok() || !safe->blanked) {
      Tell("at the end: BLANKING COULD NOT BE CONFIRMED");
    } else if (std::uncaught_exceptions() > exceptions_) {
      Tell("the beam has been blanked: an exception ends the part of the program that drives it");
    }
  }

  // The limits that hold from now on, where every writable property stands, and the current.
  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(rules_, SetRules::Create(options_, &description_));
    RONCHI_ASSIGN_OR_RETURN(
        journal_, DoseJournal::Open(options_.ledger_file, options_.specimen, options_.ledger_sync));
    if (!journal_->uncertain().empty()) RONCHI_RETURN_IF_ERROR(BlankFirst());
    if (!description_.FindProperty("beam.current")) {
      return absl::FailedPreconditionError("the guard needs beam.current to know the dose");
    }
    for (const PropertyInfo& p : description_.properties) {
      if (!p.writable) continue;
      RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{{p.name}}));
      rules_->Note(reply);
    }
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, inner_->Execute(Read{{"beam.current"}}));
    RONCHI_RETURN_IF_ERROR(CompareWithBefore(reply));
    RONCHI_RETURN_IF_ERROR(beam_.Judge(Read{}, {}, reply));
    RONCHI_RETURN_IF_ERROR(KeepCurrent(reply.blanked));
    if (!(beam_.worst_A() > 0)) {
      return absl::FailedPreconditionError(
          "beam.current reads zero or less; nothing is guarded so");
    }
    watchdog_ = std::make_unique<Watchdog>(
        WatchdogOptions{options_.heartbeat_s, options_.command_limit_s, options_.idle_blank_s,
                        options_.interrupt_grace_s},
        [this](Watchdog* watchdog, const std::string& why) { OnSilence(watchdog, why); },
        [this](const std::string& why) { OnStuck(why); });
    last_resort_ =
        std::make_unique<LastResort>([this](LastResort::Event event) { OnLastResort(event); });
    return absl::OkStatus();
  }

  const Description& description() const override { return description_; }
  std::string uncertain() const override { return journal_->uncertain(); }
  void Heartbeat() override {
    if (!forked()) watchdog_->Heartbeat();
  }

  absl::Status BlankNow() override {
    if (forked()) return Forked();
    watchdog_->CancelRunning();
    if (const absl::Status s = inner_->BlankNow(); s.ok() || !absl::IsUnimplemented(s)) return s;
    const std::lock_guard<std::mutex> lock(mutex_);
    return ConfirmedBlank() ? absl::OkStatus()
                            : absl::InternalError("BLANKING COULD NOT BE CONFIRMED");
  }

 private:
  // Of a process that was forked off: the ledger's lock and the link to the instrument are shared
  // with the one that made this guard, and only one of both may use them.
  bool forked() const { return getpid() != owner_; }
  absl::Status Forked() const {
    return MakeError({ErrorKind::kRefused,
                      absl::StrCat("refused by the guard: it belongs to process ", owner_,
                                   ", of which this is a fork"),
                      "make the guard in the process that uses it (multiprocessing: 'spawn')"});
  }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (forked()) return Forked();
    const std::lock_guard<std::mutex> lock(mutex_);
    CancelToken token(options.cancel);
    watchdog_->Begin(&token);
    ExecuteOptions cancellable = options;
    cancellable.cancel = &token;
    absl::StatusOr<Reply> reply = Guard(command, cancellable);
    if (stuck_.exchange(false) && !ConfirmedBlank()) Tell("BLANKING COULD NOT BE CONFIRMED");
    watchdog_->End(beam_may_be_on_);
    return reply;
  }

  absl::StatusOr<Reply> Guard(const Command& command, const ExecuteOptions& options) {
    RONCHI_RETURN_IF_ERROR(Annotate(CheckCommand(description_, command), "refused by the guard"));
    const auto* set = std::get_if<Set>(&command);
    // Looking before moving may find a fault too.
    absl::Status look;
    const auto read = [&](const Read& r) {
      absl::StatusOr<Reply> reply = inner_->Execute(r);
      if (!reply.ok()) look = reply.status();
      return reply;
    };
    absl::Status checked = set ? rules_->Check(description_, *set, read) : absl::OkStatus();
    if (!look.ok() && MayHaveHappened(look)) return BlankAfter(look);
    RONCHI_RETURN_IF_ERROR(checked);
    const double from = set ? rules_->position(set->property) : 0, start_s = rules_->now_s();
    std::optional<uint64_t> booking;
    Cost cost;
    if (Exposes(command)) {
      cost = PredictCost(description_, command, beam_.worst_A());
      if (const absl::Status s = beam_.Ready(read); !s.ok()) return BlankAfter(s);
      checked = Place(read, &cost.where);
      if (!look.ok() && MayHaveHappened(look)) return BlankAfter(look);
      RONCHI_RETURN_IF_ERROR(checked);
      // Points of one list may share a square nanometre.
      const double peak = cost.dose_e_per_m2 * Crowding(cost.where);
      RONCHI_ASSIGN_OR_RETURN(const double left, CheckDose(cost.where, peak));
      const absl::StatusOr<uint64_t> booked = journal_->Book(
          cost.where, cost.dose_e_per_m2, peak, options_.ledger_reserve * (left - peak));
      if (!booked.ok()) return BlankAfter(LedgerLost(booked.status()));
      booking = *booked;
    }
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    absl::Status ledger;
    if (booking) {
      // The larger of what was predicted and what is reported; what never began is taken back.
      const double dose = reply.ok() && std::isfinite(reply->dose_e_per_m2)
                              ? std::max(cost.dose_e_per_m2, reply->dose_e_per_m2)
                              : cost.dose_e_per_m2;
      ledger = journal_->Close(*booking, MayHaveHappened(reply.status()) ? dose : 0);
    }
    if (!reply.ok()) {
      if (!MayHaveHappened(reply.status())) return reply;
      const absl::Status fault = BlankAfter(reply.status());
      if (set) ReadBack(*set, from);
      return fault;
    }
    beam_may_be_on_ = !reply->blanked;
    rules_->Note(*reply);
    if (set) rules_->NoteMove(set->property, from, start_s);
    if (!ledger.ok()) return BlankAfter(LedgerLost(ledger));
    if (const absl::Status s = beam_.Judge(command, cost, *reply); !s.ok()) return BlankAfter(s);
    if (const absl::Status s = KeepCurrent(reply->blanked); !s.ok()) {
      return BlankAfter(LedgerLost(s));
    }
    return reply;
  }

  // A beam that is lost must not become the new normal because the program was started again. Like
  // is compared with like: where the screen stands behind the blanker, a blanked beam reads little
  // always.
  absl::Status CompareWithBefore(const Reply& reply) {
    const double stated_A = options_.beam_current_A;
    double normal_A = stated_A > 0 ? stated_A : journal_->current_A(reply.blanked);
    double now_A = 0;
    for (const Reading& r : reply.readings) {
      if (r.property != "beam.current") continue;
      now_A = r.value.si + (std::isfinite(r.uncertainty) ? 3 * r.uncertainty : 0);
    }
    const double before_A =
        stated_A > 0 ? stated_A : std::max(journal_->current_A(false), journal_->current_A(true));
    if (normal_A == 0 || !beam_.TooLow(now_A, normal_A)) {
      beam_.SetNormal(before_A);
      return absl::OkStatus();
    }
    const std::string what =
        absl::StrFormat("beam.current reads %.3g pA; %s %.3g pA", now_A * 1e12,
                        stated_A > 0 ? "it should be" : "before it was", normal_A * 1e12);
    if (options_.accept_current && options_.accept_current(normal_A, now_A)) {
      Tell(absl::StrCat(what, "; a person takes this for the new normal"));
      return journal_->NoteCurrent(now_A, reply.blanked, true);
    }
    const std::string denied =
        absl::StrCat("the beam is lost: ", what, "; nobody has taken this for the new normal");
    (void)ConfirmedBlank();
    Tell(denied);
    return MakeError({ErrorKind::kRefused, denied, "look at gun, valves and vacuum"});
  }
  absl::Status KeepCurrent(bool blanked) {
    return journal_->NoteCurrent(beam_.highest_A(blanked), blanked, false);
  }

  // What failed half way may have moved the column: the position is unknown until read back, and it
  // may have moved as late as that.
  void ReadBack(const Set& set, double from) {
    rules_->Forget(set.property);
    const absl::StatusOr<Reply> now = inner_->Execute(Read{{set.property}});
    if (now.ok()) rules_->Note(*now);
    rules_->NoteMove(set.property, from, rules_->now_s());
  }

  // From the scan frame to the specimen's, wherever the stage stands, and wider by what is not
  // known of it.
  absl::Status Place(const SetRules::Reader& read, std::vector<Rectangle>* where) {
    SpecimenFrame frame;
    Read asked;
    std::vector<double*> into;
    const auto ask = [&](const char* name, double* value) {
      if (!description_.FindProperty(name)) return;
      asked.properties.push_back(name);
      into.push_back(value);
    };
    ask("stage.x", &frame.stage_x_m);
    ask("stage.y", &frame.stage_y_m);
    // Nobody turns the scan but who commands it; where it stands was read back. In doubt it is
    // read.
    frame.rotation_rad =
        description_.FindProperty("scan.rotation") ? rules_->position("scan.rotation") : 0;
    if (!into.empty() || std::isnan(frame.rotation_rad)) ask("scan.rotation", &frame.rotation_rad);
    if (!asked.properties.empty()) {
      RONCHI_ASSIGN_OR_RETURN(const Reply reply, read(asked));
      for (size_t i = 0; i < into.size(); ++i) *into[i] = reply.readings.at(i).value.si;
    }
    if (!std::isfinite(frame.stage_x_m + frame.stage_y_m + frame.rotation_rad)) {
      return absl::FailedPreconditionError(
          "refused by the guard: where the stage stands or the scan is turned is no number");
    }
    const double margin = options_.position_uncertainty_m;
    for (Rectangle& r : *where) {
      r = OnSpecimen(r, frame);
      r = {r.x_m - margin, r.y_m - margin, r.width_m + 2 * margin, r.height_m + 2 * margin};
    }
    return absl::OkStatus();
  }

  // What is left of the budget there, before.
  absl::StatusOr<double> CheckDose(const std::vector<Rectangle>& where, double added) const {
    double so_far = 0;
    for (const Rectangle& r : where) so_far = std::max(so_far, journal_->Largest(r));
    const double budget = options_.dose_budget_e_per_m2;
    if (so_far + added <= budget) return budget - so_far;
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrFormat("refused by the guard: the dose there would reach %.4g e/A^2; the budget "
                         "is %.4g, %.4g is spent",
                         (so_far + added) * 1e-20, budget * 1e-20, so_far * 1e-20),
         "go elsewhere, or with less dose"});
  }

  // The most of these rectangles that meet in one place, as the ledger sees it.
  static double Crowding(const std::vector<Rectangle>& where) {
    if (where.size() < 2) return double(where.size());
    DoseLedger count;
    for (const Rectangle& r : where) count.Add(r.x_m, r.y_m, r.width_m, r.height_m, 1);
    return count.Largest();
  }

  static absl::Status LedgerLost(const absl::Status& s) {
    return MakeError({ErrorKind::kDataLoss,
                      absl::StrCat("the guard's dose ledger: ", std::string(s.message())),
                      "free or repair the disk before going on"});
  }

  bool ConfirmedBlank() {
    const absl::StatusOr<Reply> blank = inner_->Execute(Blank{});
    beam_may_be_on_ = !(blank.ok() && blank->blanked);
    return !beam_may_be_on_;
  }

  absl::Status BlankAfter(const absl::Status& fault) {
    const char* what = ConfirmedBlank() ? "fault; the beam has been blanked"
                                        : "fault; BLANKING COULD NOT BE CONFIRMED";
    Tell(absl::StrCat(what, ": ", std::string(fault.message())));
    return Annotate(fault, what);
  }

  absl::Status BlankFirst() {
    if (!ConfirmedBlank()) {
      return absl::FailedPreconditionError(
          absl::StrCat(journal_->uncertain(), "; BLANKING COULD NOT BE CONFIRMED"));
    }
    Tell(
        absl::StrCat("the state is uncertain, the beam has been blanked: ", journal_->uncertain()));
    return absl::OkStatus();
  }

  // On the watchdog's thread, perhaps while watchdog_ is not yet, or no longer, set.
  void OnSilence(Watchdog* watchdog, const std::string& why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool blanked = ConfirmedBlank();
    watchdog->End(!blanked);
    Tell(absl::StrCat(blanked ? "the beam has been blanked: " : "BLANKING COULD NOT BE CONFIRMED: ",
                      why));
  }
  void OnStuck(const std::string& why) {
    stuck_ = true;
    const bool blanked = inner_->BlankNow().ok();
    Tell(absl::StrCat(blanked ? "the beam has been blanked: "
                              : "the beam is blanked as soon as the command ends: ",
                      why));
  }
  // Not on the thread that drives, unless that one exits.
  void OnLastResort(LastResort::Event event) {
    if (forked()) return;
    if (event == LastResort::Event::kGoOn) {
      held_ = {};
      return;
    }
    watchdog_->CancelRunning();
    const bool blanked = inner_->BlankNow().ok();
    std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    for (int i = 0; i < kLastTries && !lock.owns_lock(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      (void)lock.try_lock();
    }
    // A signal ends the program: who has the lock may be what the signal struck, and never comes.
    const bool at_any_price = event == LastResort::Event::kDeath && !blanked;
    if (lock.owns_lock() || at_any_price) (void)inner_->Execute(Safe{});
    // No command may follow.
    if (event != LastResort::Event::kExit && lock.owns_lock()) held_ = std::move(lock);
  }

  void Tell(const std::string& what) const {
    if (options_.on_event) options_.on_event(what);
  }

  std::unique_ptr<Instrument> inner_;
  const GuardOptions options_;
  Description description_;
  std::optional<SetRules> rules_;
  std::unique_ptr<DoseJournal> journal_;
  BeamCheck beam_;
  std::mutex mutex_;                   // one command at a time reaches inner_
  std::unique_lock<std::mutex> held_;  // by OnLastResort, until the program ends or goes on
  bool beam_may_be_on_ = true;
  std::atomic<bool> stuck_ = false;
  const int exceptions_ = std::uncaught_exceptions();  // when it was made
  const int owner_ = getpid();
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<LastResort> last_resort_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GuardedInstrument>> MakeGuarded(std::unique_ptr<Instrument> inner,
                                                               const GuardOptions& options) {
  if (!(options.dose_budget_e_per_m2 > 0)) {
    return absl::InvalidArgumentError("the guard needs a dose budget above 0");
  }
  if (!(options.position_uncertainty_m >= 0) || !(options.heartbeat_s >= 0) ||
      !(options.command_limit_s >= 0) || !(options.interrupt_grace_s >= 0) ||
      !(options.idle_blank_s >= 0)) {
    return absl::InvalidArgumentError("the guard's times and uncertainty must not be below 0");
  }
  if (!(options.ledger_reserve >= 0 && options.ledger_reserve <= 1) ||
      !(options.beam_lost_fraction >= 0 && options.beam_lost_fraction <= 1)) {
    return absl::InvalidArgumentError("the guard's fractions must be from 0 to 1");
  }
  for (const auto& [name, bounds] : options.beam_needs) {
    if (inner->description().FindProperty(name) && bounds[0] <= bounds[1]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the beam needs '", name, "', which is no property, or has min > max"));
  }
  auto guarded = std::make_unique<Guarded>(std::move(inner), options);
  RONCHI_RETURN_IF_ERROR(guarded->Begin());
  return std::unique_ptr<GuardedInstrument>(std::move(guarded));
}

}  // namespace ronchi::hw
