// Ronchi's side of TANGO, for programs of others on the other side (check_tango.py); MODULE is
// libronchi_tango.so:
//   interop_tango_peer MODULE drive PORT TILED KEY   drives a site of asyncroscopy's
//   interop_tango_peer MODULE read URL               what a device has, and what it refuses
// PORT is that of the devices, or "database:9094"; without a KEY images come by the microscope.
// Prints one JSON object.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "hw/drivers/tango/tango.h"
#include "hw/wire/tango.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

json ToldOf(const absl::Status& s) {
  const Error e = ErrorOf(s);
  return {{"kind", std::string(KindName(e.kind))},
          {"cause", e.cause},
          {"effect", std::string(EffectName(*e.effect))}};
}
json ReadingsOf(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return {{"error", ToldOf(reply.status())}};
  json all = {{"blanked", reply->blanked}};
  for (const Reading& r : reply->readings) all[r.property] = r.value.si;
  for (const Estimate& e : reply->estimates) {
    for (size_t i = 0; i < e.names.size(); ++i) all[e.names[i]] = e.values[i].si;
  }
  for (const Frame& f : reply->frames) {
    const auto v = f.counts.values();
    all["frames"].push_back({{"shape", f.counts.shape()}, {"pixels", json(v)}});
  }
  return all;
}

json Shown(const absl::StatusOr<wire::TangoValue>& value);

absl::StatusOr<TangoOptions> OptionsOf(const std::vector<std::string>& words) {
  TangoOptions o;
  const size_t colon = words[2].find(':');
  o.database = colon != std::string::npos;
  RONCHI_ASSIGN_OR_RETURN(
      o.server, wire::ParseAddress("127.0.0.1:" + words[2].substr(o.database ? colon + 1 : 0)));
  if (!words[4].empty()) {
    RONCHI_ASSIGN_OR_RETURN(o.tiled, wire::ParseAddress(words[3]));
  }
  o.tiled_key = words[4];
  o.detectors["HAADF"] = {.name = "haadf"};
  o.camera.pixels = 32;
  o.corrector.limits_m = {0, 1e-7};
  o.corrector.tableau = 0;
  o.answer_s = 30;
  return o;
}

