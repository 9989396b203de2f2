// A DE-Server that answers and acquires as a test says: well, until a fault is put in.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hw/drivers/de/de.h"
#include "hw/wire/de_packet.h"
#include "hw/wire/de_server.pb.h"
#include "tests/support/pattern_camera.h"
#include "tests/support/wire_server.h"

namespace ronchi::testing_support {

namespace pb = hw::wire::pb;
using hw::wire::DeOperation;

// Pieces of an answer that are none: the link ends, is reset; a while passes; nothing comes any
// more.
inline const std::string kEnds = "<ends>", kPause = "<pause>", kStalls = "<stalls>";
using Pieces = std::vector<std::string>;

inline std::string Framed(const pb::Packet& packet) {
  const std::string message = packet.SerializeAsString();
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(char(message.size() >> (8 * i)));
  return bytes + message;
}
inline void PutInto(const hw::wire::DeValue& value, pb::Value* v) {
  if (const auto* i = std::get_if<int32_t>(&value)) {
    v->set_type(pb::Value::INT);
    v->set_p_int(*i);
  } else if (const auto* b = std::get_if<bool>(&value)) {
    v->set_type(pb::Value::BOOL);
    v->set_p_bool(*b);
  } else if (const auto* f = std::get_if<float>(&value)) {
    v->set_type(pb::Value::FLOAT);
    v->set_p_float(*f);
  } else {
    v->set_type(pb::Value::STRING);
    v->set_p_string(std::get<std::string>(value));
  }
}
inline pb::Packet Acknowledged(uint32_t id, const std::vector<hw::wire::DeValue>& values) {
  pb::Packet packet;
  packet.set_type(pb::Packet::ACKNOWLEDGE);
  packet.add_acknowledge()->set_command_id(id);
  for (const auto& v : values) PutInto(v, packet.mutable_acknowledge(0)->add_parameter());
  return packet;
}
inline pb::Packet Refused(uint32_t id, const std::string& why) {
  pb::Packet packet = Acknowledged(id, {});
  packet.mutable_acknowledge(0)->set_error(true);
  packet.mutable_acknowledge(0)->set_error_message(why);
  return packet;
}
inline pb::Packet HeaderOf(size_t bytes) {
  pb::Packet packet;
  packet.set_type(pb::Packet::DATA_HEADER);
  packet.mutable_data_header()->set_bytesize(bytes);
  return packet;
}

struct DeAsked {
  DeOperation operation;
  uint32_t id = 0;
  std::string property;  // the first value, if it is a text
  std::vector<pb::Value> values;
};

// Spoils the pieces of an answer: an acknowledgement; of a result also its header and its pixels.
using DeFault = std::function<void(const DeAsked&, Pieces*)>;

class FakeDe {
 public:
  static constexpr size_t kWidth = 8, kHeight = 6;

  FakeDe() : server_([this](Peer* peer) { Serve(peer); }) {}

