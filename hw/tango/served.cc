// What others command is done on the thread of their connection. libtango lets one client of a
// device wait for the other; here a command lets go of that lock while it is done, as a blank may
// not wait for an exposure: whoever stands behind takes turns.
#include "hw/tango/served.h"

#include <tango.h>

#include <atomic>
#include <future>
#include <iostream>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "hw/instrument/error.h"
#include "hw/tango/signals.h"
#include "hw/tango/values.h"

namespace ronchi::hw::tango {
namespace {

using wire::TangoOffer;
using wire::TangoType;
using wire::TangoValue;

std::shared_ptr<wire::TangoOffered> g_offered;
std::atomic<bool> g_ends = false;
std::atomic<const Signals*> g_signals = nullptr;  // to be restored once it runs

long ArgOf(TangoType type) {
  switch (type) {
    case TangoType::kVoid:
      return Tango::DEV_VOID;
    case TangoType::kBool:
      return Tango::DEV_BOOLEAN;
    case TangoType::kLong:
      return Tango::DEV_LONG;
    case TangoType::kLong64:
      return Tango::DEV_LONG64;
    case TangoType::kDouble:
      return Tango::DEV_DOUBLE;
    case TangoType::kText:
      return Tango::DEV_STRING;
    case TangoType::kDoubles:
      return Tango::DEVVAR_DOUBLEARRAY;
    case TangoType::kTexts:
      return Tango::DEVVAR_STRINGARRAY;
    case TangoType::kEncoded:
      return Tango::DEV_ENCODED;
  }
  return Tango::DEV_VOID;
}

[[noreturn]] void Throw(const absl::Status& status) {
  const wire::TangoFault fault = wire::TangoFaultOf(status);
  Tango::Except::throw_exception(fault.reason, fault.desc, fault.origin);
}
TangoValue OrThrow(absl::StatusOr<TangoValue> value) {
  if (!value.ok()) Throw(value.status());
  return *std::move(value);
}

// Lets go of a device's lock for as long as it lives.
class Unlocked {
 public:
  explicit Unlocked(Tango::DeviceImpl* device) : monitor_(device->get_dev_monitor()) {
    monitor_.rel_monitor();
  }
  ~Unlocked() {
    for (;;) {
      try {
        monitor_.get_monitor();
        return;
      } catch (const Tango::DevFailed&) {  // others have it for seconds
      }
    }
  }

 private:
  Tango::TangoMonitor& monitor_;
};

class OfferedCommand final : public Tango::Command {
 public:
  explicit OfferedCommand(const TangoOffer::Command& c)
      : Tango::Command(c.name.c_str(), Tango::CmdArgType(ArgOf(c.in)),
                       Tango::CmdArgType(ArgOf(c.out))),
        offer_(c) {}

  CORBA::Any* execute(Tango::DeviceImpl* device, const CORBA::Any& in) override {
    const TangoValue value = Taken(in);
    TangoValue out;
    {
      const Unlocked unlocked(device);
      out = OrThrow(g_offered->Command(device->get_name(), offer_.name, value));
    }
    return Given(out);
  }

