// Somebody's device, by libtango's DeviceProxy.
#include "hw/tango/proxy.h"

#include <cmath>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "hw/instrument/error.h"
#include "hw/tango/signals.h"
#include "hw/tango/values.h"

namespace ronchi::hw::tango {
namespace {

using wire::TangoFault;
using wire::TangoLink;
using wire::TangoValue;

bool HasReason(const std::vector<TangoFault>& stack, std::initializer_list<const char*> reasons) {
  for (const TangoFault& f : stack) {
    for (const char* reason : reasons) {
      if (f.reason == reason) return true;
    }
  }
  return false;
}

// A limit of an attribute's config: "Not specified", or a number.
double LimitOf(const std::string& text, double without) {
  double limit = 0;
  return absl::SimpleAtod(text, &limit) && std::isfinite(limit) ? limit : without;
}

class Proxy final : public wire::TangoDevice {
 public:
  explicit Proxy(const std::string& url) : url_(url), proxy_(url.c_str()) {
    // By itself it would ask a second time what may have been done.
    proxy_.set_transparency_reconnection(false);
    proxy_.set_source(Tango::DEV);  // not what a poll has seen some time ago
  }

  absl::StatusOr<TangoValue> Command(const std::string& command, const TangoValue& in,
                                     double within_s) override {
    return Ask<TangoValue>(command, within_s, [&]() -> absl::StatusOr<TangoValue> {
      auto known = types_.find(command);
      if (known == types_.end()) {
        const Tango::CommandInfo info = proxy_.command_query(command);
        known = types_.emplace(command, std::pair(info.in_type, info.out_type)).first;
      }
      RONCHI_ASSIGN_OR_RETURN(Tango::DeviceData data, ToDeviceData(in, known->second.first));
      Tango::DeviceData out = proxy_.command_inout(command.c_str(), data);
      return FromDeviceData(&out, known->second.second);
    });
  }

  absl::StatusOr<TangoValue> Read(const std::string& attribute, double within_s) override {
    return Ask<TangoValue>(attribute, within_s, [&]() -> absl::StatusOr<TangoValue> {
      std::string name = attribute;
      Tango::DeviceAttribute value = proxy_.read_attribute(name);
      return FromAttribute(&value);
    });
  }

  absl::Status Write(const std::string& attribute, const TangoValue& value,
                     double within_s) override {
    return Ask<bool>(
               attribute, within_s,
               [&]() -> absl::StatusOr<bool> {
                 auto known = attributes_.find(attribute);
                 if (known == attributes_.end()) {
                   const Tango::AttributeInfoEx info = proxy_.get_attribute_config(attribute);
                   known = attributes_
                               .emplace(attribute, std::pair(long(info.data_type),
                                                             info.data_format == Tango::SCALAR))
                               .first;
                 }
                 RONCHI_ASSIGN_OR_RETURN(
                     Tango::DeviceAttribute data,
                     ToAttribute(attribute, value, known->second.first, known->second.second));
                 proxy_.write_attribute(data);
                 return true;
               })
        .status();
  }

  absl::StatusOr<std::vector<std::string>> Commands(double within_s) override {
    using Names = std::vector<std::string>;
    return Ask<Names>("its commands", within_s, [&]() -> absl::StatusOr<Names> {
      Names names;
      const std::unique_ptr<Tango::CommandInfoList> all(proxy_.command_list_query());
      for (const Tango::CommandInfo& c : *all) names.push_back(c.cmd_name);
      return names;
    });
  }

  absl::StatusOr<std::vector<wire::TangoAttribute>> Attributes(double within_s) override {
    using All = std::vector<wire::TangoAttribute>;
    return Ask<All>("its attributes", within_s, [&]() -> absl::StatusOr<All> {
      All out;
      const std::unique_ptr<Tango::AttributeInfoListEx> all(proxy_.attribute_list_query_ex());
      for (const Tango::AttributeInfoEx& a : *all) {
        wire::TangoAttribute ours{
            .name = a.name, .unit = a.unit, .writable = a.writable != Tango::READ};
        ours.min = LimitOf(a.min_value, ours.min);
        ours.max = LimitOf(a.max_value, ours.max);
        out.push_back(ours);
      }
      return out;
    });
  }

 private:
  template <class T, class Do>
  absl::StatusOr<T> Ask(const std::string& what, double within_s, const Do& ask) {
    const std::string name = absl::StrCat(url_, ": ", what);
    try {
      const int ms = int(std::ceil(std::min(std::max(within_s, 1e-3), 1e6) * 1e3));
      if (ms != timeout_ms_) proxy_.set_timeout_millis(timeout_ms_ = ms);
      absl::StatusOr<T> answer = ask();
      if (answer.ok() || HasError(answer.status())) return answer;
      return MakeError(
          {ErrorKind::kHardware, absl::StrCat(name, ": ", std::string(answer.status().message())),
           "its interface is another one than that of the documents", Effect::kPerhaps});
    } catch (...) {
      return CaughtError(name);
    }
  }

  const std::string url_;
  Tango::DeviceProxy proxy_;
  int timeout_ms_ = 0;
  std::map<std::string, std::pair<long, long>> types_;       // of commands: in, out
  std::map<std::string, std::pair<long, bool>> attributes_;  // type, scalar
};

}  // namespace

absl::Status CaughtError(const std::string& what) {
  std::vector<TangoFault> stack;
  const auto take = [&](const Tango::DevFailed& e) {
    for (CORBA::ULong i = 0; i < e.errors.length(); ++i) {
      stack.push_back({e.errors[i].reason.in(), e.errors[i].desc.in(), e.errors[i].origin.in()});
    }
  };
  try {
    throw;
  } catch (const Tango::ConnectionFailed& e) {
    take(e);
    const bool late = HasReason(stack, {"API_DeviceTimedOut"});
    return wire::TangoFailed(what, stack, late ? TangoLink::kLate : TangoLink::kUnreached);
  } catch (const Tango::CommunicationFailed& e) {
    take(e);
    bool late = HasReason(stack, {"API_DeviceTimedOut"});
    for (const TangoFault& f : stack) {
      late |= f.desc.find("CallTimedout") != std::string::npos;
    }
    return wire::TangoFailed(what, stack, late ? TangoLink::kLate : TangoLink::kLost);
  } catch (const Tango::DevFailed& e) {
    take(e);
    const bool unreached = HasReason(
        stack, {"API_CantConnectToDevice", "API_CantConnectToDatabase", "API_DeviceNotExported",
                "API_ServerNotRunning", "API_DatabaseNotExported"});
    const bool late = HasReason(stack, {"API_DeviceTimedOut"});
    return wire::TangoFailed(what, stack,
                             late        ? TangoLink::kLate
                             : unreached ? TangoLink::kUnreached
                                         : TangoLink::kFine);
  } catch (const CORBA::Exception& e) {
    return wire::TangoFailed(what, {{"CORBA", e._name(), ""}}, TangoLink::kLost);
  } catch (const std::exception& e) {
    return wire::TangoFailed(what, {{"exception", e.what(), ""}}, TangoLink::kLost);
  }
}

absl::StatusOr<std::unique_ptr<wire::TangoDevice>> OpenProxy(const std::string& url,
                                                             double within_s) {
  (void)within_s;
  const Signals signals;
  absl::StatusOr<std::unique_ptr<wire::TangoDevice>> opened = nullptr;
  try {
    opened = std::make_unique<Proxy>(url);
  } catch (...) {
    opened = CaughtError(url);
  }
  signals.Restore();
  return opened;
}

}  // namespace ronchi::hw::tango
