// The other side of the wire (hw/wire/message.h), for tests: an honest server of any instrument,
// and the means to write dishonest ones.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "hw/instrument/instrument.h"
#include "hw/wire/message.h"

namespace ronchi::testing_support {

// One accepted connection, blocking.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  // False: nobody takes it any more.
  bool Write(const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += size_t(n);
    }
    return true;
  }
  bool Send(const nlohmann::json& head, const std::vector<float>& pixels = {}) {
    std::string bytes = *hw::wire::EncodeHead(head, pixels.size());
    bytes.append(reinterpret_cast<const char*>(pixels.data()), 4 * pixels.size());
    return Write(bytes);
  }
  // The next message; null: the link has ended.
  nlohmann::json Receive() {
    char header[hw::wire::kHeaderBytes];
    if (!Fill(header, sizeof(header))) return nullptr;
    const auto h = hw::wire::DecodeHeader(header);
    if (!h.ok()) return nullptr;
    std::string text(h->json_bytes, ' ');
    if (!Fill(text.data(), text.size())) return nullptr;
    return nlohmann::json::parse(text, nullptr, false);
  }
  // What has come, at least a byte; empty: the link has ended.
  std::string Read() {
    std::string bytes(4096, ' ');
    const ssize_t n = recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(n > 0 ? size_t(n) : 0);
    return bytes;
  }
  // Until the other side has closed it.
  void AwaitEnd() {
    char byte;
    while (recv(socket_, &byte, 1, 0) > 0) {
    }
  }
  void Close() { shutdown(socket_, SHUT_RDWR); }

 private:
  bool Fill(char* to, size_t bytes) {
    return recv(socket_, to, bytes, MSG_WAITALL) == ssize_t(bytes);
  }
  const int socket_;
};

// Listens on the loopback; every connection gets `serve` on a thread of its own.
class WireServer {
 public:
  explicit WireServer(std::function<void(Peer*)> serve) : serve_(std::move(serve)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof(at);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~WireServer() { Stop(); }

  // As when the server is killed: nobody answers any more.
  void Stop() {
    if (!acceptor_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (int s : sockets_) shutdown(s, SHUT_RDWR);
    }
    for (std::thread& t : threads_) t.join();
    for (int s : sockets_) close(s);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return int(connections_); }

 private:
  void Accept() {
    for (;;) {
      const int s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (s < 0) return;
      ++connections_;
      const std::lock_guard<std::mutex> lock(mutex_);
      sockets_.push_back(s);
      threads_.emplace_back([this, s] {
        Peer peer(s);
        serve_(&peer);
        peer.Close();
      });
    }
  }

  const std::function<void(Peer*)> serve_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

inline nlohmann::json Hello(const hw::Description& d, bool blank_now = false) {
  return {{"type", "hello"},
          {"wire", hw::wire::kVersion},
          {"description", hw::ToJson(d)},
          {"blank_now", blank_now}};
}

inline nlohmann::json WireError(const absl::Status& status) {
  const hw::Error e = hw::ErrorOf(status);
  return {{"kind", std::string(hw::KindName(e.kind))},
          {"cause", e.cause},
          {"remedy", e.remedy},
          {"effect", std::string(hw::EffectName(*e.effect))}};
}

// One command: lines as they come, then the reply.
inline void ServeCommand(hw::Instrument* instrument, Peer* peer, const nlohmann::json& ask) {
  const nlohmann::json id = ask.at("id");
  hw::CancelToken cancel;
  hw::ExecuteOptions options;
  options.cancel = &cancel;
  options.timeout_s = ask.value("timeout_s", options.timeout_s);
  if (ask.at("lines") == true) {
    options.on_line = [&](const hw::ScanLine& line) {
      if (cancel.cancelled()) return;
      peer->Send({{"type", "line"},
                  {"id", id},
                  {"frame", line.frame},
                  {"line", line.line},
                  {"detector", line.detector},
                  {"time_s", line.time_s}},
                 {line.counts.begin(), line.counts.end()});
      const nlohmann::json word = peer->Receive();
      if (!word.is_object() || word.at("type") != "next") cancel.Cancel();
    };
  }
  const auto command = hw::CommandFromJson(ask.at("command"));
  const auto reply = command.ok() ? instrument->Execute(*command, options) : command.status();
  if (!reply.ok()) {
    peer->Send({{"type", "error"}, {"id", id}, {"error", WireError(reply.status())}});
    return;
  }
  std::vector<float> pixels;
  for (const hw::Frame& f : reply->frames) {
    pixels.insert(pixels.end(), f.counts.data(), f.counts.data() + f.counts.size());
  }
  peer->Send({{"type", "reply"}, {"id", id}, {"reply", hw::ToJson(*reply)}}, pixels);
}

// An honest server, as docs/add_driver.md has it: it blanks when the commanding link ends.
inline void ServeInstrument(hw::Instrument* instrument, Peer* peer, bool blank_now = true) {
  const nlohmann::json hello = peer->Receive();
  if (!hello.is_object()) return;
  peer->Send(Hello(instrument->description(), blank_now));
  for (nlohmann::json ask = peer->Receive(); ask.is_object(); ask = peer->Receive()) {
    if (ask.at("type") == "execute") ServeCommand(instrument, peer, ask);
    if (ask.at("type") != "blank_now") continue;
    const absl::Status s = instrument->BlankNow();
    if (s.ok()) {
      peer->Send({{"type", "blanked"}});
    } else {
      peer->Send({{"type", "error"}, {"error", WireError(s)}});
    }
  }
  if (hello.at("role") == "commands") (void)instrument->Execute(hw::Safe{});
}

}  // namespace ronchi::testing_support