  hw::de::DeOptions Options(double seconds) const {
    hw::de::DeOptions o;
    o.server.address = *hw::wire::ParseAddress(server_.address());
    o.server.answer_s = o.late_s = seconds;
    o.camera = "cam";
    o.field_m = 100e-9;
    o.detectors = {{"external1", {.name = "haadf"}}, {"virtual0", {.name = "bf"}}};
    return o;
  }
  void Put(DeFault fault) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = std::move(fault);
  }
  // As a server that is started anew, or of another version.
  void Restart(int version) {
    const std::lock_guard<std::mutex> lock(mutex_);
    version_ = version;
    acquisitions_ = 0;
    polls_ = 0;
  }
  void Set(const std::string& property, const hw::wire::DeValue& value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    properties_[property] = value;
  }
  void Erase(const std::string& property) {
    const std::lock_guard<std::mutex> lock(mutex_);
    properties_.erase(property);
  }
  std::string Stands(const std::string& property) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return hw::wire::DeText(properties_.at(property));
  }
  // The largest of what it was set to.
  std::string Most(const std::string& property) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return hw::wire::DeText(most_.at(property));
  }
  int Count(DeOperation operation) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_[operation];
  }
  int connections() const { return server_.connections(); }
  void RunFor(int polls) { acquires_for_ = polls; }
  // Commands of other versions, instead of ending the link.
  void RefuseOthers(bool refuse) { refuses_versions_ = refuse; }

 private:
  void Serve(Peer* peer) {
    std::string come;
    for (;;) {
      const std::string more = peer->Read();
      if (more.empty()) return;
      come += more;
      while (come.size() >= 4) {
        uint32_t length = 0;
        for (int i = 0; i < 4; ++i) length |= uint32_t(uint8_t(come[size_t(i)])) << (8 * i);
        if (come.size() < 4 + length) break;
        pb::Packet packet;
        if (!packet.ParseFromString(come.substr(4, length)) || packet.command_size() != 1) return;
        come.erase(0, 4 + length);
        if (!Send(peer, Answer(packet))) return;
      }
    }
  }
  static bool Send(Peer* peer, const Pieces& pieces) {
    for (const std::string& piece : pieces) {
      if (piece == kPause) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } else if (piece == kEnds) {
        return false;
      } else if (piece == kStalls) {
        peer->AwaitEnd();
        return false;
      } else if (!peer->Write(piece)) {
        return false;
      }
    }
    return true;
  }

  Pieces Answer(const pb::Packet& packet) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const pb::Command& c = packet.command(0);
    DeAsked asked = {DeOperation(c.command_id() % 100), c.command_id()};
    asked.values = {c.parameter().begin(), c.parameter().end()};
    if (!asked.values.empty()) asked.property = asked.values[0].p_string();
    ++asked_[asked.operation];
    if (int(c.command_id()) / 100 != version_) {
      return refuses_versions_ ? Pieces{Framed(Refused(asked.id, "unknown command"))}
                               : Pieces{kEnds};
    }
    Pieces pieces = Right(asked);
    if (fault_) fault_(asked, &pieces);
    return pieces;
  }

  Pieces Right(const DeAsked& a) {
    const auto say = [&](const std::vector<hw::wire::DeValue>& values) {
      return Pieces{Framed(Acknowledged(a.id, values))};
    };
    const auto found = properties_.find(a.property);
    switch (a.operation) {
      case DeOperation::kListCameras:
        return say({std::string("Celeritas"), std::string("DE16")});
      case DeOperation::kListProperties: {
        std::vector<hw::wire::DeValue> names;
        for (const auto& [name, value] : properties_) names.push_back(name);
        return say(names);
      }
      case DeOperation::kListAllowedValues:
        return say({std::string("Float"), std::string("Range"), 0.1f, 1000.f, std::string("Basic"),
                    std::string("1"), std::string("1")});
      case DeOperation::kGetProperty:
        if (a.property == "Acquisition Status") {
          return say({std::string(polls_-- > 0 ? "Acquiring" : "Idle")});
        }
        if (found == properties_.end()) return {Framed(Refused(a.id, "no such property"))};
        return say({found->second});
      case DeOperation::kSetProperty:
        if (found == properties_.end()) return {Framed(Refused(a.id, "no such property"))};
        found->second = Typed(a.values[1]);
        most_.emplace(a.property, found->second);
        most_[a.property] = std::max(most_[a.property], found->second);
        return say({});
      case DeOperation::kStartAcquisition:
        ++acquisitions_;
        polls_ = acquires_for_;
        return say({});
      case DeOperation::kStopAcquisition:
        polls_ = 0;
        return say({});
      case DeOperation::kGetResult:
        return Result(a);
      default:
        return {kEnds};
    }
  }
  static hw::wire::DeValue Typed(const pb::Value& v) {
    if (v.type() == pb::Value::INT) return v.p_int();
    if (v.type() == pb::Value::FLOAT) return v.p_float();
    if (v.type() == pb::Value::BOOL) return v.p_bool();
    return v.p_string();
  }

  Pieces Result(const DeAsked& a) {
    const bool scan = a.values[0].p_int() != hw::de::kSumTotal;
    const auto whole = [&](const char* p) { return std::get<int32_t>(properties_.at(p)); };
    const int32_t width = scan ? whole("Scan - Size X") : int32_t(kWidth);
    const int32_t height = scan ? whole("Scan - Size Y") : int32_t(kHeight);
    const int32_t frames = scan ? width * height : whole("Frame Count");
    std::string pixels;
    for (size_t i = 0; i < size_t(width * height); ++i) {
      const float p = PatternPixel(acquisitions_ - 1, i) + float(a.values[0].p_int());
      pixels.append(reinterpret_cast<const char*>(&p), sizeof(p));
    }
    std::vector<hw::wire::DeValue> values = {
        int32_t(13), width,      height, std::string("name"), int32_t(acquisitions_),
        true,        int32_t(0), frames};
    values.insert(values.end(), 21, 0.f);
    return {Framed(Acknowledged(a.id, values)), Framed(HeaderOf(pixels.size())), pixels};
  }

  std::mutex mutex_;
  int version_ = 17;
  std::atomic<bool> refuses_versions_ = false;
  int polls_ = 0;
  std::atomic<int> acquires_for_ = 1;
  size_t acquisitions_ = 0;
  std::map<DeOperation, int> asked_;
  std::map<std::string, hw::wire::DeValue> most_;
  std::map<std::string, hw::wire::DeValue> properties_ = {
      {"Server Software Version", std::string("2.8.3.12436")},
      {"Image Size X (pixels)", int32_t(kWidth)},
      {"Image Size Y (pixels)", int32_t(kHeight)},
      {"Frames Per Second", 40.f},
      {"Frame Count", int32_t(1)},
      {"Exposure Mode", std::string("Dark")},
      {"Scan - Enable", std::string("On")},
      {"Scan - Size X", int32_t(64)},
      {"Scan - Size Y", int32_t(64)},
      {"Scan - Camera Frames Per Point", int32_t(3)},
      {"Scan - Repeats", int32_t(2)},
      {"Scan - Type", std::string("Random")},
      {"Scan - ROI Enable", std::string("On")},
      {"Scan - Voltage H Min", -1.f},
      {"Scan - Voltage H Max", 1.f},
      {"Scan - Voltage V Min", -1.f},
      {"Scan - Voltage V Max", 1.f},
      {"Scan - Rotation", 0.f},
      {"Scan - External Detector 1 Enable", std::string("On")},
      {"Scan - Virtual Detector 0 Shape", std::string("Ellipse")},
      {"Simulator Source", std::string("a test")}};
  DeFault fault_;
  WireServer server_;  // last: its threads use all of these
};

}  // namespace ronchi::testing_support
