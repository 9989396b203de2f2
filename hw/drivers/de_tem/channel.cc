#include "hw/drivers/de_tem/channel.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/http.h"

namespace ronchi::hw::de_tem {
namespace {

constexpr const char* kNamespace = "http://tempuri.org/ns.xsd";
constexpr size_t kMostSoapBytes = 1 << 20;

std::string BriefSoap(const std::string& text) {
  constexpr size_t kMost = 200;
  return Printable(text.substr(0, kMost)) + (text.size() > kMost ? " …" : "");
}

}  // namespace

std::string_view OperationName(Operation state) {
  constexpr std::array<std::string_view, 7> kNames = {"idle",    "running", "done",  "failed",
                                                      "aborted", "timeout", "absent"};
  return kNames[size_t(state)];
}

std::string NumberText(double value) { return absl::StrFormat("%.12g", value); }

absl::Status Channel::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError({ErrorKind::kHardware, absl::StrCat(name(), ": ", what, ": ", BriefSoap(why)),
                    "look at DE-TEM-Channel"});
}

absl::StatusOr<std::map<std::string, std::string>> Channel::Call(
    const std::string& method, const wire::SoapFields& arguments) const {
  const wire::HttpRequest request = {"POST", "/", wire::SoapRequest(kNamespace, method, arguments),
                                     "text/xml; charset=utf-8", "SOAPAction: \"\"\r\n"};
  auto http = wire::AskHttp(address_, request, answer_s_, kMostSoapBytes);
  if (!http.ok()) return Annotate(http.status(), method);
  // gSOAP answers faults with 500.
  if (http->status != 200 && http->status != 500) {
    return Nonsense(method, absl::StrCat("HTTP ", http->status, " ", http->reason));
  }
  auto answer = wire::ParseSoap(http->body);
  if (!answer.ok()) return Nonsense(method, std::string(answer.status().message()));
  if (!answer->fault) return std::move(answer->fields);
  const bool unknown = answer->why.find("not implemented") != std::string::npos ||
                       answer->why.find("not recognized") != std::string::npos;
  if (!unknown) return Nonsense(method, answer->why);
  return MakeError({ErrorKind::kCannot, absl::StrCat(name(), ": ", BriefSoap(answer->why)),
                    "see which version of DE-TEM-Channel runs there", Effect::kNone});
}

absl::StatusOr<double> Channel::Number(const std::string& method, const std::string& field) const {
  RONCHI_ASSIGN_OR_RETURN(auto fields, Call(method, {{"val", "1"}}));
  double value = 0;
  if (!absl::SimpleAtod(fields[field], &value) || !std::isfinite(value)) {
    return Nonsense(method, absl::StrCat("no finite number in ", field, ": '", fields[field], "'"));
  }
  return value;
}

absl::StatusOr<int> Channel::Whole(const std::string& method, const std::string& field,
                                   const wire::SoapFields& arguments) const {
  RONCHI_ASSIGN_OR_RETURN(
      auto fields, Call(method, arguments.empty() ? wire::SoapFields{{"val", "1"}} : arguments));
  int value = 0;
  if (absl::SimpleAtoi(fields[field], &value)) return value;
  return Nonsense(method, absl::StrCat("no whole number in ", field, ": '", fields[field], "'"));
}

absl::StatusOr<std::string> Channel::Text(const std::string& method) const {
  RONCHI_ASSIGN_OR_RETURN(auto fields, Call(method, {{"val", "1"}}));
  const auto found = fields.find("r");
  if (found == fields.end()) return Nonsense(method, "no text in its answer");
  return found->second;
}

absl::Status Channel::Do(const std::string& method, const wire::SoapFields& arguments) const {
  RONCHI_ASSIGN_OR_RETURN(auto fields, Call(method, arguments));
  if (fields["success"] == "1") return absl::OkStatus();
  if (fields["success"] != "0") return Nonsense(method, "neither success nor failure");
  return MakeError({ErrorKind::kHardware, absl::StrCat(name(), " refuses ", method),
                    "see the mode and the limits of the column", Effect::kNone});
}

absl::StatusOr<std::vector<std::string>> Channel::Batch(
    const std::vector<std::string>& keys) const {
  RONCHI_ASSIGN_OR_RETURN(
      auto fields, Call("executeBatchCommands", {{"commands", absl::StrJoin(keys, ",")},
                                                 {"totalCommands", absl::StrCat(keys.size())}}));
  std::vector<std::string> values = absl::StrSplit(fields["r"], ',');
  if (values.size() == keys.size()) return values;
  return Nonsense("executeBatchCommands",
                  absl::StrCat(values.size(), " values for ", keys.size(), " keys: ", fields["r"]));
}

absl::StatusOr<std::pair<std::string, Operation>> Channel::Property(const std::string& key) const {
  RONCHI_ASSIGN_OR_RETURN(auto fields, Call("getProperty", {{"property", key}}));
  int state = -1;
  if (!absl::SimpleAtoi(fields["status"], &state) || state < 0 || state > int(Operation::kAbsent)) {
    return Nonsense(key, absl::StrCat("a status of '", fields["status"], "'"));
  }
  return std::pair(fields["value"], Operation(state));
}

}  // namespace ronchi::hw::de_tem
