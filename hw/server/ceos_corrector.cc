#include "hw/server/ceos_corrector.h"

#include <algorithm>
#include <cmath>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using wire::kHaiderTerms;

constexpr int kCeosProtocol = 4;     // what the vendor's own says
constexpr int kMostCorrections = 4;  // at a time, one of which goes on
constexpr double kCorrectionTurn_s = 60;
// The outer angle unless one is given, mrad.
constexpr std::pair<const char*, double> kCeosTableaus[] = {
    {"Fast", 9}, {"Standard", 18}, {"Enhanced", 34}};

absl::Status BadParams(const std::string& why) { return absl::InvalidArgumentError(why); }
absl::Status NotHere(const std::string& why) {
  return MakeError({ErrorKind::kCannot, why, "ask for what getInfo lists"});
}

// null is what some clients send for what they leave out.
const json& ParamOf(const json& params, const char* key) {
  static const json kNothing;
  const auto it = params.find(key);
  return it == params.end() ? kNothing : *it;
}

// A text of theirs in a message.
std::string Quoted(const json& j) {
  constexpr size_t kMost = 60;
  const std::string text =
      j.is_string() ? j.get<std::string>() : j.dump(-1, ' ', false, json::error_handler_t::replace);
  return absl::StrCat("'", Printable(text.substr(0, kMost)), "'");
}

absl::StatusOr<std::string> ChoiceOf(const json& params, const char* key, const std::string& absent,
                                     const std::vector<std::string>& allowed) {
  const json& j = ParamOf(params, key);
  if (j.is_null()) return absent;
  const std::string text = j.is_string() ? j.get<std::string>() : "";
  if (j.is_string() && std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
    return text;
  }
  return BadParams(absl::StrCat(key, " ", Quoted(j), " is not known"));
}

// [x, y]; of round terms also x, [x], [x, 0].
absl::StatusOr<std::optional<std::array<double, 2>>> PairOf(const json& params, const char* key,
                                                            const wire::HaiderTerm& term) {
  const json& j = ParamOf(params, key);
  if (j.is_null()) return std::nullopt;
  const json list = j.is_array() ? j : json::array({j});
  const size_t least = PartsOf(term);
  bool good = list.size() >= least && list.size() <= 2;
  std::array<double, 2> pair{};
  for (size_t i = 0; good && i < list.size(); ++i) {
    good = list[i].is_number() && std::isfinite(list[i].get<double>());
    if (good) pair[i] = list[i].get<double>();
  }
  if (good && term.round) good = pair[1] == 0;
  if (good) return std::optional(pair);
  return BadParams(absl::StrCat(key, " ", Quoted(j), " is not allowed; of ", std::string(term.name),
                                term.round ? " it is [x]" : " it is [x, y]", ", m"));
}

json Confidence(const Estimate& e, size_t i) {
  const size_t n = e.names.size();
  return std::sqrt(e.covariance[i * n + i]);
}

}  // namespace

absl::StatusOr<json> CeosCorrector::Call(const std::string& method, const json& params) {
  if (method == "getInfo") return Info();
  if (method == "measureC1A1") return MeasureBy("defocus");
  if (method == "acquireTableau") return Tableau(params);
  if (method == "correctAberration") return Correct(params);
  return absl::NotFoundError(absl::StrCat("no method ", Quoted(method)));
}

const PropertyInfo* CeosCorrector::Knob(const HaiderTerm& term, size_t part) const {
  const PropertyInfo* p = hub_->description().FindProperty(PropertyOf(term, part));
  return p && p->writable && p->dimension == Dimension::kLength ? p : nullptr;
}

json CeosCorrector::Info() const {
  const Description& d = hub_->description();
  json aberrations = json::array();
  for (const HaiderTerm& term : kHaiderTerms) {
    if (Knob(term, 0) && Knob(term, PartsOf(term) - 1)) aberrations.push_back(term.name);
  }
  return {{"type", "Ronchi"},
          {"version", kCeosProtocol},
          {"model", d.model},
          {"simulated", d.simulated},
          {"aberrations", aberrations}};
}

