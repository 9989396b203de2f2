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

// A page of this machine's own: of "http://localhost:3000", "http://127.0.0.1".
bool IsHere(std::string origin) {
  for (const char* scheme : {"http://", "https://"}) {
    if (absl::StartsWith(origin, scheme)) origin = origin.substr(std::string(scheme).size());
  }
  const std::string host =
      origin.substr(0, origin[0] == '[' ? origin.find(']') + 1 : origin.find(':'));
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

std::optional<std::string> RefusedRequest(const wire::HttpRequests::Came& came,
                                          const std::string& token) {
  const auto refused = [](int status, const char* why) {
    return wire::HttpAnswerBytes(status, why, "", "", true);
  };
  if (!token.empty()) {
    const std::string* said = came.Find("authorization");
    const bool bearer =
        said && said->size() > 7 && absl::EqualsIgnoreCase(said->substr(0, 7), "bearer ");
    if (bearer && SameToken(said->substr(7), token)) return std::nullopt;
    return refused(401, "a token is needed");
  }
  const std::string* host = came.Find("host");
  if (host && !IsAddress(*host)) return refused(403, "ask for this address, not for a name");
  // Browsers say so of what a page asks for without a word of its own: of pictures, too.
  const std::string* site = came.Find("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") {
    return refused(403, "no page from elsewhere may ask");
  }
  const std::string* origin = came.Find("origin");
  if (origin && !IsHere(*origin)) return refused(403, "no page from elsewhere may ask");
  return std::nullopt;
}

}  // namespace ronchi::hw
