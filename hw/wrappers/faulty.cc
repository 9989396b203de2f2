#include "hw/wrappers/faulty.h"

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "hw/instrument/ground_truth.h"
#include "hw/instrument/state_archive.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using Probability = double FaultOptions::*;
constexpr std::array<std::pair<const char*, Probability>, 11> kProbabilities = {{
    {"lost_before", &FaultOptions::lost_before},
    {"lost_after", &FaultOptions::lost_after},
    {"busy", &FaultOptions::busy},
    {"throws", &FaultOptions::throws},
    {"not_a_number", &FaultOptions::not_a_number},
    {"stuck", &FaultOptions::stuck},
    {"blank_fails", &FaultOptions::blank_fails},
    {"measure_fails", &FaultOptions::measure_fails},
    {"measure_stops", &FaultOptions::measure_stops},
    {"measure_fails_later", &FaultOptions::measure_fails_later},
    {"set_fails_later", &FaultOptions::set_fails_later},
}};

absl::Status Lost() {
  return MakeError({ErrorKind::kCommunication, "the link is lost (injected)",
                    "check the connection; read before repeating"});
}

bool MakesSafe(const Command& command) {
  return std::holds_alternative<Blank>(command) || std::holds_alternative<Safe>(command) ||
         std::holds_alternative<Abort>(command);
}

// What was accepted and has failed, until it has been said.
struct Posted {
  bool failed = false, is_set = false;
  std::string what;
  double time_s = 0;

  void Archive(StateArchive* a) { a->All(&failed, &is_set, &what, &time_s); }
  absl::Status Tell() {
    failed = false;
    constexpr char kNotDone[] = "this command was not carried out";
    if (is_set) {
      return MakeError(
          {ErrorKind::kOutOfTolerance,
           absl::StrCat(what, ", accepted at ", time_s, " s, has not moved since (injected)"),
           absl::StrCat("look at the instrument before going on; ", kNotDone), Effect::kPerhaps});
    }
    return MakeError({ErrorKind::kTimeout,
                      absl::StrCat("the measurement of '", what, "', accepted at ", time_s,
                                   " s, has failed since (injected)"),
                      absl::StrCat("measure again; ", kNotDone), Effect::kNone});
  }
};

class Faulty final : public Instrument, private GroundTruth {
 public:
  Faulty(std::unique_ptr<Instrument> inner, const FaultOptions& options)
      : inner_(std::move(inner)), options_(options), seed_(options.seed) {}
  const Description& description() const override { return inner_->description(); }
  GroundTruth* ground_truth() override { return truth() ? this : nullptr; }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (++commands_ <= uint64_t(options_.spared)) return inner_->Execute(command, options);
    if (posted_.failed && !MakesSafe(command)) return posted_.Tell();
    RandomStream random({.seed = seed_,
                         .name = "hw.faulty",
                         .environment = environment_,
                         .episode = episode_,
                         .step = commands_});
    double u = random.Uniform();
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
    if (const auto* measure = std::get_if<Measure>(&command)) {
      return RunMeasure(*measure, options, falls);
    }
    if (const auto* set = std::get_if<Set>(&command)) {
      u -= options_.measure_fails + options_.measure_stops + options_.measure_fails_later;
      if (falls(options_.set_fails_later)) return SetPosted(*set, options);
    }
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

  // What is refused in any case is refused by the instrument.
  template <class Falls>
  absl::StatusOr<Reply> RunMeasure(const Measure& m, const ExecuteOptions& options,
                                   const Falls& falls) {
    if (!CheckCommand(description(), m).ok()) return inner_->Execute(m, options);
    const bool fails = falls(options_.measure_fails), stops = falls(options_.measure_stops);
    stopped_ |= stops;
    if (stopped_) {
      return MakeError({ErrorKind::kHardware, "the software that measures has stopped (injected)",
                        "restart it; do without until then", Effect::kNone});
    }
    absl::StatusOr<Reply> reply = inner_->Execute(m, options);
    if (!reply.ok() || reply->ended != Ended::kComplete) return reply;
    if (fails) {
      return MakeError({ErrorKind::kTimeout,
                        absl::StrCat("the measurement of '", m.what, "' has no result (injected)"),
                        "look at what it saw; measure again", Effect::kDone});
    }
    if (falls(options_.measure_fails_later)) {
      posted_ = {true, false, m.what, reply->time_s};
      return MakeError({ErrorKind::kTimeout,
                        absl::StrCat("the measurement of '", m.what,
                                     "' was accepted, but no result has come (injected)"),
                        "look whether it goes on before measuring again", Effect::kDone});
    }
    return reply;
  }