// {"C1": [x], "A1": [x, y], …, "confidence": {…}}: one standard deviation of each part.
absl::StatusOr<json> CeosCorrector::MeasureBy(const std::string& what) {
  if (!hub_->description().FindMeasurement(what)) {
    return NotHere(absl::StrCat("this instrument does not measure ", what));
  }
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, hub_->Execute(Measure{what}));
  if (reply.ended != Ended::kComplete || reply.estimates.empty()) {
    return MakeError({ErrorKind::kTimeout, "the measurement ended early", "", Effect::kDone});
  }
  const Estimate& e = reply.estimates[0];
  json out = json::object(), confidence = json::object();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (size_t t = 0; t < kHaiderTerms.size(); ++t) {
    for (size_t part = 0; part < PartsOf(kHaiderTerms[t]); ++part) {
      const auto name = std::find(e.names.begin(), e.names.end(), PartName(kHaiderTerms[t], part));
      if (name == e.names.end()) continue;
      const size_t i = size_t(name - e.names.begin());
      const double value = ToHaider(kHaiderTerms[t], e.values[i].si);
      measured_[t][part] = value;
      out[std::string(kHaiderTerms[t].name)].push_back(value);
      if (e.covariance.empty()) continue;
      confidence[std::string(kHaiderTerms[t].name)].push_back(Confidence(e, i).get<double>() /
                                                              kHaiderTerms[t].factor);
    }
  }
  if (!confidence.empty()) out["confidence"] = confidence;
  return out;
}

absl::StatusOr<json> CeosCorrector::Tableau(const json& params) {
  std::vector<std::string> types, terms = {""};
  for (const auto& [type, angle] : kCeosTableaus) types.push_back(type);
  for (const HaiderTerm& term : kHaiderTerms) terms.emplace_back(term.name);
  RONCHI_ASSIGN_OR_RETURN(const std::string type, ChoiceOf(params, "tabType", "Standard", types));
  RONCHI_ASSIGN_OR_RETURN(const std::string max_fit, ChoiceOf(params, "maxFit", "", terms));
  json angle = ParamOf(params, "angle");
  for (const auto& [name, mrad] : kCeosTableaus) {
    if (angle.is_null() && name == type) angle = mrad;
  }
  constexpr double kMost_mrad = 200;
  if (!angle.is_number() || !(angle > 0) || !(angle <= kMost_mrad)) {
    return BadParams(absl::StrCat("angle ", Quoted(angle), " is not allowed; allowed: 0 … ",
                                  kMost_mrad, " mrad"));
  }
  RONCHI_ASSIGN_OR_RETURN(json measured, MeasureBy("aberrations"));
  json confidence = measured.value("confidence", json::object());
  measured.erase("confidence");
  for (size_t t = max_fit.empty() ? kHaiderTerms.size() : wire::HaiderIndex(max_fit) + 1;
       t < kHaiderTerms.size(); ++t) {
    measured.erase(std::string(kHaiderTerms[t].name));
    confidence.erase(std::string(kHaiderTerms[t].name));
  }
  return json{{"tabType", type},
              {"angle", angle},
              {"coefficients", std::move(measured)},
              {"confidence", std::move(confidence)}};
}

