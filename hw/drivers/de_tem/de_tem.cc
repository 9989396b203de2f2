#include "hw/drivers/de_tem/de_tem.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/drivers/de_tem/corrections.h"
#include "hw/drivers/de_tem/corrector.h"
#include "hw/drivers/de_tem/describe.h"
#include "hw/drivers/de_tem/knobs.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw::de_tem {
namespace {

using Clock = wire::Stream::Clock;

constexpr const char* kMode = "column.mode";

double ElapsedSince(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

class DeTem final : public Instrument {
 public:
  explicit DeTem(const DeTemOptions& options)
      : options_(options),
        channel_(options.address, options.answer_s),
        corrector_(&channel_, options.poll_s),
        corrections_(options, &corrector_) {}
  ~DeTem() override {
    if (!there_.description.id.empty()) (void)BlankNow();
  }

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(there_, DescribeDeTem(options_, channel_, corrector_));
    if (options_.mode < 0) return absl::OkStatus();
    const auto stands = ReadAll({kMode});
    if (!stands.ok()) return stands.status();
    if ((*stands)[0].value.si == options_.mode) return absl::OkStatus();
    return Execute(Set{kMode, Number(options_.mode)}).status();
  }
  const Description& description() const override { return there_.description; }
  // Each question has a connection of its own, so it waits for nothing that runs here.
  absl::Status BlankNow() override {
    RONCHI_RETURN_IF_ERROR(channel_.Do("setBeamBlank", {{"blank", "1"}}));
    RONCHI_ASSIGN_OR_RETURN(const bool blanked, Blanked());
    return blanked ? absl::OkStatus() : NotAsAsked(true);
  }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override;
  absl::Status Do(const Read& read, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Set& set, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Measure& measure, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Blank&, const ExecuteOptions&, Reply*) { return SetBlanked(true); }
  absl::Status Do(const Unblank&, const ExecuteOptions&, Reply*) { return SetBlanked(false); }
  // The beam first; then what moves, which may not be known here.
  absl::Status Do(const Safe&, const ExecuteOptions&, Reply*) {
    const absl::Status blanked = SetBlanked(true);
    const absl::Status stopped = channel_.Do("stopOperation", {{"val", "1"}});
    return blanked.ok() ? stopped : blanked;
  }
  absl::Status Do(const Abort&, const ExecuteOptions&, Reply*) {
    return channel_.Do("stopOperation", {{"val", "1"}});
  }
  template <class Other>
  absl::Status Do(const Other& verb, const ExecuteOptions&, Reply*) {
    return MakeError({ErrorKind::kCannot, "DE-TEM-Channel has no " + VerbName(verb), ""});
  }

  absl::StatusOr<bool> Blanked() const;
  absl::Status SetBlanked(bool blanked) const;
  absl::Status NotAsAsked(bool blanked) const;
  absl::StatusOr<std::vector<Reading>> ReadAll(const std::vector<std::string>& names) const;
  absl::Status SetKnob(const Knob& knob, const Set& set, double to, const ExecuteOptions& options,
                       Reply* reply);
  absl::Status SetPair(const Knob& knob, double theirs) const;
  absl::Status SetStage(const Knob& knob, double theirs, double within_s,
                        const ExecuteOptions& options, Reply* reply) const;
  absl::Status CheckStands(const Knob& knob, const Set& set, double to, double stands) const;

  const DeTemOptions options_;
  const Channel channel_;
  const Corrector corrector_;
  Corrections corrections_;
  const Clock::time_point opened_ = Clock::now();
  DeTemDescription there_;
};

absl::StatusOr<bool> DeTem::Blanked() const {
  RONCHI_ASSIGN_OR_RETURN(const int state, channel_.Whole("getBeamBlankState", "intResult"));
  if (state == 0 || state == 1) return state == 1;
  return channel_.Nonsense("getBeamBlankState", absl::StrCat("neither 0 nor 1: ", state));
}

absl::Status DeTem::NotAsAsked(bool blanked) const {
  return MakeError({ErrorKind::kHardware,
                    absl::StrCat(channel_.name(), ": the beam is ", blanked ? "not " : "",
                                 "blanked after ", blanked ? "a blank" : "an unblank"),
                    blanked ? "close the column valves" : "look at the column", Effect::kPerhaps});
}

absl::Status DeTem::SetBlanked(bool blanked) const {
  RONCHI_RETURN_IF_ERROR(channel_.Do("setBeamBlank", {{"blank", blanked ? "1" : "0"}}));
  RONCHI_ASSIGN_OR_RETURN(const bool is, Blanked());
  return is == blanked ? absl::OkStatus() : NotAsAsked(blanked);
}

absl::StatusOr<Reply> DeTem::Run(const Command& command, const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description(), command));
  const bool always =
      std::holds_alternative<Read>(command) || std::holds_alternative<Blank>(command) ||
      std::holds_alternative<Safe>(command) || std::holds_alternative<Abort>(command);
  if (!always && options.cancelled()) {
    return MakeError({ErrorKind::kCancelled, "cancelled before it began", ""});
  }
  const Clock::time_point start = Clock::now();
  Reply reply;
  RONCHI_RETURN_IF_ERROR(
      std::visit([&](const auto& verb) { return Do(verb, options, &reply); }, command));
  RONCHI_ASSIGN_OR_RETURN(reply.blanked, Blanked());
  reply.elapsed_s = ElapsedSince(start);
  reply.time_s = ElapsedSince(opened_);
  for (Reading& r : reply.readings) r.time_s = reply.time_s;
  return reply;
}

