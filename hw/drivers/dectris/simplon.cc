#include "hw/drivers/dectris/simplon.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/http.h"

namespace ronchi::hw::dectris {
namespace {

using nlohmann::json;

constexpr size_t kMostAnswerBytes = 1 << 20;

std::string Short(const std::string& text) {
  return Printable(text.size() > 200 ? text.substr(0, 200) + " …" : text);
}

bool Agree(const json& a, const json& b) {
  if (!a.is_number() || !b.is_number()) return a == b;
  const double x = a.get<double>(), y = b.get<double>();
  return std::abs(x - y) <= 1e-6 * std::max(std::abs(x), std::abs(y));
}

}  // namespace

absl::Status Simplon::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError({ErrorKind::kHardware, absl::StrCat(name(), ": ", what, ": ", Short(why)),
                    "look at the detector's control unit"});
}

absl::StatusOr<json> Simplon::Ask(const std::string& method, const std::string& path,
                                  const std::string& body, double within_s) const {
  const std::string what = path.substr(path.rfind('/') + 1);
  RONCHI_ASSIGN_OR_RETURN(const wire::HttpAnswer answer,
                          wire::AskHttp(address_, {method, path, body},
                                        within_s > 0 ? within_s : answer_s_, kMostAnswerBytes));
  if (answer.status == 404) {
    return MakeError(
        {ErrorKind::kCannot, absl::StrCat(name(), " knows no ", what), "", Effect::kNone});
  }
  if (answer.status == 400) {
    return MakeError({ErrorKind::kOutOfLimits,
                      absl::StrCat(name(), " refuses ", what, ": ", Short(answer.body)), "",
                      Effect::kNone});
  }
  if (answer.status != 200) {
    return Nonsense(what, absl::StrCat(answer.status, " ", answer.reason, " ", answer.body));
  }
  if (answer.body.empty()) return json();
  if (NestsTooDeeply(answer.body)) return Nonsense(what, "nested too deeply");
  json value = json::parse(answer.body, nullptr, false);
  if (value.is_discarded()) return Nonsense(what, "no JSON: " + answer.body);
  return value;
}

absl::StatusOr<Simplon::Setting> Simplon::Get(const std::string& module,
                                              const std::string& key) const {
  RONCHI_ASSIGN_OR_RETURN(
      const json j,
      Ask("GET", absl::StrCat("/", module, "/api/", version_, "/config/", key), "", 0));
  if (!j.is_object() || !j.contains("value")) return Nonsense(key, "no value: " + j.dump());
  Setting s{.value = j["value"]};
  const auto limit = [&](const char* name, double* to) {
    const auto at = j.find(name);
    if (at != j.end() && at->is_number()) *to = at->get<double>();
  };
  limit("min", &s.min);
  limit("max", &s.max);
  return s;
}

absl::StatusOr<double> Simplon::Number(const std::string& module, const std::string& key) const {
  RONCHI_ASSIGN_OR_RETURN(const Setting s, Get(module, key));
  if (s.value.is_number() && std::isfinite(s.value.get<double>())) return s.value.get<double>();
  return Nonsense(key, "no finite number: " + s.value.dump());
}

absl::StatusOr<size_t> Simplon::Whole(const std::string& module, const std::string& key) const {
  RONCHI_ASSIGN_OR_RETURN(const Setting s, Get(module, key));
  if (s.value.is_number_unsigned()) return s.value.get<size_t>();
  return Nonsense(key, "no whole number: " + s.value.dump());
}

absl::StatusOr<std::string> Simplon::Text(const std::string& module, const std::string& key) const {
  RONCHI_ASSIGN_OR_RETURN(const Setting s, Get(module, key));
  if (s.value.is_string()) return s.value.get<std::string>();
  return Nonsense(key, "no text: " + s.value.dump());
}

absl::Status Simplon::Set(const std::string& module, const std::string& key,
                          const json& value) const {
  RONCHI_ASSIGN_OR_RETURN(const Setting before, Get(module, key));
  if (Agree(before.value, value)) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(Ask("PUT", absl::StrCat("/", module, "/api/", version_, "/config/", key),
                             json{{"value", value}}.dump(), 0)
                             .status());
  RONCHI_ASSIGN_OR_RETURN(const Setting after, Get(module, key));
  if (Agree(after.value, value)) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfTolerance,
                    absl::StrCat(name(), ": ", key, " stands at ", Short(after.value.dump()),
                                 " instead of ", Short(value.dump())),
                    "see what the detector allows", Effect::kNone});
}

absl::StatusOr<json> Simplon::Do(const std::string& command, double within_s) const {
  return Ask("PUT", absl::StrCat("/detector/api/", version_, "/command/", command), "", within_s);
}

absl::StatusOr<std::string> Simplon::State() const {
  const auto j = Ask("GET", absl::StrCat("/detector/api/", version_, "/status/state"), "", 0);
  if (!j.ok() && ErrorOf(j.status()).kind == ErrorKind::kCannot) return "";
  RONCHI_RETURN_IF_ERROR(j.status());
  const bool told = j->is_object() && j->contains("value") && (*j)["value"].is_string();
  if (told) return (*j)["value"].get<std::string>();
  return Nonsense("state", "no text: " + j->dump());
}

}  // namespace ronchi::hw::dectris
