// Errors of the outside world are absl::Status with one clear line; broken invariants of our own
// stop the program. See docs/architecture.md, "Errors".
#pragma once

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"

namespace ronchi {

// The same code and payloads with "context: " before the message; OK stays OK. Call it once a
// floor.
inline absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         std::string(context) + ": " + std::string(status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

// Bad input: the command line ends with exit status 2 for these codes, 1 for any other.
inline bool IsBadInput(const absl::Status& s) {
  return absl::IsInvalidArgument(s) || absl::IsNotFound(s) || absl::IsOutOfRange(s) ||
         absl::IsUnimplemented(s) || absl::IsPermissionDenied(s) || absl::IsResourceExhausted(s) ||
         absl::IsAlreadyExists(s);
}

namespace internal {
template <class A, class B>
[[noreturn]] void CheckFailed(const char* file, int line, const char* text, const A& a,
                              const B& b) {
  std::ostringstream out;
  out << file << ":" << line << ": check failed: " << text << " (" << a << " against " << b << ")";
  std::fprintf(stderr, "%s\n", out.str().c_str());
  std::abort();
}
}  // namespace internal
}  // namespace ronchi

#define RONCHI_CONCAT_INNER(a, b) a##b
#define RONCHI_CONCAT(a, b) RONCHI_CONCAT_INNER(a, b)

#define RONCHI_RETURN_IF_ERROR(expr)          \
  do {                                        \
    if (absl::Status _s = (expr); !_s.ok()) { \
      return _s;                              \
    }                                         \
  } while (0)

#define RONCHI_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                 \
  if (!tmp.ok()) return tmp.status();                \
  lhs = std::move(*tmp)
#define RONCHI_ASSIGN_OR_RETURN(lhs, expr) \
  RONCHI_ASSIGN_OR_RETURN_IMPL(RONCHI_CONCAT(_ronchi_or_, __LINE__), lhs, expr)

#define RONCHI_CHECK(cond)                                                                    \
  do {                                                                                        \
    if (!(cond)) ::ronchi::internal::CheckFailed(__FILE__, __LINE__, #cond, "false", "true"); \
  } while (0)
#define RONCHI_CHECK_EQ(a, b)                                                                   \
  do {                                                                                          \
    if (!((a) == (b))) ::ronchi::internal::CheckFailed(__FILE__, __LINE__, #a " == " #b, a, b); \
  } while (0)
