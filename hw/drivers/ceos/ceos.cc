#include "hw/drivers/ceos/ceos.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"
#include "hw/drivers/ceos/answer.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/reply_check.h"
#include "hw/instrument/validate.h"
#include "hw/wire/framed_peer.h"
#include "hw/wire/netstring.h"

namespace ronchi::hw::ceos {
namespace {

using nlohmann::json;
using wire::HaiderTerm;
using wire::kHaiderTerms;

// Typical times of the corrector's own server.
constexpr double kCorrection_s = 0.5, kDefocus_s = 2, kTableau_s = 1, kTableauImage_s = 0.4;

std::string UnitOf(const HaiderTerm& term) {
  const int order = term.krivanek[1] - '0';
  return order < 3 ? "nm" : order < 5 ? "um" : "mm";
}

void DescribeTerm(const HaiderTerm& term, double limit_m, Description* d) {
  for (size_t part = 0; part < PartsOf(term); ++part) {
    const double limit = ToKrivanek(term, limit_m);
    d->properties.push_back({.name = PropertyOf(term, part),
                             .dimension = Dimension::kLength,
                             .min = -limit,
                             .max = limit,
                             .max_step = 2 * limit,
                             .writable = true,
                             .meaning = absl::StrCat("corrections of ", std::string(term.name),
                                                     " since it was connected, together"),
                             .unit = UnitOf(term),
                             .settling_s = kCorrection_s,
                             .group = PropertyGroup::kOptics});
  }
}

Description Describe(const std::string& address, const CeosOptions& o) {
  Description d;
  d.id = "ceos:" + address;
  for (size_t i = 0; i < kHaiderTerms.size(); ++i) {
    if (o.limits_m[i] > 0) DescribeTerm(kHaiderTerms[i], o.limits_m[i], &d);
  }
  const double tableau_s = kTableau_s + kTableauImage_s * kTableauTypes[o.tableau].images;
  d.measurements = {{"defocus", kDefocus_s, kDefocus_s, o.field_m},
                    {"aberrations", tableau_s, tableau_s, o.field_m}};
  for (const std::string& name : CapabilityNames()) {
    const bool can = name == "read" || name == "set" || name == "set.relative" || name == "measure";
    if (!can) d.cannot.push_back(name);
  }
  return d;
}

// What the corrector says of itself that a reader understands: a text, or some fields.
std::string ModelOf(const json& info) {
  std::string said = info.is_string() ? info.get<std::string>() : "";
  for (const char* key : {"correctorType", "type", "model", "version"}) {
    const json field = info.is_object() ? info.value(key, json()) : json();
    if (field.is_string() || field.is_number()) {
      const std::string text = field.is_string() ? field.get<std::string>() : field.dump();
      absl::StrAppend(&said, said.empty() ? "" : ", ", text);
    }
  }
  constexpr size_t kMost = 200;
  return "CEOS corrector" + (said.empty() ? "" : ": " + Printable(said.substr(0, kMost)));
}

// JSON-RPC 2.0 in netstrings.
class Gateway final : public CeosLink {
 public:
  Gateway(const wire::Address& address, double connect_s)
      : peer_(address, wire::NetstringEnd, {.connect_s = connect_s}) {}
  const std::string& name() const override { return peer_.name(); }
  absl::StatusOr<json> Call(const std::string& method, const json& params,
                            double within_s) override {
    const uint64_t id = ++id_;
    const json ask = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    // A connection for each call, as the clients have that are known to drive real ones: on a link
    // that has ended unseen a correction would be in doubt that was never heard.
    peer_.Drop();
    absl::StatusOr<std::string> frame = peer_.Ask(wire::Netstring(ask.dump()), within_s);
    if (!frame.ok()) return Annotate(frame.status(), method);
    peer_.Drop();
    return ResultOf(wire::PayloadOf(*frame), id, method, peer_.name());
  }