  // It takes its time and answers as if it had been done.
  absl::StatusOr<Reply> SetPosted(const Set& set, const ExecuteOptions& options) {
    const PropertyInfo* p = description().FindProperty(set.property);
    if (!p || !CheckCommand(description(), set).ok()) return inner_->Execute(set, options);
    RONCHI_ASSIGN_OR_RETURN(const Reply before, inner_->Execute(Read{{set.property}}));
    const double target = set.value.si + (set.relative ? before.readings.at(0).value.si : 0);
    if (!CheckTarget(*p, target).ok()) return inner_->Execute(set, options);
    Set stay = set;
    stay.relative = true;
    stay.value.si = 0;
    absl::StatusOr<Reply> reply = inner_->Execute(stay, options);
    if (!reply.ok() || reply->readings.empty()) return reply;
    reply->elapsed_s += before.elapsed_s;
    reply->readings[0].value.si =
        p->resolution > 0 ? p->resolution * std::round(target / p->resolution) : target;
    posted_ = {true, true, set.property, reply->time_s};
    return reply;
  }

  // The ground truth, which is the inner one's but for the faults.
  GroundTruth* truth() const { return inner_->ground_truth(); }
  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) override {
    truth()->Randomise(seed, environment, episode);
    seed_ = seed;
    environment_ = environment;
    episode_ = episode;
    commands_ = 0;
    stopped_ = false;
    posted_ = {};
  }
  void Pass(double seconds) override { truth()->Pass(seconds); }
  std::map<std::string, double> Hidden() const override { return truth()->Hidden(); }
  absl::StatusOr<double> Figure(const std::string& name) const override {
    return truth()->Figure(name);
  }
  absl::Status NoiseFree(const std::string& detector, std::span<const std::array<double, 2>> at_m,
                         double dwell_s, std::span<double> counts) const override {
    return truth()->NoiseFree(detector, at_m, dwell_s, counts);
  }
  static constexpr char kMark[] = "hw.faulty";
  void Archive(StateArchive* a, std::string* inner) {
    a->All(inner, &seed_, &environment_, &episode_, &commands_, &stopped_, &posted_);
  }
  absl::StatusOr<std::string> Save() const override {
    RONCHI_ASSIGN_OR_RETURN(std::string inner, truth()->Save());
    StateArchive archive;
    const_cast<Faulty*>(this)->Archive(&archive, &inner);  // one that collects writes nothing
    return archive.Seal(kMark);
  }
  absl::Status Restore(const std::string& state) override {
    RONCHI_ASSIGN_OR_RETURN(StateArchive archive, StateArchive::Open(state, kMark));
    std::string inner;
    StateArchive look = archive;
    look(&inner);
    RONCHI_RETURN_IF_ERROR(truth()->Restore(inner));
    Archive(&archive, &inner);
    return absl::OkStatus();
  }

  std::unique_ptr<Instrument> inner_;
  const FaultOptions options_;
  uint64_t seed_, environment_ = 0, episode_ = 0;
  uint64_t commands_ = 0;
  bool stopped_ = false;  // what measures
  Posted posted_;
};

}  // namespace

bool FaultOptions::any() const {
  for (const auto& [name, probability] : kProbabilities) {
    if (this->*probability > 0) return true;
  }
  return false;
}

absl::StatusOr<FaultOptions> ReadFaultOptions(const Config& node, const FaultOptions& defaults) {
  FaultOptions o = defaults;
  ConfigReader r(node);
  double sum = 0;
  for (const auto& [name, probability] : kProbabilities) {
    r.Number(name, &(o.*probability), {.min = 0, .max = 1});
    sum += o.*probability;
  }
  r.Integer("spared", &o.spared, {.min = 0, .max = 1e6});
  RONCHI_RETURN_IF_ERROR(r.Done());
  // Of one command; round-off of eleven.
  if (sum > 1 + 1e-12) {
    return node.Error("",
                      absl::StrCat("the probabilities are ", sum, " together; allowed: 1 at most"));
  }
  return o;
}

std::unique_ptr<Instrument> MakeFaulty(std::unique_ptr<Instrument> inner,
                                       const FaultOptions& options) {
  return std::make_unique<Faulty>(std::move(inner), options);
}

std::unique_ptr<Instrument> WithFaults(std::unique_ptr<Instrument> inner, FaultOptions options,
                                       uint64_t seed) {
  if (!options.any()) return inner;
  options.seed = seed;
  return MakeFaulty(std::move(inner), options);
}

}  // namespace ronchi::hw
