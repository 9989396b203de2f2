#include "hw/wire/http.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::wire {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr size_t kHttpChunk = 64 << 10;

absl::Status HttpFailed(const Address& to, const HttpRequest& request, const absl::Status& why,
                        bool sent) {
  return MakeError(
      {absl::IsDeadlineExceeded(why) ? ErrorKind::kTimeout : ErrorKind::kCommunication,
       absl::StrCat(to.name, ": ", request.method, " ", request.target, ": ",
                    Printable(std::string(why.message()))),
       sent ? "read where it stands before repeating" : "see that it runs and can be reached",
       sent ? Effect::kPerhaps : Effect::kNone});
}

// Beast makes room for a body as soon as it knows its length, and looks at the limit afterwards: so
// it stops at the end of the header, for us to look.
template <class Parser>
size_t PutBytes(Parser* parser, std::string_view bytes, size_t most_body, beast::error_code* ec) {
  size_t used = 0;
  for (;;) {
    used += parser->put(boost::asio::buffer(bytes.substr(used)), *ec);
    if (*ec || !parser->is_header_done() || parser->is_done()) return used;
    if (const auto length = parser->content_length(); length && *length > most_body) {
      *ec = http::error::body_limit;
      return used;
    }
    if (used == bytes.size()) return used;
    if (!parser->eager()) {
      parser->eager(true);
    } else if (used < bytes.size()) {
      return used;
    }
  }
}

absl::StatusOr<HttpAnswer> ReadAnswer(Stream* stream, Stream::Clock::time_point until,
                                      size_t most_bytes) {
  HttpAnswerReader reader(most_bytes);
  std::string bytes(kHttpChunk, 0);
  bool any = false;
  for (;;) {
    const auto n = stream->Receive(bytes, until);
    if (absl::IsOutOfRange(n.status()) && any) return reader.End();
    RONCHI_RETURN_IF_ERROR(n.status());
    if (*n == 0) return absl::DeadlineExceededError("no answer in time");
    any = true;
    RONCHI_ASSIGN_OR_RETURN(auto whole, reader.Take(std::string_view(bytes).substr(0, *n)));
    if (whole) return *std::move(whole);
  }
}

}  // namespace

struct HttpAnswerReader::Parser {
  http::response_parser<http::string_body> parser;
};

HttpAnswerReader::HttpAnswerReader(size_t most_bytes)
    : most_bytes_(most_bytes), parser_(std::make_unique<Parser>()) {
  parser_->parser.body_limit(most_bytes);
}
HttpAnswerReader::~HttpAnswerReader() = default;

HttpAnswer HttpAnswerReader::Whole() {
  auto& m = parser_->parser.get();
  return {int(m.result_int()), std::string(m.reason()), std::move(m.body())};
}

absl::StatusOr<std::optional<HttpAnswer>> HttpAnswerReader::Take(std::string_view bytes) {
  left_.append(bytes);
  beast::error_code ec;
  const size_t used = PutBytes(&parser_->parser, left_, most_bytes_, &ec);
  if (ec == http::error::need_more) ec = {};
  if (ec) return absl::UnavailableError(absl::StrCat("no HTTP: ", ec.message()));
  left_.erase(0, used);
  if (!parser_->parser.is_done()) return std::nullopt;
  return std::optional<HttpAnswer>(Whole());
}

absl::StatusOr<HttpAnswer> HttpAnswerReader::End() {
  // Which the parser asserts.
  if (!parser_->parser.got_some()) return absl::UnavailableError("it ended without an answer");
  beast::error_code ec;
  // Beast allows no end before the first line has begun; a lone end of line is none.
  if (!parser_->parser.got_some()) return absl::UnavailableError("the answer is cut off");
  parser_->parser.put_eof(ec);
  if (ec || !parser_->parser.is_done()) return absl::UnavailableError("the answer is cut off");
  return Whole();
}