 private:
  wire::FramedPeer peer_;
  uint64_t id_ = 0;
};

struct Knob {
  size_t term = 0, part = 0;
  double at_m = 0;  // Krivanek's
};

class Ceos final : public Instrument {
 public:
  Ceos(std::unique_ptr<CeosLink> link, const CeosOptions& options)
      : options_(options), link_(std::move(link)), description_(Describe(link_->name(), options)) {
    for (size_t t = 0; t < kHaiderTerms.size(); ++t) {
      if (!(options.limits_m[t] > 0)) continue;
      for (size_t part = 0; part < PartsOf(kHaiderTerms[t]); ++part) {
        knobs_[PropertyOf(kHaiderTerms[t], part)] = {t, part, 0};
      }
    }
  }

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(const json info, Call("getInfo", json::object(), options_.answer_s));
    description_.model = ModelOf(info);
    if (!info.is_object()) return absl::OkStatus();
    description_.simulated = info.value("simulated", json()) == true;
    const json has = info.value("aberrations", json());
    if (!has.is_array()) return absl::OkStatus();
    for (size_t t = 0; t < kHaiderTerms.size(); ++t) {
      const std::string name(kHaiderTerms[t].name);
      if (!(options_.limits_m[t] > 0) || std::find(has.begin(), has.end(), name) != has.end()) {
        continue;
      }
      return MakeError({ErrorKind::kCannot, absl::StrCat(link_->name(), " does not correct ", name),
                        absl::StrCat("leave it out: limits_nm: {", name, ": 0}"), Effect::kNone});
    }
    return absl::OkStatus();
  }

  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    if (const auto* read = std::get_if<Read>(&command)) return Do(*read);
    if (options.cancelled()) {
      return MakeError({ErrorKind::kCancelled, "cancelled before it began", ""});
    }
    const Clock::time_point began = Clock::now();
    absl::StatusOr<Reply> reply = MakeError({ErrorKind::kCannot, VerbName(command), ""});
    if (const auto* set = std::get_if<Set>(&command)) reply = Do(*set, options);
    if (const auto* measure = std::get_if<Measure>(&command)) reply = Do(*measure, options);
    if (reply.ok()) reply->elapsed_s = std::chrono::duration<double>(Clock::now() - began).count();
    return reply;
  }

  Reply Now() const {
    Reply reply;
    reply.time_s = std::chrono::duration<double>(Clock::now() - opened_).count();
    reply.blanked = false;  // it cannot say that it is
    return reply;
  }
  // A correction that may have been made is how far off it may be.
  void AddReading(const std::string& property, Reply* reply) const {
    const Knob& knob = knobs_.at(property);
    const auto doubt = in_doubt_.find(knob.term);
    reply->readings.push_back({property, Metres(knob.at_m),
                               doubt == in_doubt_.end() ? 0 : doubt->second.by_m[knob.part],
                               reply->time_s});
  }

  absl::StatusOr<Reply> Do(const Read& read) {
    Reply reply = Now();
    for (const std::string& name : read.properties) AddReading(name, &reply);
    return reply;
  }

  absl::StatusOr<Reply> Do(const Set& set, const ExecuteOptions& options) {
    Knob& knob = knobs_.at(set.property);
    const HaiderTerm& term = kHaiderTerms[knob.term];
    const double asked_m = set.value.si + (set.relative ? knob.at_m : 0);
    // What the wire can carry, so that both sides have the same number.
    const double target_m = ToKrivanek(term, ToHaider(term, asked_m));
    RONCHI_RETURN_IF_ERROR(CheckTarget(*description_.FindProperty(set.property), asked_m));
    RONCHI_RETURN_IF_ERROR(CheckDoubt(set.property, knob));
    if (target_m != knob.at_m) {
      double within_s = std::min(options_.answer_s, options.timeout_s);
      if (set.timeout_s > 0) within_s = std::min(within_s, set.timeout_s);
      RONCHI_RETURN_IF_ERROR(Correct(knob, target_m, within_s));
      knob.at_m = target_m;
    }
    Reply reply = Now();
    AddReading(set.property, &reply);
    return reply;
  }

