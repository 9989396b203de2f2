// HTTP/1.1: one request of a client, and the requests that come to a server, each in bounded
// memory. Of HTTP there is what instruments' services use: JSON bodies of a known length.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hw/wire/stream.h"

namespace ronchi::hw::wire {

struct HttpAnswer {
  int status = 0;
  std::string reason;  // "Not Found"; some services say there what is wrong
  std::string body;
};
struct HttpRequest {
  std::string method;  // "GET", "PUT"
  std::string target;  // "/v1/beam_shift"
  std::string body;    // JSON, if any
  std::string accept = "application/json";
  std::string authorization = {};  // "Apikey …", if any
};

// An answer as its bytes come.
class HttpAnswerReader {
 public:
  explicit HttpAnswerReader(size_t most_bytes);
  ~HttpAnswerReader();
  // The answer, once it is whole. Unavailable: it is none.
  absl::StatusOr<std::optional<HttpAnswer>> Take(std::string_view bytes);
  // The connection has ended, which ends a body without a length. Unavailable: it is cut off.
  absl::StatusOr<HttpAnswer> End();

 private:
  struct Parser;
  HttpAnswer Whole();
  const size_t most_bytes_;
  std::string left_;  // that the parser has not taken yet
  std::unique_ptr<Parser> parser_;
};

// Over a connection of its own, which is closed after the answer: a service that does one thing at
// a time is kept by an idle one. Errors: hw/instrument/error.h; kCommunication with effect none
// when nobody is there, kTimeout and kCommunication with effect perhaps when the answer is missing
// or is none.
absl::StatusOr<HttpAnswer> AskHttp(const Address& to, const HttpRequest& request, double within_s,
                                   size_t most_bytes);

struct HttpLimits {
  size_t most_header_bytes = 8 << 10;
  size_t most_body_bytes = 64 << 10;
};

// What comes to a server on one connection.
class HttpRequests {
 public:
  struct Came {
    HttpRequest request;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    bool last = false;                                         // no other follows
    const std::string* Find(std::string_view name) const;
  };
  explicit HttpRequests(const HttpLimits& limits = {});
  ~HttpRequests();
  // Adds bytes; the requests that are whole by now. InvalidArgument, ResourceExhausted (larger
  // than the limits): what follows cannot be told apart any more; `answer` gets what is said then.
  absl::StatusOr<std::vector<Came>> Take(std::string_view bytes, std::string* answer);

 private:
  struct Parser;
  const HttpLimits limits_;
  std::string left_;  // bytes of the next request that no parser has taken yet
  std::unique_ptr<Parser> parser_;
};

// An answer as it goes over the wire; `type`: of the body.
std::string HttpAnswerBytes(int status, std::string_view reason, std::string_view body,
                            std::string_view type, bool last);
// "a%20b+c" → "a b c"; what is no escape stays.
std::string UrlDecode(std::string_view text);
std::string UrlEncode(std::string_view text);
// The values of `key` in "…?key=a&key=b", decoded.
std::vector<std::string> QueryValues(std::string_view target, std::string_view key);

}  // namespace ronchi::hw::wire
