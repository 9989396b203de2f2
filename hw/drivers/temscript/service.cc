#include "hw/drivers/temscript/service.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// 4096 × 4096 doubles in base 64.
constexpr size_t kMostAnswerBytes = 256 << 20;

std::string Short(const std::string& text) {
  return Printable(text.size() > 200 ? text.substr(0, 200) + " …" : text);
}

}  // namespace

absl::Status TemscriptService::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError({ErrorKind::kHardware, absl::StrCat(name(), ": ", what, ": ", Short(why)),
                    "look at temscript's server"});
}

absl::StatusOr<json> TemscriptService::Ask(const wire::HttpRequest& request,
                                           const std::string& what, double within_s) const {
  RONCHI_ASSIGN_OR_RETURN(
      const wire::HttpAnswer answer,
      wire::AskHttp(address_, request, within_s > 0 ? within_s : answer_s_, kMostAnswerBytes));
  if (answer.status == 204) return json();
  if (answer.status == 404) {
    return MakeError({ErrorKind::kCannot,
                      absl::StrCat(name(), " knows no ", what, ": ", Short(answer.reason)), "",
                      Effect::kNone});
  }
  if (answer.status != 200) return Nonsense(what, absl::StrCat(answer.status, " ", answer.reason));
  if (NestsTooDeeply(answer.body)) return Nonsense(what, "nested too deeply");
  json value = json::parse(answer.body, nullptr, false);
  // NaN, which Python writes and JSON does not have, comes here, too.
  if (value.is_discarded()) return Nonsense(what, "no JSON: " + answer.body);
  return value;
}

absl::StatusOr<json> TemscriptService::Get(const std::string& what, double within_s) const {
  return Ask({"GET", "/v1/" + what, ""}, what, within_s);
}

absl::Status TemscriptService::Put(const std::string& what, const json& value,
                                   double within_s) const {
  return Ask({"PUT", "/v1/" + what, value.dump()}, what, within_s).status();
}

absl::StatusOr<double> TemscriptService::Number(const std::string& what) const {
  RONCHI_ASSIGN_OR_RETURN(const json value, Get(what));
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    return Nonsense(what, "no finite number: " + value.dump());
  }
  return value.get<double>();
}

absl::StatusOr<bool> TemscriptService::Bool(const std::string& what) const {
  RONCHI_ASSIGN_OR_RETURN(const json value, Get(what));
  if (!value.is_boolean()) return Nonsense(what, "neither true nor false: " + value.dump());
  return value.get<bool>();
}

absl::StatusOr<std::string> TemscriptService::Text(const std::string& what) const {
  RONCHI_ASSIGN_OR_RETURN(const json value, Get(what));
  if (!value.is_string()) return Nonsense(what, "no text: " + value.dump());
  return value.get<std::string>();
}

absl::StatusOr<std::array<double, 2>> TemscriptService::Pair(const std::string& what) const {
  RONCHI_ASSIGN_OR_RETURN(const json value, Get(what));
  const bool numbers =
      value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
  if (!numbers) return Nonsense(what, "not two numbers: " + value.dump());
  return std::array{value[0].get<double>(), value[1].get<double>()};
}

}  // namespace ronchi::hw
