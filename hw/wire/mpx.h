// What Quantum Detectors' Merlin speaks on both of its ports: messages "MPX,0000000019,<body>", and
// the words of its control port,
//   GET,<name>,0        answered by   GET,<name>,<value>,<code>
//   SET,<name>,<value>                SET,<name>,<code>
//   CMD,<name>,0                      CMD,<name>,<code>
// Source of the facts: LiberTEM-live's documentation, and its simulator as measured.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::hw::wire {

constexpr size_t kMpxPrefixBytes = 15;      // "MPX,", ten digits, ","
constexpr size_t kMostControlBytes = 4096;  // of a word of the control port; names are short

// The number counts the comma after it: a body of 18 bytes is announced as 19.
void AppendMpxPrefix(size_t body_bytes, std::string* to);
std::string MpxMessage(std::string_view body);

// The bytes of the body that a prefix announces. InvalidArgument: it is none.
absl::StatusOr<size_t> MpxBodyBytes(std::string_view prefix);
// Does it begin like a message, as far as it has come?
bool MayBeMpx(std::string_view bytes);

// Where the first message of `bytes` ends, 0: it is not whole yet (wire::FrameEnd).
// InvalidArgument: it begins none, or a longer one than a word of the control port.
absl::StatusOr<size_t> MpxEnd(std::string_view bytes);
// The same of an answer. Servers differ: in some the number counts the comma, in others it does
// not. An answer ends with its code, so what ends with a comma lacks one byte.
absl::StatusOr<size_t> MpxAnswerEnd(std::string_view bytes);

// What a code of an answer says; there may be others.
enum class MpxCode { kDone = 0, kBusy = 1, kNotKnown = 2, kOutOfRange = 3 };

struct MpxAnswer {
  std::string verb, name;
  std::string value;  // of a GET
  int code = 0;
};
// Of a whole message. InvalidArgument: it is no answer.
absl::StatusOr<MpxAnswer> ParseMpxAnswer(std::string_view message);
// The body of an answer.
std::string MpxAnswerText(const MpxAnswer& answer);

struct MpxRequest {
  std::string verb, name;
  std::string value;  // "0" where none is needed
};
// Of a whole message; a value may be missing where it is not needed. InvalidArgument: no request.
absl::StatusOr<MpxRequest> ParseMpxRequest(std::string_view message);
std::string MpxRequestText(const MpxRequest& request);  // the whole message

}  // namespace ronchi::hw::wire