absl::StatusOr<json> DriveSite(const std::vector<std::string>& words) {
  RONCHI_ASSIGN_OR_RETURN(const TangoOptions o, OptionsOf(words));
  RONCHI_ASSIGN_OR_RETURN(const auto site, MakeTango(o));
  const auto set = [&](const char* property, double si, Dimension d = Dimension::kLength) {
    return ReadingsOf(site->Execute(Set{.property = property, .value = {si, d}}));
  };
  const Scan scan{.fov_x_m = 5e-9,
                  .fov_y_m = 5e-9,
                  .pixels_x = 48,
                  .pixels_y = 48,
                  .dwell_s = 2e-6,
                  .frames = 2,
                  .detectors = {"haadf"}};
  json out;
  for (const PropertyInfo& p : site->description().properties)
    out["limits"][p.name] = {p.min, p.max};
  out["cannot"] = site->description().cannot;
  out["blanked_scan"] = ReadingsOf(site->Execute(Blank{}));
  out["blanked_scan"] = ReadingsOf(site->Execute(scan));
  out["defocus"] = set("optics.C10", 12e-9);
  out["far"] = set("optics.C10", 9e-7);
  out["clamped"] = set("scan.fov", 5e-6);
  out["stage"] = set("stage.x", 3e-6);
  out["tilt"] = set("stage.alpha", 0.1, Dimension::kAngle);
  out["shift"] = set("image.shift.y", -4e-9);
  out["unblank"] = ReadingsOf(site->Execute(Unblank{}));
  out["scan"] = ReadingsOf(site->Execute(scan));
  out["park"] = ReadingsOf(site->Execute(Park{1e-9, -1e-9, 0.01}));
  out["expose"] = ReadingsOf(site->Execute(Expose{.camera = "camera", .time_s = 0.01}));
  out["correct"] = set("optics.C12.a", 7e-9);
  out["c1a1"] = ReadingsOf(site->Execute(Measure{"defocus"}));
  out["tableau"] = ReadingsOf(site->Execute(Measure{"aberrations"}));
  // A blank while a frame of five seconds is taken.
  Scan slow = scan;
  slow.dwell_s = 0.01;
  slow.frames = 1;
  std::thread taken([&] { out["slow"] = ReadingsOf(site->Execute(slow)); });
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const auto start = std::chrono::steady_clock::now();
  const absl::Status beside = site->BlankNow();
  out["blank_beside_s"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  taken.join();
  // The scan's own reply may be of the moment before.
  out["after_beside"] = ReadingsOf(site->Execute(Read{}));
  out["blank_beside"] = beside.ok() ? json(true) : ToldOf(beside);
  RONCHI_ASSIGN_OR_RETURN(const auto* library, wire::LoadTangoLibrary());
  RONCHI_ASSIGN_OR_RETURN(
      const auto corrector,
      library->open("tango://" + o.server.name + "/asyncroscopy/corrector/default" +
                        (o.database ? "" : "#dbase=no"),
                    10));
  out["late"] = Shown(corrector->Command("acquire_tableau", std::string("Fast 18"), 0.5));
  const absl::Status blanked = site->BlankNow();
  out["blank_now"] = blanked.ok() ? json(true) : ToldOf(blanked);
  return out;
}

json Shown(const absl::StatusOr<wire::TangoValue>& value) {
  if (!value.ok()) return {{"error", ToldOf(value.status())}};
  if (const auto* d = std::get_if<double>(&*value)) return *d;
  if (const auto* i = std::get_if<int64_t>(&*value)) return *i;
  if (const auto* s = std::get_if<std::string>(&*value)) return *s;
  if (const auto* v = std::get_if<std::vector<double>>(&*value)) return *v;
  if (const auto* v = std::get_if<std::vector<int64_t>>(&*value)) return *v;
  return wire::TangoKindOf(*value);
}

absl::StatusOr<json> ReadDevice(const std::string& url) {
  RONCHI_ASSIGN_OR_RETURN(const auto* library, wire::LoadTangoLibrary());
  RONCHI_ASSIGN_OR_RETURN(const auto device, library->open(url, 10));
  constexpr double kWithin_s = 30;
  json out;
  RONCHI_ASSIGN_OR_RETURN(out["commands"], device->Commands(kWithin_s));
  RONCHI_ASSIGN_OR_RETURN(const auto attributes, device->Attributes(kWithin_s));
  for (const wire::TangoAttribute& a : attributes) {
    out["attributes"][a.name] = {{"unit", a.unit}, {"writable", a.writable}};
    out["values"][a.name] = Shown(device->Read(a.name, kWithin_s));
  }
  const auto command = [&](const char* name, const wire::TangoValue& in) {
    return Shown(device->Command(name, in, kWithin_s));
  };
  using Numbers = std::vector<double>;
  out["DevLong"] = command("DevLong", int64_t{-7});
  out["DevLong64"] = command("DevLong64", int64_t{1} << 40);
  out["DevShort"] = command("DevShort", int64_t{300});
  out["DevShort_too_large"] = command("DevShort", int64_t{100000});
  out["DevDouble"] = command("DevDouble", 1.0 / 3);
  out["DevString"] = command("DevString", std::string("probe"));
  out["DevVarDoubleArray"] = command("DevVarDoubleArray", Numbers{1, 2.5, 1e-30});
  out["DevVarLongArray"] = command("DevVarLongArray", Numbers{1, 2, 3});
  out["a_text_for_a_number"] = command("DevDouble", std::string("1"));
  out["no_such_command"] = command("Coffee", {});
  out["an_exception"] = command("DumpExecutionState", {});
  out["no_such_attribute"] = Shown(device->Read("coffee", kWithin_s));
  const absl::Status write = device->Write("double_scalar", 2.5, kWithin_s);
  out["write"] = write.ok() ? json(true) : ToldOf(write);
  const absl::Status read_only = device->Write("float_image_ro", 1.0, kWithin_s);
  out["write_read_only"] = read_only.ok() ? json(true) : ToldOf(read_only);
  return out;
}

}  // namespace
}  // namespace ronchi::hw

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (words.size() < 4) return 2;
  ronchi::hw::wire::UseTangoModule(words[1]);
  absl::StatusOr<nlohmann::json> told = absl::InvalidArgumentError("drive or read");
  if (words[2] == "drive" && words.size() == 6) {
    told = ronchi::hw::DriveSite({"", "", words[3], words[4], words[5]});
  } else if (words[2] == "read") {
    told = ronchi::hw::ReadDevice(words[3]);
  }
  if (!told.ok()) {
    std::cerr << told.status() << "\n";
    return 1;
  }
  std::cout << told->dump() << "\n";
  return 0;
}