absl::StatusOr<json> CeosCorrector::Correct(const json& params) {
  const json& asked = ParamOf(params, "name");
  const std::string name = asked.is_string() ? asked.get<std::string>() : "";
  if (name == "We" || name == "WD") {
    return NotHere(absl::StrCat("this instrument has no ", name, " of a corrector"));
  }
  const size_t t = wire::HaiderIndex(name);
  if (t == kHaiderTerms.size()) {
    return BadParams(absl::StrCat("no aberration ", Quoted(asked)));
  }
  const HaiderTerm& term = kHaiderTerms[t];
  RONCHI_RETURN_IF_ERROR(
      ChoiceOf(params, "select", "", {"", "coarse", "fine", "condenser", "projector", "objective"})
          .status());
  RONCHI_ASSIGN_OR_RETURN(const std::optional<Pair> value, PairOf(params, "value", term));
  RONCHI_ASSIGN_OR_RETURN(const std::optional<Pair> given, PairOf(params, "target", term));
  const Pair target = given.value_or(Pair{0, 0});
  for (size_t part = 0; part < PartsOf(term); ++part) {
    if (!Knob(term, part)) {
      return NotHere(absl::StrCat("this instrument does not correct ", name));
    }
  }
  // Those that wait hold a thread of the server each, and a blank needs one.
  const absl::Cleanup left = [&] { --waiting_; };
  if (++waiting_ > kMostCorrections) {
    return MakeError({ErrorKind::kBusy, "other corrections go on", "ask again later"});
  }
  const std::unique_lock<std::timed_mutex> turn(correcting_,
                                                std::chrono::duration<double>(kCorrectionTurn_s));
  if (!turn) {
    return MakeError({ErrorKind::kBusy, "another correction goes on", "ask again later"});
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Change> changes, Plan(t, value, target));
  RONCHI_RETURN_IF_ERROR(Carry(t, changes, value, target));
  return json{{"name", name}, {"target", target}};
}

// Where the settings shall go: by target − value from where they stand. A value that is where the
// knob stands (what it was last told, or what it reads) makes the target the setting, to the bit.
// All are checked before the first is made.
absl::StatusOr<std::vector<CeosCorrector::Change>> CeosCorrector::Plan(
    size_t t, const std::optional<Pair>& value, const Pair& target) {
  const HaiderTerm& term = kHaiderTerms[t];
  std::vector<Change> changes;
  for (size_t part = 0; part < PartsOf(term); ++part) {
    std::optional<double> from;
    std::optional<Told> told;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      from = value ? (*value)[part] : measured_[t][part];
      told = told_[t][part];
    }
    if (!from) {
      return MakeError(
          {ErrorKind::kImpossibleNow,
           absl::StrCat("No value for aberration ", std::string(term.name), " available"),
           "measure it first, or give a value"});
    }
    if (*from == target[part]) continue;
    const std::string property = PropertyOf(term, part);
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, hub_->Execute(Read{{property}}));
    double at = reply.readings.size() == 1 ? reply.readings[0].value.si : kNan;
    if (value && told && told->target == *from && told->read == at) at = told->setting;
    const double to = ToKrivanek(term, target[part]);
    changes.push_back(
        {property, part,
         value && ToHaider(term, at) == *from ? to : at + ToKrivanek(term, target[part] - *from)});
    RONCHI_RETURN_IF_ERROR(
        CheckCommand(hub_->description(), Set{property, Metres(changes.back().to)}));
  }
  return changes;
}

absl::Status CeosCorrector::Carry(size_t t, const std::vector<Change>& changes,
                                  const std::optional<Pair>& value, const Pair& target) {
  for (const Change& c : changes) {
    const absl::StatusOr<Reply> reply = hub_->Execute(Set{c.property, Metres(c.to)});
    const std::lock_guard<std::mutex> lock(mutex_);
    std::optional<double>& measured = measured_[t][c.part];
    if (!reply.ok()) {
      if (MayHaveHappened(reply.status())) {
        measured.reset();
        told_[t][c.part].reset();
      }
      if (&c == &changes[0]) return reply.status();
      Error e = ErrorOf(reply.status());  // one part of two is corrected
      e.effect = Effect::kPerhaps;
      return MakeError(e);
    }
    const bool read = reply->readings.size() == 1;
    told_[t][c.part].reset();
    if (value && read) told_[t][c.part] = {target[c.part], c.to, reply->readings[0].value.si};
    // A measurement of before has been moved along.
    if (measured && value) *measured += target[c.part] - (*value)[c.part];
    if (measured && !value) *measured = target[c.part];
  }
  return absl::OkStatus();
}

}  // namespace ronchi::hw
