#include "hw/server/http_gate.h"

#include "absl/strings/match.h"

namespace ronchi::hw {
namespace {

// Compared in a time that tells nothing of where they differ.
bool SameToken(const std::string& a, const std::string& b) {
  unsigned char differ = a.size() != b.size();
  for (size_t i = 0; i < a.size(); ++i) differ |= uint8_t(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  return differ == 0;
}

// "127.0.0.1:8080", "[::1]", "localhost".
bool IsAddress(const std::string& host) {
  const std::string name = host.substr(0, host[0] == '[' ? std::string::npos : host.find(':'));
  return name == "localhost" || host[0] == '[' ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

bool IsHere(std::string origin) {
  for (const char* scheme : {"http://", "https://"}) {
    if (absl::StartsWith(origin, scheme)) origin = origin.substr(std::string(scheme).size());
  }
  return IsAddress(origin);
}

}  // namespace

std::optional<std::string> RefusedRequest(const wire::HttpRequests::Came& came,
                                          const std::string& token) {
  const auto refused = [](int status, const char* why) {
    return wire::HttpAnswerBytes(status, why, "", "", true);
  };
  if (!token.empty()) {
    const std::string* said = came.Find("authorization");
    if (said && SameToken(*said, "Bearer " + token)) return std::nullopt;
    return refused(401, "a token is needed");
  }
  const std::string* host = came.Find("host");
  if (host && !IsAddress(*host)) return refused(403, "ask for this address, not for a name");
  const std::string* origin = came.Find("origin");
  if (origin && !IsHere(*origin)) return refused(403, "no page from elsewhere may ask");
  return std::nullopt;
}

}  // namespace ronchi::hw