// All that the service tells at one moment in one question.
absl::StatusOr<std::vector<Reading>> DeTem::ReadAll(const std::vector<std::string>& names) const {
  std::set<std::string> keys;
  for (const std::string& name : names) {
    const auto knob = there_.knobs.find(name);
    if (knob != there_.knobs.end() && !knob->second.single) keys.insert(knob->second.key);
  }
  std::map<std::string, std::string> fields;
  if (!keys.empty()) {
    const std::vector<std::string> list(keys.begin(), keys.end());
    RONCHI_ASSIGN_OR_RETURN(const auto values, channel_.Batch(list));
    for (size_t i = 0; i < list.size(); ++i) fields[list[i]] = values[i];
  }
  std::vector<Reading> readings;
  for (const std::string& name : names) {
    const auto found = there_.knobs.find(name);
    if (found == there_.knobs.end()) {
      readings.push_back(corrections_.ReadingOf(name));
      continue;
    }
    const Knob& knob = found->second;
    double si = options_.current_A;
    if (knob.single && !(name == "beam.current" && options_.current_A > 0)) {
      RONCHI_ASSIGN_OR_RETURN(const auto property, channel_.Property(knob.key));
      RONCHI_ASSIGN_OR_RETURN(si, KnobValue(knob, property.first, channel_));
    } else if (!knob.single) {
      RONCHI_ASSIGN_OR_RETURN(si, KnobValue(knob, fields[knob.key], channel_));
    }
    readings.push_back({name, {si, knob.info.dimension}, 0, 0});
  }
  return readings;
}

absl::Status DeTem::Do(const Read& read, const ExecuteOptions&, Reply* reply) {
  RONCHI_ASSIGN_OR_RETURN(reply->readings, ReadAll(read.properties));
  return absl::OkStatus();
}

absl::Status DeTem::Do(const Set& set, const ExecuteOptions& options, Reply* reply) {
  double to = set.value.si;
  if (set.relative) {  // it has no such move; somebody else's knob may turn meanwhile
    RONCHI_ASSIGN_OR_RETURN(const auto at, ReadAll({set.property}));
    to += at[0].value.si;
  }
  const PropertyInfo& info = *description().FindProperty(set.property);
  RONCHI_RETURN_IF_ERROR(CheckTarget(info, to));
  const auto knob = there_.knobs.find(set.property);
  if (knob != there_.knobs.end()) return SetKnob(knob->second, set, to, options, reply);
  double within_s = std::min(options_.correct_s, options.timeout_s);
  if (set.timeout_s > 0) within_s = std::min(within_s, set.timeout_s);
  RONCHI_RETURN_IF_ERROR(corrections_.Drive(set.property, to, within_s));
  reply->readings = {corrections_.ReadingOf(set.property)};
  return absl::OkStatus();
}

absl::Status DeTem::SetKnob(const Knob& knob, const Set& set, double to,
                            const ExecuteOptions& options, Reply* reply) {
  const double theirs = to / knob.si;
  if (knob.way == Knob::Way::kStage) {
    const double own_s = set.timeout_s > 0 ? set.timeout_s : options_.move_s;
    const double within_s = std::min(own_s, options.timeout_s);
    RONCHI_RETURN_IF_ERROR(SetStage(knob, theirs, within_s, options, reply));
  } else if (knob.way == Knob::Way::kPair) {
    RONCHI_RETURN_IF_ERROR(SetPair(knob, theirs));
  } else {
    const std::string text = NumberText(knob.whole ? std::round(theirs) : theirs);
    RONCHI_RETURN_IF_ERROR(channel_.Do(knob.method, {{knob.argument, text}}));
  }
  // It clamps without a word, and says that it has done it.
  RONCHI_ASSIGN_OR_RETURN(reply->readings, ReadAll({set.property}));
  if (reply->ended != Ended::kComplete) return absl::OkStatus();
  return CheckStands(knob, set, to, reply->readings[0].value.si);
}

