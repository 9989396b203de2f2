#include "hw/drivers/remote.h"

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"
#include "hw/drivers/remote_reply.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/description_json.h"
#include "hw/instrument/reply_check.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using wire::Connection;
using wire::Message;
using Clock = Connection::Clock;

constexpr double kReceivePoll_s = 0.02;  // how late a cancel is seen
// At the end of a connection: for a beam to be blanked, and no longer.
constexpr double kFarewell_s = 2;

double Since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

std::string TypeOf(const Message& m) {
  const auto type = m.head.find("type");
  return type != m.head.end() && type->is_string() ? type->get<std::string>() : "";
}

// {"kind", "cause", "remedy", "effect"}: the last two may be left out.
absl::Status ErrorFrom(const json& j, const std::string& who) {
  const auto text = [&](const char* key) {
    const auto value = j.find(key);
    return value != j.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  Error e;
  e.kind = KindFromName(text("kind")).value_or(ErrorKind::kHardware);
  e.cause = Printable(text("cause").empty() ? who + " gave no reason" : text("cause"));
  e.remedy = Printable(text("remedy"));
  e.effect = EffectFromName(text("effect"));
  return MakeError(e);
}

// A connection that has been greeted. One message is waited for at a time.
class Link {
 public:
  static absl::StatusOr<std::unique_ptr<Link>> Greet(wire::Endpoint* endpoint, const char* role,
                                                     double within_s) {
    RONCHI_ASSIGN_OR_RETURN(auto connection, endpoint->Connect(within_s));
    auto link = std::make_unique<Link>(std::move(connection));
    const absl::Status s = link->Hello(endpoint->name(), role, within_s);
    if (s.ok()) return link;
    link.reset();  // a program sees the end of its input
    const std::string fate = endpoint->Fate();
    if (fate.empty()) return s;
    return absl::Status(s.code(), absl::StrCat(std::string(s.message()), ": ", fate));
  }
  explicit Link(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  const json& hello() const { return hello_; }
  Connection& connection() { return *connection_; }

 private:
  absl::Status Hello(const std::string& who, const char* role, double within_s) {
    const json mine = {{"type", "hello"}, {"wire", wire::kVersion}, {"role", role}};
    RONCHI_RETURN_IF_ERROR(Annotate(connection_->Send(mine, within_s), who));
    const auto answer = connection_->Receive(within_s, 0);
    if (!answer.ok()) {
      return Annotate(answer.status(), absl::StrCat(who, " does not greet as an instrument"));
    }
    if (!*answer) {
      return absl::DeadlineExceededError(
          absl::StrFormat("%s: no greeting within %g s; is it an instrument?", who, within_s));
    }
    const Message& m = **answer;
    if (TypeOf(m) == "error") return Annotate(ErrorFrom(m.head.value("error", json()), who), who);
    const json version = m.head.value("wire", json());
    if (TypeOf(m) == "hello" && version != wire::kVersion) {
      return absl::UnimplementedError(absl::StrCat(who, " speaks version ",
                                                   Printable(version.dump()), " of the wire; this ",
                                                   "Ronchi speaks ", wire::kVersion));
    }
    if (TypeOf(m) != "hello") {
      return absl::InvalidArgumentError(absl::StrCat(who, " does not greet as an instrument"));
    }
    hello_ = m.head;
    return absl::OkStatus();
  }

  const std::unique_ptr<Connection> connection_;
  json hello_;
};

class Remote final : public Instrument {
 public:
  Remote(std::unique_ptr<wire::Endpoint> endpoint, const RemoteOptions& options)
      : endpoint_(std::move(endpoint)), options_(options) {}
  ~Remote() override {
    if (!link_) return;
    options_.cancel_s = options_.silence_s = options_.longest_s = kFarewell_s;
    (void)Execute(Blank{});
    link_.reset();
  }

  absl::Status Begin() {
    RONCHI_RETURN_IF_ERROR(Connect());
    const json& hello = link_->hello();
    blanks_now_ = endpoint_->many() && hello.value("blank_now", json()) == true;
    if (!blanks_now_) return absl::OkStatus();
    // It stands ready: making one takes time, and may fail just when it is needed.
    const std::lock_guard<std::mutex> lock(blank_mutex_);
    return ConnectBlanking();
  }

  const Description& description() const override { return description_; }

  absl::Status BlankNow() override {
    if (!blanks_now_) return Instrument::BlankNow();
    const std::lock_guard<std::mutex> lock(blank_mutex_);
    absl::Status s;
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (!blanking_) s = ConnectBlanking();
      if (blanking_) s = AskToBlank();
      if (s.ok()) return s;
    }
    return s;
  }

 private:
  const std::string& who() const { return endpoint_->name(); }

  absl::Status ConnectBlanking() {
    RONCHI_ASSIGN_OR_RETURN(blanking_, Link::Greet(endpoint_.get(), "blank", options_.connect_s));
    return absl::OkStatus();
  }

  absl::Status AskToBlank() {
    Connection& c = blanking_->connection();
    const absl::Status sent = c.Send({{"type", "blank_now"}}, options_.silence_s);
    if (!sent.ok()) {
      blanking_.reset();
      return Unknown(ErrorKind::kCommunication, "blank_now", sent.message());
    }
    const auto answer = c.Receive(options_.silence_s, 0);
    if (answer.ok() && *answer && TypeOf(**answer) == "blanked") return absl::OkStatus();
    if (answer.ok() && *answer && TypeOf(**answer) == "error") {
      return ErrorFrom((*answer)->head.value("error", json()), who());
    }
    blanking_.reset();
    return Unknown(ErrorKind::kCommunication, "blank_now",
                   answer.ok() ? "no answer" : answer.status().message());
  }

  // Greets, and makes sure that it is the same instrument as before.
  absl::Status Connect() {
    RONCHI_ASSIGN_OR_RETURN(link_, Link::Greet(endpoint_.get(), "commands", options_.connect_s));
    const absl::StatusOr<Description> d =
        DescriptionFromJson(link_->hello().value("description", json()));
    absl::Status s = Annotate(d.ok() ? CheckDescription(*d) : d.status(), who());
    if (s.ok() && description_.id.empty()) {
      description_ = *d;
    } else if (s.ok() && ToJson(*d) != ToJson(description_)) {
      s = MakeError({ErrorKind::kHardware,
                     absl::StrCat(who(), ": another instrument answers than before"),
                     "open it again", Effect::kNone});
    }
    if (!s.ok()) link_.reset();
    check_.Restart();
    return s;
  }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    if (!link_) {
      const absl::Status s = Connect();
      if (!s.ok()) {
        if (HasError(s)) return s;
        return MakeError({ErrorKind::kCommunication, std::string(s.message()),
                          "see that it runs and can be reached", Effect::kNone});
      }
    }
    ++id_;
    json ask = {{"type", "execute"},
                {"id", id_},
                {"command", ToJson(command)},
                {"lines", bool(options.on_line)}};
    if (std::isfinite(options.timeout_s)) ask["timeout_s"] = options.timeout_s;
    const absl::Status sent = link_->connection().Send(ask, options_.silence_s);
    if (absl::IsOutOfRange(sent)) {
      return MakeError({ErrorKind::kOutOfLimits, std::string(sent.message()), "ask for less"});
    }
    if (!sent.ok()) return GiveUp(ErrorKind::kCommunication, VerbName(command), sent.message());
    try {
      return Await(command, options);
    } catch (...) {  // a line sink's: what is still to come would answer no command
      if (link_) link_->connection().Shut();
      link_.reset();
      throw;
    }
  }

  absl::StatusOr<Reply> Await(const Command& command, const ExecuteOptions& options) {
    const std::string verb = VerbName(command);
    const size_t most = MostPixels(description_, command);
    const uint32_t most_pixels = uint32_t(std::min<size_t>(most, wire::kMostPixels));
    const double longest_s = options_.longest_s + PredictCost(description_, command, 0).time_s;
    const Clock::time_point start = Clock::now();
    std::optional<Clock::time_point> cancelled;
    for (;;) {
      auto came = link_->connection().Receive(kReceivePoll_s, most_pixels);
      if (!came.ok()) return GiveUp(ErrorKind::kCommunication, verb, came.status().message());
      if (*came) {
        absl::StatusOr<std::optional<Reply>> reply = Take(command, options, **came);
        if (!reply.ok()) return reply.status();
        if (*reply) return std::move(**reply);
      }
      // After a line the server waits for one of these words.
      const bool line = *came && TypeOf(**came) == "line";
      const bool cancel = options.cancelled() && !cancelled;
      if (cancel) cancelled = Clock::now();
      if (cancel || (line && !cancelled)) {
        const absl::Status s = link_->connection().Send(
            {{"type", cancel ? "cancel" : "next"}, {"id", id_}}, options_.silence_s);
        if (!s.ok()) return GiveUp(ErrorKind::kCommunication, verb, s.message());
      }
      // The server's last word may be older than this command.
      const double silent_s = Since(std::max(link_->connection().heard(), start));
      if (cancelled && Since(*cancelled) > options_.cancel_s) {
        return GiveUp(
            ErrorKind::kTimeout, verb,
            absl::StrFormat("cancelled, it has not ended within %g s", options_.cancel_s));
      }
      if (silent_s > options_.silence_s) {
        return GiveUp(ErrorKind::kTimeout, verb,
                      absl::StrFormat("no word for %g s", options_.silence_s));
      }
      if (Since(start) > longest_s) {
        return GiveUp(ErrorKind::kTimeout, verb,
                      absl::StrFormat("it has not ended within %g s", longest_s));
      }
    }
  }

  // Of one message: the reply, none yet, or an error.
  absl::StatusOr<std::optional<Reply>> Take(const Command& command, const ExecuteOptions& options,
                                            const Message& m) {
    const std::string verb = VerbName(command), type = TypeOf(m);
    if (m.head.value("id", json()) != id_) {
      return GiveUp(ErrorKind::kCommunication, verb, "what came answers no command of ours");
    }
    if (type == "busy") return std::nullopt;
    if (type == "error") return ErrorFrom(m.head.value("error", json()), who());
    if (type == "line") {
      const absl::Status s = TakeLine(command, options, m);
      if (!s.ok()) return GiveUp(ErrorKind::kCommunication, verb, s.message());
      return std::nullopt;
    }
    if (type != "reply") {
      return GiveUp(ErrorKind::kCommunication, verb,
                    absl::StrCat("a message of unknown type '", Printable(type), "'"));
    }
    absl::StatusOr<Reply> reply =
        WholeReply(description_, command, m.head.value("reply", json()), m.pixels);
    // The link is in order; the other side is not.
    if (!reply.ok()) return Misfit(who(), command, reply.status());
    const absl::Status fits = check_.Check(command, *reply);
    if (!fits.ok()) return Misfit(who(), command, fits);
    return std::optional<Reply>(std::move(*reply));
  }

  static absl::Status TakeLine(const Command& command, const ExecuteOptions& options,
                               const Message& m) {
    const auto* scan = std::get_if<Scan>(&command);
    const auto count = [&](const char* key, size_t below) -> std::optional<size_t> {
      const json j = m.head.value(key, json());
      if (!j.is_number_unsigned() || j.get<size_t>() >= below) return std::nullopt;
      return j.get<size_t>();
    };
    if (!scan || !options.on_line) return absl::InvalidArgumentError("a line nobody asked for");
    const bool raster = scan->pattern == ScanPattern::kRaster;
    const auto frame = count("frame", scan->frames);
    const auto line = count("line", raster ? scan->pixels_y : 1);
    const auto detector = count("detector", scan->detectors.size());
    const json time_s = m.head.value("time_s", json());
    if (!frame || !line || !detector || !time_s.is_number()) {
      return absl::InvalidArgumentError("a line that is none of the scan's");
    }
    options.on_line({*frame, *line, *detector, time_s.get<double>(), m.pixels});
    return absl::OkStatus();
  }

  absl::Status GiveUp(ErrorKind kind, const std::string& verb, absl::string_view why) {
    link_->connection().Shut();
    link_.reset();
    return Unknown(kind, verb, why);
  }
  absl::Status Unknown(ErrorKind kind, const std::string& verb, absl::string_view why) {
    const std::string fate = endpoint_->Fate();
    return MakeError(
        {kind,
         absl::StrCat(who(), ": during ", verb, ": ", std::string(why), fate.empty() ? "" : ": ",
                      fate, "; whether the beam is blanked is not known"),
         "look at the instrument; read where it stands before repeating", Effect::kPerhaps});
  }

  const std::unique_ptr<wire::Endpoint> endpoint_;  // first: links end before it does
  RemoteOptions options_;
  Description description_;
  ReplyCheck check_{description_};
  std::unique_ptr<Link> link_;
  uint64_t id_ = 0;
  bool blanks_now_ = false;
  std::mutex blank_mutex_;
  std::unique_ptr<Link> blanking_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeRemote(std::unique_ptr<wire::Endpoint> endpoint,
                                                       const RemoteOptions& options) {
  auto remote = std::make_unique<Remote>(std::move(endpoint), options);
  RONCHI_RETURN_IF_ERROR(remote->Begin());
  return std::unique_ptr<Instrument>(std::move(remote));
}

}  // namespace ronchi::hw