absl::StatusOr<HttpAnswer> AskHttp(const Address& to, const HttpRequest& request, double within_s,
                                   size_t most_bytes) {
  const Stream::Clock::time_point until = Stream::After(within_s);
  absl::StatusOr<Stream> stream = Dial(to, within_s);
  if (!stream.ok()) return HttpFailed(to, request, stream.status(), false);
  std::string bytes =
      absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\nHost: ", to.name,
                   "\r\nAccept: ", request.type, "\r\nConnection: close\r\n", request.headers);
  if (!request.body.empty()) absl::StrAppend(&bytes, "Content-Type: ", request.type, "\r\n");
  if (request.method != "GET") {
    absl::StrAppend(&bytes, "Content-Length: ", request.body.size(), "\r\n");
  }
  absl::StrAppend(&bytes, "\r\n", request.body);
  const absl::Status sent = stream->Send(bytes, until);
  if (!sent.ok()) return HttpFailed(to, request, sent, true);
  auto answer = ReadAnswer(&*stream, until, most_bytes);
  if (!answer.ok()) return HttpFailed(to, request, answer.status(), true);
  return answer;
}

struct HttpRequests::Parser {
  http::request_parser<http::string_body> parser;
};

HttpRequests::HttpRequests(const HttpLimits& limits) : limits_(limits) {}
HttpRequests::~HttpRequests() = default;

const std::string* HttpRequests::Came::Find(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<std::vector<HttpRequests::Came>> HttpRequests::Take(std::string_view bytes,
                                                                   std::string* answer) {
  left_.append(bytes);
  std::vector<Came> all;
  while (!left_.empty()) {
    if (!parser_) {
      parser_ = std::make_unique<Parser>();
      parser_->parser.header_limit(uint32_t(limits_.most_header_bytes));
      parser_->parser.body_limit(limits_.most_body_bytes);
    }
    auto& parser = parser_->parser;
    beast::error_code ec;
    const size_t used = PutBytes(&parser, left_, limits_.most_body_bytes, &ec);
    left_.erase(0, used);
    if (ec == http::error::need_more) break;
    const bool large = ec == http::error::body_limit || ec == http::error::header_limit;
    if (ec) {
      *answer += HttpAnswerBytes(large ? 413 : 400, ec.message(), "", "", true);
      if (large) return absl::ResourceExhaustedError(ec.message());
      return absl::InvalidArgumentError(ec.message());
    }
    if (!parser.is_done()) continue;
    auto& m = parser.get();
    Came came{{std::string(m.method_string()), std::string(m.target()), std::move(m.body())}};
    for (const auto& field : m) {
      came.headers.emplace_back(absl::AsciiStrToLower(std::string(field.name_string())),
                                std::string(field.value()));
    }
    came.last = !m.keep_alive();
    all.push_back(std::move(came));
    parser_.reset();
    if (all.back().last) break;
  }
  return all;
}

std::string HttpAnswerBytes(int status, std::string_view reason, std::string_view body,
                            std::string_view type, bool last) {
  // One line of ASCII, whatever it came from: a reason knows no other.
  std::string line = absl::StrReplaceAll(std::string(reason), {{"…", "..."}, {"µ", "u"}});
  for (char& c : line) {
    if (uint8_t(c) < ' ') c = ' ';
    if (uint8_t(c) > '~') c = '?';
  }
  std::string bytes = absl::StrCat("HTTP/1.1 ", status, " ", line, "\r\n");
  if (status != 204) absl::StrAppend(&bytes, "Content-Length: ", body.size(), "\r\n");
  if (!body.empty()) absl::StrAppend(&bytes, "Content-Type: ", std::string(type), "\r\n");
  absl::StrAppend(&bytes, "Connection: ", last ? "close" : "keep-alive", "\r\n\r\n");
  return bytes.append(body);
}

std::string UrlDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2]);
    if (escape) {
      out += absl::HexStringToBytes(std::string(text.substr(i + 1, 2)));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string UrlEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || std::string_view("-_.~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      absl::StrAppend(&out, "%", absl::Hex(uint8_t(c), absl::kZeroPad2));
    }
  }
  return out;
}

std::vector<std::string> QueryValues(std::string_view target, std::string_view key) {
  std::vector<std::string> values;
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return values;
  const std::string query(target.substr(mark + 1));
  for (const std::string& pair : std::vector<std::string>(absl::StrSplit(query, '&'))) {
    const size_t equals = std::min(pair.find('='), pair.size());
    if (UrlDecode(pair.substr(0, equals)) == key) {
      values.push_back(UrlDecode(pair.substr(std::min(equals + 1, pair.size()))));
    }
  }
  return values;
}

}  // namespace ronchi::hw::wire
