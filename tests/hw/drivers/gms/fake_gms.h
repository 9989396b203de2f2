// GMS' bridge as a test wants it: well, until an answer is spoiled.
#pragma once

#include <gtest/gtest.h>
#include <zmq.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "core/files.h"
#include "hw/drivers/gms/gms.h"
#include "tests/support/pattern_camera.h"

namespace ronchi::testing_support {

class FakeGms {
 public:
  using Spoil = std::function<std::optional<std::string>(const std::string& right)>;
  static constexpr double kMagnification = 1e6;

  FakeGms() { Start(); }
  ~FakeGms() { Stop(); }
  void Start() {
    context_ = zmq_ctx_new();
    socket_ = zmq_socket(context_, ZMQ_REP);
    const int none = 0, poll_ms = 20;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &poll_ms, sizeof(poll_ms));
    EXPECT_EQ(zmq_bind(socket_, ("tcp://" + address_).c_str()), 0);
    char at[64];
    size_t size = sizeof(at);
    zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, at, &size);
    address_ = std::string(at).substr(6);
    stop_ = false;
    thread_ = std::thread([this] { Serve(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    thread_.join();
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }

  hw::gms::GmsOptions Options(double seconds) const {
    hw::gms::GmsOptions o;
    o.address = *hw::wire::ParseAddress(address_);
    o.answer_s = o.move_s = seconds;
    o.field_at_magnification_1_m = 0.1;  // a field of 100 nm
    o.camera = "cam";
    o.camera_pixels_x = 16;
    o.camera_pixels_y = 12;
    o.stage_m = o.stage_z_m = {-1e-3, 1e-3};
    o.tilt_rad = {-0.5, 0.5};
    return o;
  }
  // Nothing: no answer comes.
  void Put(const std::string& function, Spoil spoil) {
    const std::lock_guard<std::mutex> lock(mutex_);
    spoils_[function] = std::move(spoil);
  }
  void PutNothing() {
    const std::lock_guard<std::mutex> lock(mutex_);
    spoils_.clear();
  }
  nlohmann::json Last(const std::string& function) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_[function];
  }

 private:
  void Serve() {
    while (!stop_) {
      char bytes[4096];
      const int n = zmq_recv(socket_, bytes, sizeof(bytes), 0);
      if (n < 0) continue;
      const auto question = nlohmann::json::parse(std::string(bytes, size_t(n)), nullptr, false);
      const std::optional<std::string> answer = Answer(question);
      if (answer) {
        zmq_send(socket_, answer->data(), answer->size(), 0);
      } else {  // a socket that answers has to be made anew before it can take another question
        zmq_close(socket_);
        socket_ = zmq_socket(context_, ZMQ_REP);
        const int poll_ms = 20, none = 0;
        zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
        zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &poll_ms, sizeof(poll_ms));
        while (zmq_bind(socket_, ("tcp://" + address_).c_str()) != 0 && !stop_) {
          std::this_thread::yield();
        }
      }
    }
  }

  std::optional<std::string> Answer(const nlohmann::json& question) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string function = question.at("function");
    asked_[function] = question.at("params");
    nlohmann::json answer = Right(function, question.at("params"));
    if (!answer.contains("success")) answer["success"] = true;
    const auto spoil = spoils_.find(function);
    return spoil == spoils_.end() ? answer.dump() : spoil->second(answer.dump());
  }

  nlohmann::json Right(const std::string& function, const nlohmann::json& p) {
    using nlohmann::json;
    if (function == "Ping") return json::object();
    if (function == "EM_GetState") return {{"magnification", kMagnification}, {"focus", 0}};
    if (function == "EMGetStagePositions") return stage_;
    if (function == "EMSetStagePositions") {
      const int flags = p.at("flags");
      const char* const from[] = {"x", "y", "z", "alpha", "beta"};
      const char* const to[] = {"x_um", "y_um", "z_um", "alpha_deg", "beta_deg"};
      for (int i = 0; i < 5; ++i) {
        if (flags >> i & 1) stage_[to[i]] = p.value(from[i], 0.0);
      }
      return stage_;
    }
    if (function == "DS_Configure") {
      width_ = p.at("width");
      height_ = p.at("height");
      return json::object();
    }
    if (function == "DS_Acquire") return Image(height_, width_);
    if (function == "CM_AcquireImage") {
      const size_t binning = p.at("binning");
      return Image(12 / binning, 16 / binning);
    }
    return {{"success", false}, {"error", "Unknown function: '" + function + "'"}};
  }

  static nlohmann::json Image(size_t height, size_t width) {
    std::string raw;
    for (size_t i = 0; i < height * width; ++i) {
      const auto value = uint16_t(PatternPixel(0, i));
      raw.append(reinterpret_cast<const char*>(&value), 2);
    }
    return {{"name", "Image"},
            {"data_shape", {height, width}},
            {"data_dtype", "uint16"},
            {"data_b64", Base64(raw)}};
  }

  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::string address_ = "127.0.0.1:*";
  std::mutex mutex_;
  std::map<std::string, Spoil> spoils_;
  std::map<std::string, nlohmann::json> asked_;
  nlohmann::json stage_ = {
      {"x_um", 1.0}, {"y_um", 2.0}, {"z_um", 3.0}, {"alpha_deg", 4.0}, {"beta_deg", 5.0}};
  size_t width_ = 0, height_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace ronchi::testing_support
