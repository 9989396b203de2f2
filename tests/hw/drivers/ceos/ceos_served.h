// A corrector that answers what a test says, and how often it was asked what.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_replace.h"
#include "hw/drivers/ceos/ceos.h"
#include "hw/server/server.h"
#include "hw/wire/netstring.h"

namespace ronchi::testing_support {

// What is sent for an answer: a frame around `text`, or `text` as it is. In it $ID is the request's
// id, $RESULT a good result for its method, $GOOD a whole good answer, $FRAME that one framed.
struct Scripted {
  std::string text;
  bool framed = true;
  bool ends = false;       // the connection, after it
  bool in_pieces = false;  // one byte a packet
};

class ScriptedCorrector {
 public:
  ScriptedCorrector() { Serve("127.0.0.1:0"); }
  // Of the next call but getInfo; then all is well again.
  void Next(const Scripted& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    next_ = std::make_unique<Scripted>(what);
  }
  void Restart() {
    const std::string at = "127.0.0.1:" + std::to_string(port_);
    server_.reset();
    Serve(at);
  }
  void Stop() { server_.reset(); }
  hw::wire::Address address() const { return {"corrector", "127.0.0.1", port_}; }
  nlohmann::json last() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_;
  }
  std::atomic<int> corrections = 0, connections = 0;

 private:
  class Peer final : public hw::Session {
   public:
    Peer(ScriptedCorrector* corrector, std::shared_ptr<hw::Outbox> out)
        : corrector_(corrector), out_(std::move(out)) {}
    absl::Status Take(std::string_view bytes, std::string* answer) override {
      come_.append(bytes);
      absl::Status status;
      while (status.ok()) {
        const size_t end = *hw::wire::NetstringEnd(come_);
        if (end == 0) break;
        const auto request = nlohmann::json::parse(hw::wire::PayloadOf(come_.substr(0, end)));
        come_.erase(0, end);
        status = corrector_->Answer(request, out_.get(), answer);
      }
      return status;
    }

   private:
    ScriptedCorrector* const corrector_;
    const std::shared_ptr<hw::Outbox> out_;
    std::string come_;
  };

  void Serve(const std::string& at) {
    hw::Protocol p{.name = "scripted"};
    p.open = [this](std::shared_ptr<hw::Outbox> out) {
      ++connections;
      return std::make_unique<Peer>(this, std::move(out));
    };
    auto server = hw::Server::Start({{*hw::wire::ParseAddress(at, true), p}});
    RONCHI_CHECK(server.ok());
    server_ = *std::move(server);
    port_ = server_->port(0);
  }

  static std::string GoodResult(const std::string& method) {
    if (method == "getInfo") return R"({"type": "scripted", "version": 4})";
    if (method == "correctAberration") return "true";
    return R"({"C1": [1e-9], "A1": [2e-9, 3e-9]})";
  }

  absl::Status Answer(const nlohmann::json& request, hw::Outbox* out, std::string* answer) {
    const std::string method = request.at("method");
    Scripted what{"$GOOD"};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (method != "getInfo") last_ = request;
      corrections += method == "correctAberration";
      if (next_ && method != "getInfo") {
        what = *next_;
        next_.reset();
      }
    }
    const std::string id = request.at("id").dump(), result = GoodResult(method);
    const std::string good = R"({"jsonrpc": "2.0", "id": )" + id + R"(, "result": )" + result + "}";
    const auto filled = absl::StrReplaceAll(
        what.text,
        {{"$ID", id}, {"$RESULT", result}, {"$GOOD", good}, {"$FRAME", hw::wire::Netstring(good)}});
    const std::string bytes = what.framed ? hw::wire::Netstring(filled) : filled;
    for (size_t i = 0; what.in_pieces && i < bytes.size(); ++i) {
      (void)out->Push(bytes.substr(i, 1), hw::Outbox::Clock::now() + std::chrono::seconds(20));
    }
    if (!what.in_pieces) answer->append(bytes);
    return what.ends ? absl::CancelledError() : absl::OkStatus();
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Scripted> next_;
  nlohmann::json last_;
  int port_ = 0;
  std::unique_ptr<hw::Server> server_;
};

}  // namespace ronchi::testing_support