  absl::Status Correct(const Knob& knob, double target_m, double within_s) {
    const HaiderTerm& term = kHaiderTerms[knob.term];
    // Round terms, too, have two numbers: so does the client that is known to drive a real one.
    json value = {0.0, 0.0}, target;
    for (size_t part = 0; part < PartsOf(term); ++part) {
      value[part] = ToHaider(term, knobs_.at(PropertyOf(term, part)).at_m);
    }
    target = value;
    target[knob.part] = ToHaider(term, target_m);
    const absl::Status s = Call("correctAberration",
                                {{"name", std::string(term.name)},
                                 {"value", std::move(value)},
                                 {"target", std::move(target)}},
                                within_s)
                               .status();
    if (!s.ok() && MayHaveHappened(s)) {
      Doubt& doubt = in_doubt_[knob.term];
      doubt.why = ErrorOf(s).cause;
      doubt.by_m[knob.part] = std::fabs(target_m - knob.at_m);
    }
    return s;
  }

  absl::Status CheckDoubt(const std::string& property, const Knob& knob) const {
    const auto doubt = in_doubt_.find(knob.term);
    if (doubt == in_doubt_.end()) return absl::OkStatus();
    return MakeError({ErrorKind::kHardware,
                      absl::StrCat(property, ": whether the last correction of ",
                                   std::string(kHaiderTerms[knob.term].name),
                                   " was made is not known (", doubt->second.why, ")"),
                      "measure the aberrations, and open the corrector anew: it counts from where "
                      "it stands then",
                      Effect::kPerhaps});
  }

  absl::StatusOr<Reply> Do(const Measure& measure, const ExecuteOptions& options) {
    if (measure.center_x_m != 0 || measure.center_y_m != 0 || measure.fov_m != 0) {
      return MakeError({ErrorKind::kBadCommand,
                        "a corrector measures where its own scan stands; no place or field",
                        "leave out the place and the field"});
    }
    const bool tableau = measure.what == "aberrations";
    json params = json::object();
    if (tableau) {
      const TableauType& type = kTableauTypes[options_.tableau];
      const double angle_rad = options_.tableau_angle_rad;
      params = {{"tabType", std::string(type.name)},
                {"angle", (angle_rad > 0 ? angle_rad : type.angle_rad) * 1e3}};
    }
    const double within_s =
        std::min(tableau ? options_.tableau_s : options_.measure_s, options.timeout_s);
    RONCHI_ASSIGN_OR_RETURN(const json result,
                            Call(tableau ? "acquireTableau" : "measureC1A1", params, within_s));
    absl::StatusOr<Estimate> estimate = AberrationsOf(result, measure.what);
    if (!estimate.ok()) return Misfit(link_->name(), measure, estimate.status());
    Reply reply = Now();
    reply.estimates.push_back(*std::move(estimate));
    return reply;
  }

  absl::StatusOr<json> Call(const std::string& method, const json& params, double within_s) {
    return link_->Call(method, params, within_s);
  }

  using Clock = std::chrono::steady_clock;
  struct Doubt {
    std::string why;
    std::array<double, 2> by_m{};
  };

  const CeosOptions options_;
  const Clock::time_point opened_ = Clock::now();
  const std::unique_ptr<CeosLink> link_;
  Description description_;
  std::map<std::string, Knob> knobs_;
  std::map<size_t, Doubt> in_doubt_;  // by term
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeCeos(const wire::Address& address,
                                                     const CeosOptions& options) {
  return MakeCeos(std::make_unique<Gateway>(address, options.connect_s), options);
}

absl::StatusOr<std::unique_ptr<Instrument>> MakeCeos(std::unique_ptr<CeosLink> link,
                                                     const CeosOptions& options) {
  auto ceos = std::make_unique<Ceos>(std::move(link), options);
  RONCHI_RETURN_IF_ERROR(ceos->Begin());
  return std::unique_ptr<Instrument>(std::move(ceos));
}

}  // namespace ronchi::hw::ceos
