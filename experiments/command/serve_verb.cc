#include "experiments/command/serve_verb.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "experiments/catalog/instruments.h"
#include "experiments/serve/serve.h"

namespace ronchi {
namespace {

using nlohmann::json;

absl::StatusOr<ServeOptions> OptionsOf(const Arguments& a) {
  ServeOptions o{.host = a.host};
  o.protocols = absl::StrSplit(a.protocols, ',', absl::SkipEmpty());
  for (const std::string& text :
       std::vector<std::string>(absl::StrSplit(a.ports, ',', absl::SkipEmpty()))) {
    int port = 0;
    if (!absl::SimpleAtoi(text, &port) || port < 0 || port > 65535) {
      return absl::InvalidArgumentError(
          absl::StrCat("--port: '", Printable(text), "' is not allowed; allowed: 0 … 65535"));
    }
    o.ports.push_back(port);
  }
  if (o.protocols.empty()) return absl::InvalidArgumentError("--protocol: none is named");
  if (a.token_file.empty()) return o;
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(a.token_file));
  o.token = std::string(absl::StripAsciiWhitespace(text.substr(0, text.find('\n'))));
  if (o.token.size() >= 16) return o;
  return absl::InvalidArgumentError(absl::StrCat("--token-file ", a.token_file,
                                                 ": its first line has ", o.token.size(),
                                                 " characters; 16 at least are needed"));
}

void Tell(const Arguments& a, const std::string& id, const Serving& serving) {
  json ports = json::array();
  for (const Serving::At& at : serving.ports()) {
    ports.push_back({{"protocol", at.protocol}, {"port", at.what}, {"address", at.address}});
    if (a.as_json) continue;
    std::printf("%s is served by %s%s%s at %s\n", Printable(id).c_str(), at.protocol.c_str(),
                at.what.empty() ? "" : ", ", at.what.c_str(), at.address.c_str());
  }
  if (a.as_json) {
    std::printf("%s\n", json{{"instrument", id}, {"serving", ports}}.dump().c_str());
  } else {
    std::printf("Ctrl-C ends it, with the beam blanked.\n");
  }
  std::fflush(stdout);
}

// Lines that a person types, as they come; none once the input has ended.
class TypedLines {
 public:
  bool ended() const { return ended_; }
  std::optional<std::string> Next(int within_ms) {
    if (ended_) std::this_thread::sleep_for(std::chrono::milliseconds(within_ms));
    pollfd p = {STDIN_FILENO, POLLIN, 0};
    if (!ended_ && poll(&p, 1, within_ms) > 0) {
      char bytes[512];
      const ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
      ended_ = n <= 0;
      if (n > 0) come_.append(bytes, size_t(n));
      if (come_.size() > 4096) come_.clear();  // no line of ours
    }
    const size_t end = come_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = come_.substr(0, end);
    come_.erase(0, end + 1);
    return line;
  }

 private:
  std::string come_;
  bool ended_ = false;
};

void AskPerson(const std::string& call, const std::string& code) {
  std::fprintf(
      stderr,
      "A client asks for a call that drives or exposes:\n  %s\nyes %s or no %s, and Enter, "
      "within two minutes; else it is denied.\n",
      Printable(call).c_str(), code.c_str(), code.c_str());
}

}  // namespace

int ServeInstrument(const Arguments& a) {
  if (a.instrument.empty()) {
    return Fail(absl::InvalidArgumentError(
        "--instrument is required: a preset (ronchi list) or an instrument's YAML file"));
  }
  absl::StatusOr<ServeOptions> options = OptionsOf(a);
  if (!options.ok()) return Fail(options.status());
  options->on_approval = AskPerson;
  const absl::StatusOr<Config> config = InstrumentConfig(a.instrument, a.overrides);
  if (!config.ok()) return Fail(config.status());
  absl::StatusOr<std::unique_ptr<hw::Instrument>> opened =
      OpenInstrument(*config, a.seed.value_or(1), {.on_event = [](const std::string& line) {
        std::fprintf(stderr, "%s\n", Printable(line).c_str());
      }});
  if (!opened.ok()) return Fail(opened.status());
  const std::string id = (*opened)->description().id;
  const auto serving = Serve(*std::move(opened), *options);
  if (!serving.ok()) return Fail(serving.status());
  Tell(a, id, **serving);
  TypedLines typed;
  while (!Interrupted()) {
    const std::optional<std::string> line = typed.Next(50);
    if (typed.ended()) (*serving)->HearNothingMore();
    if (line && !line->empty() && !(*serving)->Hear(*line)) {
      std::fprintf(stderr, "No call waits for that word.\n");
    }
  }
  const absl::Status ended = (*serving)->End();
  return ended.ok() ? kDone : Fail(ended);
}

}  // namespace ronchi