 private:
  template <class T>
  T Extracted(const CORBA::Any& in) {
    T value{};
    extract(in, value);
    return value;
  }
  TangoValue Taken(const CORBA::Any& in) {
    switch (offer_.in) {
      case TangoType::kBool:
        return bool(Extracted<Tango::DevBoolean>(in));
      case TangoType::kLong:
        return int64_t(Extracted<Tango::DevLong>(in));
      case TangoType::kLong64:
        return int64_t(Extracted<Tango::DevLong64>(in));
      case TangoType::kDouble:
        return double(Extracted<Tango::DevDouble>(in));
      case TangoType::kText:
        return std::string(Extracted<Tango::ConstDevString>(in));
      case TangoType::kDoubles: {
        const auto* all = Extracted<const Tango::DevVarDoubleArray*>(in);
        return std::vector<double>(all->get_buffer(), all->get_buffer() + all->length());
      }
      case TangoType::kTexts: {
        const auto* all = Extracted<const Tango::DevVarStringArray*>(in);
        std::vector<std::string> texts;
        for (CORBA::ULong i = 0; i < all->length(); ++i) texts.emplace_back((*all)[i].in());
        return texts;
      }
      default:
        return TangoValue();
    }
  }
  CORBA::Any* Given(const TangoValue& value) {
    switch (offer_.out) {
      case TangoType::kBool:
        return insert(Tango::DevBoolean(std::get<bool>(value)));
      case TangoType::kLong:
        return insert(Tango::DevLong(std::get<int64_t>(value)));
      case TangoType::kLong64:
        return insert(Tango::DevLong64(std::get<int64_t>(value)));
      case TangoType::kDouble:
        return insert(Tango::DevDouble(std::get<double>(value)));
      case TangoType::kText:
        return insert(std::get<std::string>(value).c_str());
      case TangoType::kDoubles: {
        const auto& from = std::get<std::vector<double>>(value);
        auto* all = new Tango::DevVarDoubleArray;
        all->length(CORBA::ULong(from.size()));
        std::copy(from.begin(), from.end(), all->get_buffer());
        return insert(all);
      }
      case TangoType::kEncoded: {
        const auto& from = std::get<wire::TangoEncoded>(value);
        auto* encoded = new Tango::DevEncoded;
        encoded->encoded_format = CORBA::string_dup(from.format.c_str());
        encoded->encoded_data.length(CORBA::ULong(from.bytes.size()));
        std::copy(from.bytes.begin(), from.bytes.end(), encoded->encoded_data.get_buffer());
        auto* any = new CORBA::Any;
        *any <<= encoded;
        return any;
      }
      default:
        return insert();
    }
  }
  const TangoOffer::Command offer_;
};

void Configure(const wire::TangoAttribute& config, Tango::Attr* attribute) {
  Tango::UserDefaultAttrProp p;
  if (!config.unit.empty()) p.set_unit(config.unit.c_str());
  const std::string min = absl::StrCat(config.min), max = absl::StrCat(config.max);
  if (std::isfinite(config.min)) p.set_min_value(min.c_str());
  if (std::isfinite(config.max)) p.set_max_value(max.c_str());
  attribute->set_default_properties(p);
}

void ReadOffered(Tango::DeviceImpl* device, const TangoOffer::Attribute& offer,
                 Tango::Attribute* out) {
  const TangoValue v = OrThrow(g_offered->Read(device->get_name(), offer.config.name));
  if (offer.type == TangoType::kBool) {
    out->set_value(new Tango::DevBoolean(std::get<bool>(v)), 1, 0, true);
  } else if (offer.type == TangoType::kLong) {
    out->set_value(new Tango::DevLong(Tango::DevLong(std::get<int64_t>(v))), 1, 0, true);
  } else if (offer.type == TangoType::kDouble) {
    out->set_value(new Tango::DevDouble(std::get<double>(v)), 1, 0, true);
  } else {
    const auto& from = std::get<std::vector<double>>(v);
    auto* all = new Tango::DevDouble[from.size()];
    std::copy(from.begin(), from.end(), all);
    out->set_value(all, long(from.size()), 0, true);
  }
}

void WriteOffered(Tango::DeviceImpl* device, const TangoOffer::Attribute& offer,
                  Tango::WAttribute* in) {
  TangoValue v;
  if (offer.type == TangoType::kLong) {
    Tango::DevLong l = 0;
    in->get_write_value(l);
    v = int64_t(l);
  } else if (offer.type == TangoType::kDouble) {
    Tango::DevDouble d = 0;
    in->get_write_value(d);
    v = double(d);
  } else {
    const Tango::DevDouble* all = nullptr;
    in->get_write_value(all);
    v = std::vector<double>(all, all + in->get_write_value_length());
  }
  const absl::Status s = g_offered->Write(device->get_name(), offer.config.name, v);
  if (!s.ok()) Throw(s);
}

template <class Base>
class OfferedAttribute final : public Base {
 public:
  template <class... More>
  OfferedAttribute(const TangoOffer::Attribute& offer, More... more)
      : Base(offer.config.name.c_str(),
             offer.type == TangoType::kDoubles ? long(Tango::DEV_DOUBLE) : ArgOf(offer.type),
             offer.config.writable ? Tango::READ_WRITE : Tango::READ, more...),
        offer_(offer) {
    Configure(offer.config, this);
  }
  void read(Tango::DeviceImpl* device, Tango::Attribute& out) override {
    ReadOffered(device, offer_, &out);
  }
  void write(Tango::DeviceImpl* device, Tango::WAttribute& in) override {
    WriteOffered(device, offer_, &in);
  }
  bool is_allowed(Tango::DeviceImpl*, Tango::AttReqType) override { return true; }

