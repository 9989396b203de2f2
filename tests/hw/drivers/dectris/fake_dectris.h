// A DECTRIS detector that answers and sends as a test says: well, until a fault is put in.
#pragma once

#include <zmq.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hw/drivers/dectris/dectris.h"
#include "hw/wire/http.h"
#include "tests/support/pattern_camera.h"
#include "tests/support/simplon_messages.h"
#include "tests/support/wire_server.h"

namespace ronchi::testing_support {

// An answer that is none: nothing comes, though the connection stays.
inline const std::string kNoAnswer = "<silence>";

struct DectrisFault {
  // Spoils what is sent for a series: its start, its images, its end; each with its parts.
  std::function<void(std::vector<Parts>*)> stream = nullptr;
  // The bytes that answer "GET count_time", given the right ones; then the connection ends.
  std::function<std::string(const std::string&, const std::string&)> rest = nullptr;
};

class FakeDectris {
 public:
  static constexpr size_t kWidth = 10, kHeight = 7;

  explicit FakeDectris(bool cbor = false, SimplonForm form = {kWidth, kHeight, 2, "bslz4"})
      : cbor_(cbor), form_(form), rest_([this](Peer* peer) { Serve(peer); }) {
    settings_["bit_depth_image"]["value"] = 8 * form.pixel_bytes;
    context_ = zmq_ctx_new();
    socket_ = zmq_socket(context_, ZMQ_PUSH);
    const int none = 0, most_ms = 60000;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(socket_, ZMQ_SNDTIMEO, &most_ms, sizeof(most_ms));
    EXPECT_EQ(zmq_bind(socket_, "tcp://127.0.0.1:*"), 0);
    char at[64];
    size_t size = sizeof(at);
    zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, at, &size);
    stream_ = std::string(at).substr(6);
  }
  ~FakeDectris() {
    rest_.Stop();
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }

  hw::dectris::DectrisOptions Options(double seconds) const {
    hw::dectris::DectrisOptions o;
    o.address = *hw::wire::ParseAddress(rest_.address());
    o.stream = *hw::wire::ParseAddress(stream_);
    o.cbor = cbor_;
    o.camera = "cam";
    o.answer_s = o.arm_s = o.frame_s = seconds;
    return o;
  }
  void Put(const DectrisFault& fault) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = fault;
  }
  bool Did(const std::string& command) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return done_[command] > 0;
  }
  nlohmann::json Value(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return settings_[key]["value"];
  }
  void Change(const std::string& key, const nlohmann::json& value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    settings_[key]["value"] = value;
  }

  Parts Image(size_t n, SimplonForm form, uint64_t series) const {
    std::string raw;
    for (size_t i = 0; i < form.width * form.height; ++i) {
      const auto value = uint32_t(PatternPixel(n, i));
      raw.append(reinterpret_cast<const char*>(&value), form.pixel_bytes);
    }
    if (!cbor_) return SimplonPartsOf(series, n, form, raw);
    return {SimplonCborImage(series, n, form, raw)};
  }
  Parts Image(size_t n) const { return Image(n, form_, series_); }
  Parts Word(const std::string& type, uint64_t series) const {
    if (cbor_) return {SimplonCborWord(type, series)};
    return type == "start" ? SimplonPartsStart(series) : SimplonPartsEnd(series);
  }

 private:
  void Serve(Peer* peer) {
    hw::wire::HttpRequests requests;
    std::string failed;
    for (;;) {
      const std::string bytes = peer->Read();
      if (bytes.empty()) return;
      const auto all = requests.Take(bytes, &failed);
      if (!all.ok()) return;
      if (all->empty()) continue;
      const hw::wire::HttpRequest& r = (*all)[0].request;
      const std::string key = r.target.substr(r.target.rfind('/') + 1);
      const bool command = r.target.find("/command/") != std::string::npos;
      std::string answer = command ? Command(key) : Setting(r, key);
      std::function<std::string(const std::string&, const std::string&)> spoil;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        spoil = fault_.rest;
      }
      if (spoil) answer = spoil(r.method + " " + key, answer);
      if (answer == kNoAnswer) return peer->AwaitEnd();
      peer->Write(answer);
      const bool done = answer.starts_with("HTTP/1.1 200");
      if (command && done && (key == "arm" || key == "trigger")) Send(key == "arm");
      return;
    }
  }

  static std::string Json(const nlohmann::json& body) {
    return hw::wire::HttpAnswerBytes(200, "OK", body.dump(), "application/json", true);
  }

  std::string Command(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++done_[key];
    if (key == "arm") {
      ++series_;
      return Json({{"sequence id", series_}});
    }
    if (key == "abort") return Json({{"sequence id", series_}});
    return hw::wire::HttpAnswerBytes(200, "OK", "", "", true);
  }

  std::string Setting(const hw::wire::HttpRequest& r, const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto at = settings_.find(key);
    if (at == settings_.end()) return hw::wire::HttpAnswerBytes(404, "Not Found", "", "", true);
    if (r.method == "GET") return Json(at->second);
    at->second["value"] = nlohmann::json::parse(r.body).at("value");
    return Json({key});
  }

  // The start of a series with `arm`, the rest with `trigger`.
  void Send(bool arm) {
    std::vector<Parts> messages;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const size_t images = settings_["nimages"]["value"].get<size_t>() *
                            settings_["ntrigger"]["value"].get<size_t>();
      messages.push_back(Word("start", series_));
      for (size_t i = 0; i < images; ++i) messages.push_back(Image(i, form_, series_));
      messages.push_back(Word("end", series_));
      if (fault_.stream) fault_.stream(&messages);
    }
    const std::string word = Word("start", series_)[0];
    const auto start = std::find_if(messages.begin(), messages.end(), [&](const Parts& parts) {
      return !parts.empty() && parts[0] == word;
    });
    const auto begun = start == messages.end() ? messages.begin() : start + 1;
    const std::lock_guard<std::mutex> lock(sending_);
    std::for_each(arm ? messages.begin() : begun, arm ? begun : messages.end(),
                  [&](const Parts& parts) { SendMessage(parts); });
  }
  void SendMessage(const Parts& parts) {
    for (size_t p = 0; p < parts.size(); ++p) {
      const int more = p + 1 < parts.size() ? ZMQ_SNDMORE : 0;
      zmq_send(socket_, parts[p].data(), parts[p].size(), more);
    }
  }

  const bool cbor_;
  const SimplonForm form_;
  std::mutex mutex_, sending_;
  DectrisFault fault_;
  std::map<std::string, int> done_;
  uint64_t series_ = 33;
  std::map<std::string, nlohmann::json> settings_ = {
      {"x_pixels_in_detector", {{"value", kWidth}}},
      {"y_pixels_in_detector", {{"value", kHeight}}},
      {"bit_depth_image", {{"value", 16}}},
      {"count_time", {{"value", 0.001}, {"min", 5e-8}, {"max", 3600.0}}},
      {"frame_time", {{"value", 0.001}}},
      {"trigger_mode", {{"value", "exte"}}},
      {"compression", {{"value", "bslz4"}}},
      {"nimages", {{"value", 1}}},
      {"ntrigger", {{"value", 1}}},
      {"mode", {{"value", "disabled"}}},
      {"format", {{"value", "legacy"}}},
      {"state", {{"value", "idle"}}}};
  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::string stream_;
  WireServer rest_;  // last: its threads use all of these
};

}  // namespace ronchi::testing_support
