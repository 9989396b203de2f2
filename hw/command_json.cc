#include "hw/command_json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

json QuantityToJson(const Quantity& q) {
  return {{"si", q.si}, {"dimension", std::string(DimensionName(q.dimension))}};
}

Quantity QuantityFromJson(const json& j) {
  const std::string name = j.at("dimension");
  for (int d = 0; d <= int(Dimension::kDose); ++d) {
    if (DimensionName(Dimension(d)) == name) return {j.at("si"), Dimension(d)};
  }
  throw json::other_error::create(501, "unknown dimension " + name, nullptr);
}

json Fields(const Read& c) { return {{"properties", c.properties}}; }
json Fields(const Set& c) {
  return {{"property", c.property}, {"value", QuantityToJson(c.value)}, {"relative", c.relative}};
}
json Fields(const Scan& c) {
  return {{"center_m", {c.center_x_m, c.center_y_m}},
          {"fov_m", {c.fov_x_m, c.fov_y_m}},
          {"pixels", {c.pixels_x, c.pixels_y}},
          {"dwell_s", c.dwell_s},
          {"frames", c.frames},
          {"detectors", c.detectors}};
}
json Fields(const Park& c) {
  return {{"position_m", {c.x_m, c.y_m}}, {"duration_s", c.duration_s}};
}
json Fields(const Expose& c) { return {{"camera", c.camera}, {"time_s", c.time_s}}; }
json Fields(const Measure& c) { return {{"what", c.what}}; }
template <class Plain>
json Fields(const Plain&) {
  return json::object();
}

Command FromFields(const std::string& verb, const json& j) {
  if (verb == "read") return Read{j.at("properties")};
  if (verb == "set") {
    return Set{j.at("property"), QuantityFromJson(j.at("value")), j.at("relative")};
  }
  if (verb == "scan") {
    return Scan{j.at("center_m").at(0), j.at("center_m").at(1), j.at("fov_m").at(0),
                j.at("fov_m").at(1),    j.at("pixels").at(0),   j.at("pixels").at(1),
                j.at("dwell_s"),        j.at("frames"),         j.at("detectors")};
  }
  if (verb == "park")
    return Park{j.at("position_m").at(0), j.at("position_m").at(1), j.at("duration_s")};
  if (verb == "expose") return Expose{j.at("camera"), j.at("time_s")};
  if (verb == "measure") return Measure{j.at("what")};
  if (verb == "blank") return Blank{};
  if (verb == "unblank") return Unblank{};
  if (verb == "safe") return Safe{};
  if (verb == "abort") return Abort{};
  throw json::other_error::create(501, "unknown verb '" + verb + "'", nullptr);
}

Reply ReplyFromFields(const json& j) {
  Reply r;
  r.time_s = j.at("time_s");
  r.elapsed_s = j.at("elapsed_s");
  r.electrons = j.at("electrons");
  r.dose_e_per_m2 = j.at("dose_e_per_m2");
  r.blanked = j.at("blanked");
  for (const json& x : j.at("readings")) {
    r.readings.push_back({x.at("property"), QuantityFromJson(x.at("value")), x.at("uncertainty")});
  }
  for (const json& x : j.at("frames")) {
    r.frames.push_back({x.at("detector"), Array<float>(x.at("shape").get<std::vector<size_t>>())});
  }
  return r;
}

}  // namespace

json ToJson(const Command& command) {
  json j = std::visit([](const auto& c) { return Fields(c); }, command);
  j["verb"] = VerbName(command);
  return j;
}

absl::StatusOr<Command> CommandFromJson(const json& j) {
  try {
    return FromFields(j.at("verb"), j);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not a command: ", e.what()));
  }
}

json ToJson(const Reply& r) {
  json readings = json::array(), frames = json::array();
  for (const Reading& x : r.readings) {
    readings.push_back({{"property", x.property},
                        {"value", QuantityToJson(x.value)},
                        {"uncertainty", x.uncertainty}});
  }
  for (const Frame& f : r.frames) {
    frames.push_back({{"detector", f.detector}, {"shape", f.counts.shape()}});
  }
  return {{"time_s", r.time_s},       {"elapsed_s", r.elapsed_s},
          {"electrons", r.electrons}, {"dose_e_per_m2", r.dose_e_per_m2},
          {"blanked", r.blanked},     {"readings", readings},
          {"frames", frames}};
}

absl::StatusOr<Reply> ReplyFromJson(const json& j) {
  try {
    return ReplyFromFields(j);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not a reply: ", e.what()));
  }
}

}  // namespace ronchi::hw