 private:
  const TangoOffer::Attribute offer_;
};

class OfferedDevice final : public TANGO_BASE_CLASS {
 public:
  OfferedDevice(Tango::DeviceClass* of, std::string& name) : TANGO_BASE_CLASS(of, name) {
    init_device();
  }
  void init_device() override {
    set_state(Tango::ON);
    set_status("served by Ronchi");
  }
};

class OfferedClass final : public Tango::DeviceClass {
 public:
  OfferedClass(const TangoOffer& offer, std::string name) : DeviceClass(name), offer_(offer) {}

 private:
  void command_factory() override {
    for (const TangoOffer::Command& c : offer_.commands) {
      command_list.push_back(new OfferedCommand(c));
    }
  }
  void attribute_factory(std::vector<Tango::Attr*>& all) override {
    for (const TangoOffer::Attribute& a : offer_.attributes) {
      if (a.type == TangoType::kDoubles) {
        all.push_back(new OfferedAttribute<Tango::SpectrumAttr>(a, long(a.most)));
      } else {
        all.push_back(new OfferedAttribute<Tango::Attr>(a));
      }
    }
  }
  void device_name_factory(std::vector<std::string>& names) override {
    names.assign(1, offer_.name);
  }
  void device_factory(const Tango::DevVarStringArray* names) override {
    for (CORBA::ULong i = 0; i < names->length(); ++i) {
      std::string name((*names)[i].in());
      device_list.push_back(new OfferedDevice(this, name));
      export_device(device_list.back(), name.c_str());
    }
  }
  const TangoOffer offer_;
};

void MakeClasses(Tango::DServer* server) {
  for (const TangoOffer& offer : g_offered->Devices()) {
    server->_add_class(new OfferedClass(offer, offer.kind));
  }
}

// libtango gives every server a device of its own, by which any client may end the program, open
// files, lock devices and have them asked again and again: what remains of it tells what there is.
void KeepHarmless(Tango::DServer* server) {
  const std::set<std::string> harmless = {"state", "status", "queryclass", "querydevice"};
  auto& commands = server->get_device_class()->get_command_list();
  std::erase_if(commands,
                [&](Tango::Command* c) { return !harmless.contains(c->get_lower_name()); });
}

bool LoopEnds() {
  if (const Signals* s = g_signals.exchange(nullptr)) s->Restore();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return g_ends;
}

class Serving final : public wire::TangoServing {
 public:
  // libtango's signals and their mask are those of the thread that begins it: not the program's.
  absl::Status Begin(const std::string& host, int port) {
    std::promise<absl::Status> began;
    auto future = began.get_future();
    thread_ = std::thread([this, host, port, &began] { Run(host, port, &began); });
    return future.get();
  }
  ~Serving() override {
    g_ends = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run(const std::string& host, int port, std::promise<absl::Status>* began) {
    const std::string endpoint = absl::StrCat("giop:tcp:", host, ":", port);
    std::vector<std::string> words = {"ronchi", "served", "-nodb", "-ORBendPoint", endpoint};
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    std::streambuf* const out = std::cout.rdbuf(nullptr);  // stdout is for results
    const Signals signals;
    bool told = false;
    try {
      Tango::DServer::register_class_factory(MakeClasses);
      Tango::Util* const util = Tango::Util::init(int(argv.size()), argv.data());
      util->server_init(false);
      KeepHarmless(util->get_dserver_device());
      util->server_set_event_loop(LoopEnds);
      told = true;
      signals.Restore();
      g_signals = &signals;
      began->set_value(absl::OkStatus());
      util->server_run();
    } catch (...) {
      const absl::Status s = CaughtError(absl::StrCat("serving TANGO at ", host, ":", port));
      if (!told) began->set_value(s);
    }
    std::cout.rdbuf(out);
  }
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<wire::TangoServing>> ServeOffered(
    const std::string& host, int port, std::shared_ptr<wire::TangoOffered> offered) {
  g_offered = std::move(offered);
  auto serving = std::make_unique<Serving>();
  RONCHI_RETURN_IF_ERROR(serving->Begin(host, port));
  return std::unique_ptr<wire::TangoServing>(std::move(serving));
}

}  // namespace ronchi::hw::tango
