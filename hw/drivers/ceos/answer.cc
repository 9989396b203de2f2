#include "hw/drivers/ceos/answer.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/haider.h"
#include "hw/wire/message.h"

namespace ronchi::hw::ceos {
namespace {

using nlohmann::json;

// No lens has one of a metre: a length in nm that was taken for one in m shows here.
constexpr double kMostAberration_m = 1;

std::string Shown(std::string_view text) {
  constexpr size_t kMost = 300;
  return Printable(text.substr(0, kMost)) + (text.size() > kMost ? " …" : "");
}
std::string Dumped(const json& j) {
  return Shown(j.dump(-1, ' ', false, json::error_handler_t::replace));
}

const json& FieldOf(const json& object, const char* key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(key);
  return it == object.end() ? kNothing : *it;
}
std::string TextOf(const json& object, const char* key) {
  const json& field = FieldOf(object, key);
  return field.is_string() ? field.get<std::string>() : "";
}

absl::Status NoAnswer(const std::string& who, const std::string& method, const std::string& why) {
  return MakeError({ErrorKind::kCommunication, absl::StrCat(who, ": ", method, ": ", why),
                    "see that it is a corrector that listens there; measure before repeating",
                    Effect::kPerhaps});
}

// The codes of JSON-RPC 2.0, section 5.1.
Error OfCode(int64_t code) {
  constexpr int64_t kNoMethod = -32601, kBadParams = -32602, kBadRequest = -32600, kNoJson = -32700;
  if (code == kNoMethod) return {ErrorKind::kCannot, "", "", Effect::kNone};
  if (code == kBadParams || code == kBadRequest || code == kNoJson) {
    return {ErrorKind::kBadCommand, "", "", Effect::kNone};
  }
  return {ErrorKind::kHardware, "", "", Effect::kPerhaps};
}

absl::Status TheirError(const json& error, const std::string& method, const std::string& who) {
  const json& code = FieldOf(error, "code");
  const json& data = FieldOf(error, "data");
  Error e = OfCode(code.is_number_integer() ? code.get<int64_t>() : 0);
  e.remedy = "look at the corrector's own program";
  std::string message = error.is_string() ? error.get<std::string>() : TextOf(error, "message");
  // Others put the message's substance there.
  const std::string more = data.is_string() ? data.get<std::string>() : TextOf(data, "message");
  if (!more.empty()) absl::StrAppend(&message, message.empty() ? "" : ": ", more);
  if (const auto kind = KindFromName(TextOf(data, "kind"))) {
    e.kind = *kind;
    e.effect = EffectFromName(TextOf(data, "effect")).value_or(Effect::kPerhaps);
    const std::string remedy = TextOf(data, "remedy");
    if (!remedy.empty() && absl::EndsWith(message, "; " + remedy)) {
      message.resize(message.size() - remedy.size() - 2);
      e.remedy = Shown(remedy);
    }
  }
  if (message.empty()) message = absl::StrCat("gave no reason but ", Dumped(error));
  e.cause = absl::StrCat(who, ": ", method, ": ", Shown(message));
  if (code.is_number_integer()) absl::StrAppend(&e.cause, " (", code.get<int64_t>(), ")");
  return MakeError(e);
}

absl::Status Unlike(const std::string& what) { return absl::InvalidArgumentError(what); }

// One or two numbers: 3e-9, [3e-9], [3e-9, 0].
absl::StatusOr<std::vector<double>> NumbersOf(const std::string& name, const json& j) {
  const json list = j.is_array() ? j : json::array({j});
  if (list.empty() || list.size() > 2) return Unlike(absl::StrCat(name, " is ", Dumped(j)));
  std::vector<double> numbers;
  for (const json& n : list) {
    if (!n.is_number() || !(std::fabs(n.get<double>()) < kMostAberration_m)) {
      return Unlike(absl::StrCat(name, " is ", Dumped(j), "; lengths below ", kMostAberration_m,
                                 " m are expected"));
    }
    numbers.push_back(n.get<double>());
  }
  return numbers;
}

// By name, of the shapes that are known; what else there is stays out.
std::map<std::string, json> Named(const json& result) {
  const json* from = &result;
  for (const char* key : {"aberrations", "coefficients"}) {
    const json& below = FieldOf(result, key);
    if (below.is_object() || below.is_array()) from = &below;
  }
  std::map<std::string, json> named;
  if (from->is_object()) {
    for (const auto& [name, value] : from->items()) {
      const json& inner = FieldOf(value, "value");
      named[name] = inner.is_null() ? value : inner;
    }
  } else if (from->is_array()) {
    for (const json& item : *from) named[TextOf(item, "name")] = FieldOf(item, "value");
  }
  return named;
}

// The standard deviation of a part, m; nothing: it is not told.
absl::StatusOr<std::optional<double>> DeviationOf(const json& result, std::string_view name,
                                                  size_t part) {
  const json& told = FieldOf(FieldOf(result, "confidence"), std::string(name).c_str());
  if (told.is_null()) return std::nullopt;
  RONCHI_ASSIGN_OR_RETURN(const std::vector<double> numbers,
                          NumbersOf(absl::StrCat("the confidence of ", std::string(name)), told));
  const double deviation = numbers[std::min(part, numbers.size() - 1)];
  if (!(deviation >= 0)) {
    return Unlike(absl::StrCat("the confidence of ", std::string(name), " is below 0"));
  }
  return std::optional<double>(deviation);
}

}  // namespace

absl::StatusOr<json> ResultOf(std::string_view payload, uint64_t id, const std::string& method,
                              const std::string& who) {
  const absl::StatusOr<json> answer = wire::DecodeHead(payload);
  if (!answer.ok()) {
    return NoAnswer(who, method,
                    absl::StrCat("the answer '", Shown(payload.substr(0, 60)),
                                 "' is no JSON: ", std::string(answer.status().message())));
  }
  const json& theirs = FieldOf(*answer, "id");
  if (!theirs.is_number_integer() || theirs != json(id)) {
    return NoAnswer(
        who, method,
        absl::StrCat(
            "an answer to request ", Dumped(theirs), ", not to ", id,
            FieldOf(*answer, "error").is_null() ? "" : ": " + Dumped(FieldOf(*answer, "error"))));
  }
  if (const json& error = FieldOf(*answer, "error"); !error.is_null()) {
    return TheirError(error, method, who);
  }
  if (!answer->contains("result")) return NoAnswer(who, method, "neither a result nor an error");
  return answer->at("result");
}

absl::StatusOr<Estimate> AberrationsOf(const json& result, const std::string& what) {
  const std::map<std::string, json> named = Named(result);
  Estimate out{.what = what, .names = {}, .values = {}, .covariance = {}};
  std::vector<double> deviations;
  for (const wire::HaiderTerm& term : wire::kHaiderTerms) {
    const std::string name(term.name);
    const auto it = named.find(name);
    if (it == named.end()) continue;
    RONCHI_ASSIGN_OR_RETURN(const std::vector<double> numbers, NumbersOf(name, it->second));
    const size_t parts = PartsOf(term);
    if (numbers.size() < parts) return Unlike(absl::StrCat(name, " needs two numbers"));
    for (size_t part = 0; part < parts; ++part) {
      out.names.push_back(PartName(term, part));
      out.values.push_back(Metres(ToKrivanek(term, numbers[part])));
      RONCHI_ASSIGN_OR_RETURN(const auto deviation, DeviationOf(result, term.name, part));
      if (deviation) deviations.push_back(ToKrivanek(term, *deviation));
    }
  }
  const size_t n = out.names.size();
  if (n == 0) return Unlike(absl::StrCat("no aberration in ", Dumped(result)));
  if (deviations.size() != n) return out;
  out.covariance.assign(n * n, 0);
  for (size_t i = 0; i < n; ++i) out.covariance[i * n + i] = deviations[i] * deviations[i];
  return out;
}

}  // namespace ronchi::hw::ceos
