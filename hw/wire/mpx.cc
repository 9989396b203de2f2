#include "hw/wire/mpx.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

constexpr std::string_view kMpx = "MPX,";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// For an error: the beginning of what came.
std::string MpxShown(std::string_view bytes) {
  constexpr size_t kShown = 60;
  return absl::StrCat("'", Printable(bytes.substr(0, kShown)), bytes.size() > kShown ? "…'" : "'");
}

std::vector<std::string_view> Fields(std::string_view body) {
  std::vector<std::string_view> fields;
  for (;;) {
    const size_t comma = body.find(',');
    fields.push_back(body.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    body.remove_prefix(comma + 1);
  }
}

absl::StatusOr<std::string_view> Body(std::string_view message) {
  RONCHI_RETURN_IF_ERROR(MpxBodyBytes(message.substr(0, kMpxPrefixBytes)).status());
  return message.substr(kMpxPrefixBytes);
}

bool IsVerb(std::string_view word) { return word == "GET" || word == "SET" || word == "CMD"; }

// Of the first `bytes`: the prefix is whole, and announces so much. 0: not yet.
absl::StatusOr<size_t> Announced(std::string_view bytes) {
  if (!MayBeMpx(bytes)) {
    return absl::InvalidArgumentError(absl::StrCat(MpxShown(bytes), " begins no MPX message"));
  }
  if (bytes.size() < kMpxPrefixBytes) return 0;
  RONCHI_ASSIGN_OR_RETURN(const size_t body, MpxBodyBytes(bytes.substr(0, kMpxPrefixBytes)));
  if (body <= kMostControlBytes) return body;
  return absl::InvalidArgumentError(absl::StrCat(
      "an MPX message of ", body, " bytes; allowed here are ", kMostControlBytes, " at most"));
}

}  // namespace

void AppendMpxPrefix(size_t body_bytes, std::string* to) {
  absl::StrAppendFormat(to, "MPX,%010d,", body_bytes + 1);
}

std::string MpxMessage(std::string_view body) {
  std::string message;
  AppendMpxPrefix(body.size(), &message);
  return message.append(body);
}

bool MayBeMpx(std::string_view bytes) {
  const size_t n = std::min(bytes.size(), kMpxPrefixBytes);
  for (size_t i = 0; i < n; ++i) {
    const bool number = i >= kMpx.size() && i + 1 < kMpxPrefixBytes;
    const char fixed = i < kMpx.size() ? kMpx[i] : ',';
    if (number ? !IsDigit(bytes[i]) : bytes[i] != fixed) return false;
  }
  return true;
}

absl::StatusOr<size_t> MpxBodyBytes(std::string_view prefix) {
  if (prefix.size() != kMpxPrefixBytes || !MayBeMpx(prefix)) {
    return absl::InvalidArgumentError(absl::StrCat(MpxShown(prefix), " begins no MPX message"));
  }
  size_t counted = 0;
  for (const char c : prefix.substr(kMpx.size(), 10)) counted = 10 * counted + size_t(c - '0');
  if (counted < 2) return absl::InvalidArgumentError("an MPX message of no bytes");
  return counted - 1;
}

absl::StatusOr<size_t> MpxEnd(std::string_view bytes) {
  RONCHI_ASSIGN_OR_RETURN(const size_t body, Announced(bytes));
  return body > 0 && bytes.size() >= kMpxPrefixBytes + body ? kMpxPrefixBytes + body : 0;
}

absl::StatusOr<size_t> MpxAnswerEnd(std::string_view bytes) {
  RONCHI_ASSIGN_OR_RETURN(const size_t end, MpxEnd(bytes));
  if (end == 0 || bytes[end - 1] != ',') return end;
  return bytes.size() > end ? end + 1 : 0;
}

absl::StatusOr<MpxAnswer> ParseMpxAnswer(std::string_view message) {
  RONCHI_ASSIGN_OR_RETURN(const std::string_view body, Body(message));
  const std::vector<std::string_view> f = Fields(body);
  const bool get = f[0] == "GET";
  MpxAnswer answer;
  const std::string code(f.back());
  if (!IsVerb(f[0]) || f.size() < (get ? 4u : 3u) || f[1].empty() || code.empty() ||
      code.size() > 3 || !std::all_of(code.begin(), code.end(), IsDigit) ||
      !absl::SimpleAtoi(code, &answer.code)) {
    return absl::InvalidArgumentError(
        absl::StrCat(MpxShown(message), " is no answer; allowed: GET,<name>,<value>,<code> or ",
                     "SET,<name>,<code> or CMD,<name>,<code>"));
  }
  answer.verb = f[0];
  answer.name = f[1];
  // A value may hold commas.
  if (get) {
    const size_t from = 4 + answer.name.size() + 1;
    answer.value = body.substr(from, body.size() - from - code.size() - 1);
  }
  return answer;
}

std::string MpxAnswerText(const MpxAnswer& a) {
  if (a.verb == "GET") return absl::StrCat("GET,", a.name, ",", a.value, ",", a.code);
  return absl::StrCat(a.verb, ",", a.name, ",", a.code);
}

absl::StatusOr<MpxRequest> ParseMpxRequest(std::string_view message) {
  RONCHI_ASSIGN_OR_RETURN(const std::string_view body, Body(message));
  const std::vector<std::string_view> f = Fields(body);
  if (!IsVerb(f[0]) || f.size() < (f[0] == "SET" ? 3u : 2u) || f.size() > 3 || f[1].empty()) {
    return absl::InvalidArgumentError(absl::StrCat(MpxShown(message),
                                                   " is no request; allowed: GET,<name>,0 or ",
                                                   "SET,<name>,<value> or CMD,<name>,0"));
  }
  return MpxRequest{std::string(f[0]), std::string(f[1]), f.size() > 2 ? std::string(f[2]) : "0"};
}

std::string MpxRequestText(const MpxRequest& r) {
  return MpxMessage(absl::StrCat(r.verb, ",", r.name, ",", r.value));
}

}  // namespace ronchi::hw::wire
