// asyncroscopy's devices without TANGO, and its images on a real port: Ronchi's own desk in front
// of an instrument, some answers of which a test spoils.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "hw/drivers/tango/tango.h"
#include "hw/server/server.h"
#include "hw/server/tango_desk.h"
#include "hw/wire/http.h"

namespace ronchi::testing_support {

using hw::wire::TangoValue;
using TangoAnswer = absl::StatusOr<TangoValue>;

inline std::function<TangoAnswer(const TangoValue&)> Says(TangoValue value) {
  return [value](const TangoValue&) -> TangoAnswer { return value; };
}
inline std::function<TangoAnswer(const TangoValue&)> Fails(
    std::vector<hw::wire::TangoFault> stack,
    hw::wire::TangoLink link = hw::wire::TangoLink::kFine) {
  return
      [=](const TangoValue&) -> TangoAnswer { return hw::wire::TangoFailed("dev", stack, link); };
}
// By "set_defocus", "read dwell_time", "write imsize", "open scan": what is answered instead.
using TangoSpoils = std::map<std::string, std::function<TangoAnswer(const TangoValue&)>>;
// By "metadata", "full": bytes that are sent instead; then the connection ends. kNoHttp: nothing.
using HttpSpoils = std::map<std::string, std::string>;
inline const std::string kNoHttp = "(silence)";
using AttributeSpoil = std::function<void(std::vector<hw::wire::TangoAttribute>*)>;

struct TangoScript {
  TangoSpoils tango;
  HttpSpoils http;
  std::map<std::string, AttributeSpoil> attributes;  // by part: "stage"
  std::set<std::string> hidden;                      // commands that it does not have
  int opened = 0;
  std::mutex mutex;                // of `asked`: a blank comes on another thread
  std::vector<std::string> asked;  // commands
};

class FakeDevice final : public hw::wire::TangoDevice {
 public:
  FakeDevice(std::shared_ptr<hw::wire::TangoOffered> desk, std::shared_ptr<TangoScript> script,
             std::string device)
      : desk_(std::move(desk)), script_(std::move(script)), device_(std::move(device)) {}

  TangoAnswer Command(const std::string& command, const TangoValue& in, double) override {
    {
      const std::lock_guard<std::mutex> lock(script_->mutex);
      script_->asked.push_back(command);
    }
    if (const auto spoil = Spoil(command)) return spoil(in);
    return OverTheWire(desk_->Command(device_, command, in));
  }
  TangoAnswer Read(const std::string& attribute, double) override {
    if (const auto spoil = Spoil("read " + attribute)) return spoil({});
    return OverTheWire(desk_->Read(device_, attribute));
  }
  absl::Status Write(const std::string& attribute, const TangoValue& value, double) override {
    if (const auto spoil = Spoil("write " + attribute)) return spoil(value).status();
    return OverTheWire(Done(desk_->Write(device_, attribute, value))).status();
  }
  absl::StatusOr<std::vector<std::string>> Commands(double) override {
    std::vector<std::string> names;
    for (const auto& c : Offer().commands) {
      if (!script_->hidden.contains(c.name)) names.push_back(c.name);
    }
    return names;
  }
  absl::StatusOr<std::vector<hw::wire::TangoAttribute>> Attributes(double) override {
    std::vector<hw::wire::TangoAttribute> all;
    for (const auto& a : Offer().attributes) all.push_back(a.config);
    for (const auto& [part, spoil] : script_->attributes) {
      if (device_ == "asyncroscopy/" + part + "/default") spoil(&all);
    }
    return all;
  }

 private:
  std::function<TangoAnswer(const TangoValue&)> Spoil(const std::string& what) const {
    const auto it = script_->tango.find(what);
    return it == script_->tango.end() ? nullptr : it->second;
  }
  static TangoAnswer Done(const absl::Status& s) { return s.ok() ? TangoAnswer(TangoValue()) : s; }
  TangoAnswer OverTheWire(const TangoAnswer& answer) const {
    if (answer.ok()) return answer;
    return hw::wire::TangoFailed(device_, {hw::wire::TangoFaultOf(answer.status())},
                                 hw::wire::TangoLink::kFine);
  }
  hw::wire::TangoOffer Offer() const {
    for (const auto& offer : desk_->Devices()) {
      if (offer.name == device_) return offer;
    }
    return {};
  }
  const std::shared_ptr<hw::wire::TangoOffered> desk_;
  const std::shared_ptr<TangoScript> script_;
  const std::string device_;
};

class SpoiledHttp final : public hw::Session {
 public:
  SpoiledHttp(std::unique_ptr<hw::Session> good, std::shared_ptr<TangoScript> script)
      : good_(std::move(good)), script_(std::move(script)) {}
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    for (const auto& [what, bad] : script_->http) {
      if (bytes.find("/" + what + "/") == std::string_view::npos) continue;
      if (bad == kNoHttp) return absl::OkStatus();
      *answer = bad;
      return absl::CancelledError("spoiled");
    }
    return good_->Take(bytes, answer);
  }

 private:
  const std::unique_ptr<hw::Session> good_;
  const std::shared_ptr<TangoScript> script_;
};

class FakeSite {
 public:
  explicit FakeSite(hw::Instrument* instrument) : hub_(instrument) {
    const hw::Protocol good = hw::TiledProtocol(shelf_);
    hw::Protocol p{.name = "tiled"};
    p.open = [good, script = script](auto out) {
      return std::make_unique<SpoiledHttp>(good.open(out), script);
    };
    server_ = *hw::Server::Start({{{"here", "127.0.0.1", 0}, p}});
  }
  hw::TangoOptions Options() const {
    hw::TangoOptions o;
    o.server = {"site", "127.0.0.1", 1};
    o.database = false;
    o.tiled = *hw::wire::ParseAddress("127.0.0.1:" + std::to_string(server_->port(0)));
    o.answer_s = o.acquire_s = 20;
    o.still_s = 0.1;
    o.detectors["HAADF"] = {.name = "haadf"};
    o.detectors["BF"] = {.name = "bf"};
    o.corrector.limits_m.fill(0);
    o.corrector.limits_m[1] = 1e-7;
    return o;
  }
  hw::TangoOpener Opener() {
    return [this](const std::string& url,
                  double) -> absl::StatusOr<std::unique_ptr<hw::wire::TangoDevice>> {
      ++script->opened;
      const size_t begin = url.find('/', std::string("tango://").size()) + 1;
      const std::string device = url.substr(begin, url.find('#') - begin);
      for (const auto& [what, spoil] : script->tango) {
        if (what.rfind("open ", 0) == 0 && device.find(what.substr(5)) != std::string::npos) {
          return spoil({}).status();
        }
      }
      return std::unique_ptr<hw::wire::TangoDevice>(
          std::make_unique<FakeDevice>(desk_, script, device));
    };
  }
  std::shared_ptr<TangoScript> script = std::make_shared<TangoScript>();

 private:
  hw::Hub hub_;
  std::shared_ptr<hw::TiledShelf> shelf_ = std::make_shared<hw::TiledShelf>();
  std::shared_ptr<hw::TangoDesk> desk_ = std::make_shared<hw::TangoDesk>(&hub_, shelf_);
  std::unique_ptr<hw::Server> server_;
};

}  // namespace ronchi::testing_support
