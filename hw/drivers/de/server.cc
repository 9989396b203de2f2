#include "hw/drivers/de/server.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/datagram.h"

namespace ronchi::hw::de {
namespace {

using wire::DeAnswer;
using wire::DeOperation;
using wire::DeValue;

constexpr const char* kSoftware = "Server Software Version";
constexpr const char* kStatus = "Acquisition Status";
constexpr double kStopAnswer_s = 1;  // a datagram that is lost is answered never
constexpr std::chrono::milliseconds kStopPoll(20);

std::string BriefDe(const std::string& text) {
  constexpr size_t kMost = 200;
  return Printable(text.substr(0, kMost)) + (text.size() > kMost ? " …" : "");
}

}  // namespace

int VersionOfSoftware(const std::string& software) {
  std::array<int, 4> n{};
  const std::vector<std::string> parts = absl::StrSplit(software, '.');
  if (parts.size() < n.size()) return 0;
  for (size_t i = 0; i < n.size(); ++i) {
    if (!absl::SimpleAtoi(parts[i], &n[i])) return 0;
  }
  // As the maker's client tells them apart: by release and build.
  const std::array<int, 3> release = {n[0], n[1], n[2]};
  const int build = n[3];
  if (release >= std::array{2, 8, 3} && build >= 12436) return 17;
  if (release >= std::array{2, 8, 0} && build >= 12073) return 16;
  if (release >= std::array{2, 8, 0}) return 15;
  if (release >= std::array{2, 7, 5} && build < 11274) return 15;
  if (release >= std::array{2, 7, 4}) return build < 10590 ? 12 : 13;
  return 0;
}

DeServer::DeServer(const DeServerOptions& options)
    : options_(options),
      peer_(options.address, wire::DeAnswerEnd,
            {.connect_s = options.connect_s, .most_bytes = options.most_bytes}),
      camera_(options.camera) {}

absl::Status DeServer::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError({ErrorKind::kHardware, absl::StrCat(name(), ": ", what, ": ", BriefDe(why)),
                    "look at the DE-Server"});
}

absl::StatusOr<DeAnswer> DeServer::AskOnce(DeOperation operation,
                                           const std::vector<DeValue>& values,
                                           const std::string& what, double within_s) {
  const uint32_t id = wire::DeCommandId(operation, version_);
  auto frame = peer_.Ask(wire::DeCommandBytes(id, camera_, values),
                         within_s > 0 ? within_s : options_.answer_s);
  if (!frame.ok()) return Annotate(frame.status(), what);
  frame_ = *std::move(frame);
  auto answer = wire::ParseDeAnswer(frame_, id);
  if (answer.ok()) return answer;
  peer_.Drop();
  return MakeError({ErrorKind::kCommunication,
                    absl::StrCat(what, ": ", name(), ": ", std::string(answer.status().message())),
                    "see that it is a DE-Server that listens there", Effect::kPerhaps});
}

absl::StatusOr<DeAnswer> DeServer::Ask(DeOperation operation, const std::vector<DeValue>& values,
                                       const std::string& what, double within_s) {
  RONCHI_RETURN_IF_ERROR(Open());
  auto answer = AskOnce(operation, values, what, within_s);
  if (!answer.ok()) {
    version_ = 0;
    return answer;
  }
  if (!answer->refused) return answer;
  return MakeError({ErrorKind::kHardware,
                    absl::StrCat(name(), " refuses ", what, ": ",
                                 answer->why.empty() ? "without a reason" : BriefDe(answer->why)),
                    "look at the DE-Server", Effect::kNone});
}

