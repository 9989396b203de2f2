// A Merlin that answers and sends as a test says: well, until a fault is put in.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hw/drivers/merlin/merlin.h"
#include "hw/wire/mib.h"
#include "hw/wire/mib_pixels.h"
#include "hw/wire/mpx.h"
#include "tests/support/pattern_camera.h"
#include "tests/support/wire_server.h"

namespace ronchi::testing_support {

// Pieces of a stream that are none: the link ends; a while passes, so that what comes before is
// received by itself.
inline const std::string kEnds = "<ends>", kPause = "<pause>";

struct MerlinFault {
  // Spoils what is sent for an acquisition: its header, then its frames, one a piece.
  std::function<void(std::vector<std::string>*)> data = nullptr;
  // The bytes that answer, given the right ones.
  std::function<std::string(const hw::wire::MpxRequest&, const std::string&)> control = nullptr;
};

class FakeMerlin {
 public:
  static constexpr size_t kWidth = 8, kHeight = 6;

  FakeMerlin()
      : data_([this](Peer* peer) { ServeData(peer); }),
        control_([this](Peer* peer) { ServeControl(peer); }) {}

  hw::MerlinOptions Options(double seconds) const {
    hw::MerlinOptions o;
    o.control = *hw::wire::ParseAddress(control_.address());
    o.data = *hw::wire::ParseAddress(data_.address());
    o.camera = "cam";
    o.answer_s = o.frame_s = seconds;
    o.reader.buffer_bytes = 256;  // it grows, and is moved within
    o.reader.most_junk = 4096;
    return o;
  }
  void Put(const MerlinFault& fault) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = fault;
  }
  bool Did(const std::string& command) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return done_[command] > 0;
  }
  // Until the other side has ended its data link, so that the next one is a new one here, too.
  void AwaitNoListener() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return peer_ == nullptr; });
  }
  int data_connections() const { return data_.connections(); }

  static std::string FrameOf(size_t sequence, hw::wire::MibHeader h = {}) {
    h.sequence = sequence;
    if (h.width == 0) h.width = kWidth;
    if (h.height == 0) h.height = kHeight;
    std::vector<float> counts(h.width * h.height);
    for (size_t i = 0; i < counts.size(); ++i) counts[i] = PatternPixel(sequence - 1, i);
    std::string pixels(h.pixel_bytes(), '\0');
    hw::wire::FloatsToPixels(counts, h.pixel, 1 << 24, pixels.data());
    return hw::wire::MpxMessage(hw::wire::MibHeaderText(h, {}) + pixels);
  }

 private:
  void ServeData(Peer* peer) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      peer_ = peer;
      changed_.notify_all();
    }
    peer->AwaitEnd();
    const std::lock_guard<std::mutex> lock(sending_);
    const std::lock_guard<std::mutex> also(mutex_);
    if (peer_ == peer) peer_ = nullptr;
    changed_.notify_all();
  }

  void ServeControl(Peer* peer) {
    std::string come;
    for (;;) {
      const std::string more = peer->Read();
      if (more.empty()) return;
      come += more;
      for (;;) {
        const auto end = hw::wire::MpxEnd(come);
        if (!end.ok()) return;
        if (*end == 0) break;
        const auto request = *hw::wire::ParseMpxRequest(come.substr(0, *end));
        come.erase(0, *end);
        const std::string answer = Answer(request);
        if (answer == kEnds) return;
        peer->Write(answer);
        if (request.name == (soft() ? "SOFTTRIGGER" : "STARTACQUISITION")) SendFrames(soft());
        if (request.name == "STARTACQUISITION" && soft()) SendHeader();
      }
    }
  }

  bool soft() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return settings_["TRIGGERSTART"] == "5";
  }

  std::string Answer(const hw::wire::MpxRequest& r) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (r.verb == "SET") settings_[r.name] = r.value;
    if (r.verb == "CMD") ++done_[r.name];
    const auto setting = settings_.find(r.name);
    const std::string value = setting == settings_.end() ? "undef" : setting->second;
    const std::string right = hw::wire::MpxMessage(
        hw::wire::MpxAnswerText({r.verb, r.name, r.verb == "GET" ? value : "", 0}));
    return fault_.control ? fault_.control(r, right) : right;
  }

  std::string Header() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return hw::wire::MpxMessage(hw::wire::AcquisitionHeaderText(
        {size_t(std::stoi(settings_["NUMFRAMESTOACQUIRE"])), 1, 12}));
  }
  void SendHeader() { Send({Header()}); }
  void SendFrames(bool header_sent) {
    std::vector<std::string> pieces;
    size_t frames = 0;
    std::function<void(std::vector<std::string>*)> spoil;
    if (!header_sent) pieces.push_back(Header());
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      frames = size_t(std::stoi(settings_["NUMFRAMESTOACQUIRE"]));
      spoil = fault_.data;
    }
    for (size_t i = 1; i <= frames; ++i) pieces.push_back(FrameOf(i));
    if (spoil) spoil(&pieces);
    Send(pieces);
  }
  void Send(const std::vector<std::string>& pieces) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return peer_ != nullptr; });
    lock.unlock();
    const std::lock_guard<std::mutex> sending(sending_);
    if (!peer_) return;
    for (const std::string& piece : pieces) {
      if (piece == kPause) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } else if (piece == kEnds) {
        peer_->Close();
        return;
      } else {
        peer_->Write(piece);
      }
    }
  }

  std::mutex mutex_, sending_;
  std::condition_variable changed_;
  Peer* peer_ = nullptr;
  MerlinFault fault_;
  std::map<std::string, int> done_;
  std::map<std::string, std::string> settings_ = {{"IMAGEX", std::to_string(kWidth)},
                                                  {"IMAGEY", std::to_string(kHeight)},
                                                  {"COUNTERDEPTH", "12"},
                                                  {"DETECTORSTATUS", "0"},
                                                  {"ACQUISITIONPERIOD", "0"},
                                                  {"TRIGGERSTART", "0"}};
  WireServer data_, control_;  // last: their threads use all of these
};

}  // namespace ronchi::testing_support
