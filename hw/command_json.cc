#include "hw/command_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// Of one frame: 32768²; a garbled shape must not take all the memory.
constexpr size_t kMostPixels = size_t{1} << 30;

// JSON has no NaN and no infinity; a log must keep the command that held one.
json Real(double v) {
  if (std::isfinite(v)) return v;
  return std::isnan(v) ? "nan" : (v > 0 ? "inf" : "-inf");
}

double Real(const json& j) {
  if (!j.is_string()) return j;
  const std::string text = j;
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw json::other_error::create(501, "'" + text + "' is not a number", nullptr);
}

// Of a whole number without sign; nlohmann would turn −1 into 2^64 − 1.
size_t Count(const json& j) {
  if (!j.is_number_unsigned()) throw json::other_error::create(501, "not a count", nullptr);
  return j;
}

json QuantityToJson(const Quantity& q) {
  return {{"si", Real(q.si)}, {"dimension", std::string(DimensionName(q.dimension))}};
}

Quantity QuantityFromJson(const json& j) {
  const std::string name = j.at("dimension");
  for (int d = 0; d <= int(Dimension::kDose); ++d) {
    if (DimensionName(Dimension(d)) == name) return {Real(j.at("si")), Dimension(d)};
  }
  throw json::other_error::create(501, "unknown dimension " + name, nullptr);
}

json Fields(const Read& c) { return {{"properties", c.properties}}; }
json Fields(const Set& c) {
  return {{"property", c.property}, {"value", QuantityToJson(c.value)}, {"relative", c.relative}};
}
json Fields(const Scan& c) {
  return {{"center_m", {Real(c.center_x_m), Real(c.center_y_m)}},
          {"fov_m", {Real(c.fov_x_m), Real(c.fov_y_m)}},
          {"pixels", {c.pixels_x, c.pixels_y}},
          {"dwell_s", Real(c.dwell_s)},
          {"frames", c.frames},
          {"detectors", c.detectors}};
}
json Fields(const Park& c) {
  return {{"position_m", {Real(c.x_m), Real(c.y_m)}}, {"duration_s", Real(c.duration_s)}};
}
json Fields(const Expose& c) { return {{"camera", c.camera}, {"time_s", Real(c.time_s)}}; }
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
    return Scan{
        Real(j.at("center_m").at(0)), Real(j.at("center_m").at(1)), Real(j.at("fov_m").at(0)),
        Real(j.at("fov_m").at(1)),    Count(j.at("pixels").at(0)),  Count(j.at("pixels").at(1)),
        Real(j.at("dwell_s")),        Count(j.at("frames")),        j.at("detectors")};
  }
  if (verb == "park")
    return Park{Real(j.at("position_m").at(0)), Real(j.at("position_m").at(1)),
                Real(j.at("duration_s"))};
  if (verb == "expose") return Expose{j.at("camera"), Real(j.at("time_s"))};
  if (verb == "measure") return Measure{j.at("what")};
  if (verb == "blank") return Blank{};
  if (verb == "unblank") return Unblank{};
  if (verb == "safe") return Safe{};
  if (verb == "abort") return Abort{};
  throw json::other_error::create(501, "unknown verb '" + verb + "'", nullptr);
}

Reply ReplyFromFields(const json& j) {
  Reply r;
  r.time_s = Real(j.at("time_s"));
  r.elapsed_s = Real(j.at("elapsed_s"));
  r.electrons = Real(j.at("electrons"));
  r.dose_e_per_m2 = Real(j.at("dose_e_per_m2"));
  r.blanked = j.at("blanked");
  for (const json& x : j.at("readings")) {
    r.readings.push_back(
        {x.at("property"), QuantityFromJson(x.at("value")), Real(x.at("uncertainty"))});
  }
  for (const json& x : j.at("frames")) {
    std::vector<size_t> shape;
    size_t pixels = 1;
    for (const json& n : x.at("shape")) {
      shape.push_back(Count(n));
      pixels *= std::min(shape.back(), kMostPixels + 1);
      if (pixels > kMostPixels) {
        throw json::other_error::create(501, "a frame of absurd shape", nullptr);
      }
    }
    r.frames.push_back({x.at("detector"), Array<float>(shape)});
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
                        {"uncertainty", Real(x.uncertainty)}});
  }
  for (const Frame& f : r.frames) {
    frames.push_back({{"detector", f.detector}, {"shape", f.counts.shape()}});
  }
  return {{"time_s", Real(r.time_s)},
          {"elapsed_s", Real(r.elapsed_s)},
          {"electrons", Real(r.electrons)},
          {"dose_e_per_m2", Real(r.dose_e_per_m2)},
          {"blanked", r.blanked},
          {"readings", readings},
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