// A server that does not know a version refuses it or ends the connection.
absl::Status DeServer::Open() {
  if (version_ != 0) return absl::OkStatus();
  std::string last;
  for (const int version : kVersions) {
    version_ = version;
    const auto answer = AskOnce(DeOperation::kGetProperty, {std::string(kSoftware)}, kSoftware, 0);
    version_ = 0;
    const bool ended = !answer.ok() && ErrorOf(answer.status()).kind == ErrorKind::kCommunication &&
                       ErrorOf(answer.status()).effect != Effect::kNone;
    if (!answer.ok() && !ended) return answer.status();
    if (!answer.ok() || answer->refused || answer->values.size() != 1) {
      last = answer.ok() ? answer->why : ErrorOf(answer.status()).cause;
      continue;
    }
    software_ = Printable(wire::DeText(answer->values[0]));
    const int told = VersionOfSoftware(software_);
    version_ = told == 0 ? version : std::min(told, version);
    return absl::OkStatus();
  }
  return MakeError({ErrorKind::kCannot,
                    absl::StrCat(name(), " speaks none of the command versions ",
                                 absl::StrJoin(kVersions, ", "), " (", BriefDe(last), ")"),
                    "see that it is a DE-Server that listens there, and that it serves nobody else",
                    Effect::kNone});
}

absl::StatusOr<std::vector<std::string>> DeServer::Cameras() {
  RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer,
                          Ask(DeOperation::kListCameras, {}, "the list of cameras"));
  std::vector<std::string> names;
  for (const DeValue& v : answer.values) names.push_back(wire::DeText(v));
  return names;
}

absl::StatusOr<std::set<std::string>> DeServer::Properties() {
  RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer,
                          Ask(DeOperation::kListProperties, {}, "the list of properties"));
  std::set<std::string> names;
  for (const DeValue& v : answer.values) names.insert(wire::DeText(v));
  return names;
}

// Newer servers may know only the second way, older ones only the first.
absl::StatusOr<std::optional<wire::DeRange>> DeServer::Limits(const std::string& property) {
  for (const DeOperation way : {DeOperation::kListAllowedValues, DeOperation::kGetSpecifications}) {
    const auto answer = Ask(way, {property}, "the limits of " + property);
    if (answer.ok()) {
      if (const auto range = wire::DeRangeOf(*answer)) return range;
      continue;
    }
    const Error e = ErrorOf(answer.status());
    const bool unknown = e.kind == ErrorKind::kHardware ||
                         (e.kind == ErrorKind::kCommunication && e.effect != Effect::kNone);
    if (!unknown) return answer.status();
  }
  return std::optional<wire::DeRange>();
}

absl::StatusOr<DeValue> DeServer::Get(const std::string& property) {
  RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer,
                          Ask(DeOperation::kGetProperty, {property}, property));
  if (answer.values.size() == 1) return answer.values[0];
  return Nonsense(property, absl::StrCat(answer.values.size(), " values where one was asked for"));
}

absl::StatusOr<std::string> DeServer::Text(const std::string& property) {
  RONCHI_ASSIGN_OR_RETURN(const DeValue value, Get(property));
  return wire::DeText(value);
}

absl::StatusOr<double> DeServer::Number(const std::string& property) {
  RONCHI_ASSIGN_OR_RETURN(const DeValue value, Get(property));
  if (const auto number = wire::DeNumber(value)) return *number;
  return Nonsense(property, absl::StrCat("no finite number: ", wire::DeText(value)));
}

absl::Status DeServer::Put(const std::string& property, const DeValue& value) {
  return Ask(DeOperation::kSetProperty, {property, value}, "set " + property).status();
}

absl::Status DeServer::Set(const std::string& property, const std::string& value) {
  RONCHI_RETURN_IF_ERROR(Put(property, value));
  RONCHI_ASSIGN_OR_RETURN(const std::string stands, Text(property));
  if (absl::EqualsIgnoreCase(stands, value)) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfTolerance,
                    absl::StrCat(name(), ": ", property, " stands at '", BriefDe(stands),
                                 "' after it was set to '", value, "'"),
                    "set it at the DE-Server"});
}