absl::Status DeTem::CheckStands(const Knob& knob, const Set& set, double to, double stands) const {
  if (knob.stepped == 0) return CheckReadBack(knob.info, set, to, stands);
  const double off = stands > 0 ? std::max(stands / to, to / stands) : kInf;
  const bool near =
      set.tolerance > 0 ? std::fabs(stands - to) <= set.tolerance : off <= knob.stepped;
  if (near) return absl::OkStatus();
  return MakeError(
      {ErrorKind::kOutOfTolerance,
       absl::StrFormat("%s stands at %g after it was set to %g", knob.info.name, stands, to),
       "see the mode of the column, which decides what there is", Effect::kDone});
}

absl::Status DeTem::SetPair(const Knob& knob, double theirs) const {
  RONCHI_ASSIGN_OR_RETURN(const auto fields, channel_.Batch({knob.key}));
  wire::SoapFields both;
  for (size_t part = 0; part < 2; ++part) {
    Knob one = knob;
    one.part = part;
    one.si = 1;
    RONCHI_ASSIGN_OR_RETURN(const double at, KnobValue(one, fields[0], channel_));
    both.push_back({part == 0 ? "x" : "y", NumberText(part == knob.part ? theirs : at)});
  }
  return channel_.Do(knob.method, both);
}

// One axis; the others keep on with what they do.
absl::Status DeTem::SetStage(const Knob& knob, double theirs, double within_s,
                             const ExecuteOptions& options, Reply* reply) const {
  wire::SoapFields arguments;
  for (const char* axis : {"x", "y", "z", "a", "b"}) {
    arguments.push_back({axis, axis == knob.argument ? NumberText(theirs) : "0"});
  }
  arguments.push_back({"axes-mask", absl::StrCat(StageMask(knob.part))});
  RONCHI_RETURN_IF_ERROR(channel_.Do(knob.method, arguments));
  const auto until = wire::Stream::After(within_s);
  const std::string key = absl::StrCat("Stage", std::string(1, char(knob.argument[0] - 'a' + 'A')));
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const auto property, channel_.Property(key));
    if (property.second == Operation::kDone || property.second == Operation::kIdle) {
      return absl::OkStatus();
    }
    const bool runs = property.second == Operation::kRunning;
    const bool late = Clock::now() >= until;
    if (runs && !late && !options.cancelled()) {
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.poll_s));
      continue;
    }
    // Nobody waits for it any more, so it shall not go on.
    if (runs) RONCHI_RETURN_IF_ERROR(channel_.Do("stopOperation", {{"val", "1"}}));
    if (runs && !late) {
      reply->ended = Ended::kCancelled;
      return absl::OkStatus();
    }
    return MakeError({runs ? ErrorKind::kTimeout : ErrorKind::kHardware,
                      absl::StrFormat("%s: %s is %s at %s, on its way to %g", channel_.name(), key,
                                      std::string(OperationName(property.second)),
                                      Printable(property.first.substr(0, 30)), theirs),
                      runs ? "it was stopped: read where it stands" : "look at the stage",
                      Effect::kPerhaps});
  }
}

absl::Status DeTem::Do(const Measure& m, const ExecuteOptions& options, Reply* reply) {
  if (m.center_x_m != 0 || m.center_y_m != 0 || m.fov_m != 0) {
    return MakeError({ErrorKind::kBadCommand,
                      "a corrector measures where its own scan stands; no place or field",
                      "leave out the place and the field"});
  }
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, Blanked());
  if (blanked) return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank"});
  RONCHI_ASSIGN_OR_RETURN(Estimate estimate, corrections_.Measured(m.what, options.timeout_s));
  reply->estimates.push_back(std::move(estimate));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeDeTem(const DeTemOptions& options) {
  auto column = std::make_unique<DeTem>(options);
  RONCHI_RETURN_IF_ERROR(column->Begin());
  return std::unique_ptr<Instrument>(std::move(column));
}

}  // namespace ronchi::hw::de_tem