absl::Status DeServer::SetWhole(const std::string& property, int32_t value) {
  RONCHI_RETURN_IF_ERROR(Put(property, value));
  RONCHI_ASSIGN_OR_RETURN(const double stands, Number(property));
  if (stands == value) return absl::OkStatus();
  return MakeError(
      {ErrorKind::kOutOfTolerance,
       absl::StrCat(name(), ": ", property, " stands at ", stands, " after it was set to ", value),
       "ask for what the camera can do"});
}

absl::StatusOr<double> DeServer::SetNumber(const std::string& property, double value,
                                           double tolerance) {
  RONCHI_RETURN_IF_ERROR(Put(property, float(value)));
  RONCHI_ASSIGN_OR_RETURN(const double stands, Number(property));
  // What the wire carries has seven digits.
  constexpr double kSinglePrecision = 1e-6;
  const double allowed = std::max(tolerance, kSinglePrecision) * std::fabs(value) + 1e-9;
  if (std::fabs(stands - value) <= allowed) return stands;
  return MakeError({ErrorKind::kOutOfTolerance,
                    absl::StrFormat("%s: %s stands at %g after it was set to %g", name(), property,
                                    stands, value),
                    "ask for what the camera can do"});
}

absl::Status DeServer::Start() {
  // One acquisition; no movie buffer; from version 16 on: no queue of any of five virtual images.
  std::vector<DeValue> values = {int32_t(1), false};
  RONCHI_RETURN_IF_ERROR(Open());
  if (version_ >= 16) values.insert(values.end(), 5, DeValue(false));
  return Ask(DeOperation::kStartAcquisition, values, "start of an acquisition").status();
}

absl::StatusOr<bool> DeServer::Acquiring() {
  RONCHI_ASSIGN_OR_RETURN(const std::string status, Text(kStatus));
  return status != "Idle";
}

absl::StatusOr<wire::DeImage> DeServer::Result(int type, double within_s) {
  RONCHI_RETURN_IF_ERROR(Open());
  // Format 13: single precision. The centre, zoom and window of the whole image; no transform, no
  // stretch; how long it may wait, ms; a histogram of one bin, which cannot be had without.
  const int32_t wait_ms = int32_t(std::clamp(within_s * 1e3, 1.0, 1e9));
  std::vector<DeValue> values = {int32_t(type), int32_t(13), int32_t(0), int32_t(0), 1.f,
                                 int32_t(0),    int32_t(0),  false,      int32_t(0), 0.f,
                                 0.f,           1.f,         0.f,        wait_ms,    0.f,
                                 0.f,           int32_t(1)};
  // No binning of what is sent.
  if (version_ >= 15) values.insert(values.end(), {int32_t(1), int32_t(1), int32_t(0)});
  const std::string what = absl::StrCat("result ", type);
  RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer,
                          Ask(DeOperation::kGetResult, values, what, within_s));
  auto image = wire::DeImageOf(answer);
  frame_.clear();
  frame_.shrink_to_fit();
  if (image.ok()) return image;
  peer_.Drop();
  version_ = 0;
  return Nonsense(what, std::string(image.status().message()));
}

absl::Status DeServer::Stop() {
  RONCHI_ASSIGN_OR_RETURN(bool runs, Acquiring());
  if (!runs) return absl::OkStatus();
  const auto heard = wire::AskByDatagram(options_.address, "PyClientStopAcq", kStopAnswer_s);
  if (!heard.ok()) {
    RONCHI_RETURN_IF_ERROR(Ask(DeOperation::kStopAcquisition, {}, "stop").status());
  }
  const auto until = wire::Stream::After(options_.answer_s);
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(runs, Acquiring());
    if (!runs) return absl::OkStatus();
    if (wire::Stream::Clock::now() >= until) {
      return MakeError({ErrorKind::kTimeout, name() + " acquires on after it was told to stop",
                        "stop it at the DE-Server", Effect::kPerhaps});
    }
    std::this_thread::sleep_for(kStopPoll);
  }
}

}  // namespace ronchi::hw::de
