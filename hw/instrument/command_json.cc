#include "hw/instrument/command_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"

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

// What most commands leave as it is stays out of the log: +0 is what a missing number means.
void PutUnlessZero(json* j, const char* key, double v) {
  if (v != 0 || std::signbit(v)) (*j)[key] = Real(v);
}
double RealOr0(const json& j, const char* key) { return j.contains(key) ? Real(j.at(key)) : 0; }

// What every command logs is filled in key by key: of a list in braces the library makes arrays
// first, which doubles the time.
json QuantityToJson(const Quantity& q) {
  json j;
  j["si"] = Real(q.si);
  j["dimension"] = DimensionName(q.dimension);
  return j;
}

Quantity QuantityFromJson(const json& j) {
  const std::string name = j.at("dimension");
  for (int d = 0; d <= int(Dimension::kDose); ++d) {
    if (DimensionName(Dimension(d)) == name) return {Real(j.at("si")), Dimension(d)};
  }
  throw json::other_error::create(501, "unknown dimension " + name, nullptr);
}

json FieldsOf(const Read& c) {
  json j;
  j["properties"] = c.properties;
  return j;
}
json FieldsOf(const Set& c) {
  json j;
  j["property"] = c.property;
  j["value"] = QuantityToJson(c.value);
  j["relative"] = c.relative;
  PutUnlessZero(&j, "tolerance", c.tolerance);
  PutUnlessZero(&j, "timeout_s", c.timeout_s);
  return j;
}
json FieldsOf(const Scan& c) {
  json j = {{"center_m", {Real(c.center_x_m), Real(c.center_y_m)}},
            {"fov_m", {Real(c.fov_x_m), Real(c.fov_y_m)}},
            {"pixels", {c.pixels_x, c.pixels_y}},
            {"dwell_s", Real(c.dwell_s)},
            {"frames", c.frames},
            {"detectors", c.detectors}};
  if (c.pattern != ScanPattern::kRaster) j["pattern"] = PatternName(c.pattern);
  PutUnlessZero(&j, "rotation_rad", c.rotation_rad);
  PutUnlessZero(&j, "turns", c.turns);
  for (const auto& p : c.points_m) j["points_m"].push_back({Real(p[0]), Real(p[1])});
  return j;
}
json FieldsOf(const Park& c) {
  return {{"position_m", {Real(c.x_m), Real(c.y_m)}}, {"duration_s", Real(c.duration_s)}};
}
json FieldsOf(const Expose& c) {
  json j = {{"camera", c.camera}, {"time_s", Real(c.time_s)}};
  PutUnlessZero(&j, "x_m", c.x_m);
  PutUnlessZero(&j, "y_m", c.y_m);
  if (c.frames != 1) j["frames"] = c.frames;
  if (c.binning != 1) j["binning"] = c.binning;
  return j;
}
json FieldsOf(const Measure& c) {
  json j = {{"what", c.what}};
  PutUnlessZero(&j, "center_x_m", c.center_x_m);
  PutUnlessZero(&j, "center_y_m", c.center_y_m);
  PutUnlessZero(&j, "fov_m", c.fov_m);
  return j;
}
template <class Plain>
json FieldsOf(const Plain&) {
  return json::object();
}

Scan ScanFromFields(const json& j) {
  Scan s{Real(j.at("center_m").at(0)), Real(j.at("center_m").at(1)), Real(j.at("fov_m").at(0)),
         Real(j.at("fov_m").at(1)),    Count(j.at("pixels").at(0)),  Count(j.at("pixels").at(1)),
         Real(j.at("dwell_s")),        Count(j.at("frames")),        j.at("detectors")};
  const std::string pattern = j.value("pattern", "raster");
  const auto known = {ScanPattern::kRaster, ScanPattern::kPoints, ScanPattern::kSpiral};
  const auto it = std::find_if(known.begin(), known.end(),
                               [&](ScanPattern p) { return PatternName(p) == pattern; });
  if (it == known.end()) {
    throw json::other_error::create(501, "unknown pattern '" + pattern + "'", nullptr);
  }
  s.pattern = *it;
  s.rotation_rad = RealOr0(j, "rotation_rad");
  s.turns = RealOr0(j, "turns");
  if (!j.contains("points_m")) return s;
  for (const json& p : j.at("points_m")) s.points_m.push_back({Real(p.at(0)), Real(p.at(1))});
  return s;
}

Command FromFields(const std::string& verb, const json& j) {
  if (verb == "read") return Read{j.at("properties")};
  if (verb == "set") {
    return Set{j.at("property"), QuantityFromJson(j.at("value")), j.at("relative"),
               RealOr0(j, "tolerance"), RealOr0(j, "timeout_s")};
  }
  if (verb == "scan") return ScanFromFields(j);
  if (verb == "park") {
    return Park{Real(j.at("position_m").at(0)), Real(j.at("position_m").at(1)),
                Real(j.at("duration_s"))};
  }
  if (verb == "expose") {
    return Expose{j.at("camera"),
                  Real(j.at("time_s")),
                  RealOr0(j, "x_m"),
                  RealOr0(j, "y_m"),
                  j.contains("frames") ? Count(j.at("frames")) : 1,
                  j.contains("binning") ? Count(j.at("binning")) : 1};
  }
  if (verb == "measure") {
    return Measure{j.at("what"), RealOr0(j, "center_x_m"), RealOr0(j, "center_y_m"),
                   RealOr0(j, "fov_m")};
  }
  if (verb == "blank") return Blank{};
  if (verb == "unblank") return Unblank{};
  if (verb == "safe") return Safe{};
  if (verb == "abort") return Abort{};
  throw json::other_error::create(501, "unknown verb '" + verb + "'", nullptr);
}

constexpr const char* kEnded[] = {"complete", "cancelled", "timeout"};

Ended EndedFromJson(const json& j) {
  const std::string name = j.value("ended", kEnded[0]);
  for (int i = 0; i < int(std::size(kEnded)); ++i) {
    if (name == kEnded[i]) return Ended(i);
  }
  throw json::other_error::create(501, "unknown end '" + name + "'", nullptr);
}

json EstimateToJson(const Estimate& e) {
  json values = json::array(), covariance = json::array();
  for (const Quantity& q : e.values) values.push_back(QuantityToJson(q));
  for (double v : e.covariance) covariance.push_back(Real(v));
  return {{"what", e.what}, {"names", e.names}, {"values", values}, {"covariance", covariance}};
}

Estimate EstimateFromJson(const json& j) {
  Estimate e{j.at("what"), j.at("names"), {}, {}};
  for (const json& q : j.at("values")) e.values.push_back(QuantityFromJson(q));
  for (const json& v : j.at("covariance")) e.covariance.push_back(Real(v));
  return e;
}

Reply ReplyFromFields(const json& j) {
  Reply r;
  r.time_s = Real(j.at("time_s"));
  r.elapsed_s = Real(j.at("elapsed_s"));
  r.electrons = Real(j.at("electrons"));
  r.dose_e_per_m2 = Real(j.at("dose_e_per_m2"));
  r.blanked = j.at("blanked");
  for (const json& x : j.at("readings")) {
    r.readings.push_back({x.at("property"), QuantityFromJson(x.at("value")),
                          Real(x.at("uncertainty")), RealOr0(x, "time_s")});
  }
  r.ended = EndedFromJson(j);
  if (j.contains("estimates")) {
    for (const json& x : j.at("estimates")) r.estimates.push_back(EstimateFromJson(x));
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
  json j = std::visit([](const auto& c) { return FieldsOf(c); }, command);
  j["verb"] = VerbName(command);
  return j;
}

absl::StatusOr<Command> CommandFromJson(const json& j) {
  try {
    return FromFields(j.at("verb"), j);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not a command: ", JsonError(e)));
  }
}

json ToJson(const Reply& r) {
  json j;
  j["time_s"] = Real(r.time_s);
  j["elapsed_s"] = Real(r.elapsed_s);
  j["electrons"] = Real(r.electrons);
  j["dose_e_per_m2"] = Real(r.dose_e_per_m2);
  j["blanked"] = r.blanked;
  json& readings = j["readings"];
  readings = json::array();
  for (const Reading& x : r.readings) {
    json& reading = readings.emplace_back(json::object());
    reading["property"] = x.property;
    reading["value"] = QuantityToJson(x.value);
    reading["uncertainty"] = Real(x.uncertainty);
    PutUnlessZero(&reading, "time_s", x.time_s);
  }
  json& frames = j["frames"];
  frames = json::array();
  for (const Frame& f : r.frames) {
    json& frame = frames.emplace_back(json::object());
    frame["detector"] = f.detector;
    frame["shape"] = f.counts.shape();
  }
  if (r.ended != Ended::kComplete) j["ended"] = kEnded[int(r.ended)];
  for (const Estimate& e : r.estimates) j["estimates"].push_back(EstimateToJson(e));
  return j;
}

absl::StatusOr<Reply> ReplyFromJson(const json& j) {
  try {
    return ReplyFromFields(j);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not a reply: ", JsonError(e)));
  }
}

json ToJson(const absl::Status& status) {
  json j = {{"error", std::string(status.message())}, {"code", int(status.code())}};
  if (!HasError(status)) return j;
  const Error e = ErrorOf(status);
  j["kind"] = std::string(KindName(e.kind));
  j["effect"] = std::string(EffectName(*e.effect));
  j["remedy"] = e.remedy;
  return j;
}

absl::Status StatusFromJson(const json& j, absl::Status* status) {
  try {
    const int code = j.at("code").get<int>();
    if (code <= int(absl::StatusCode::kOk) || code > int(absl::StatusCode::kUnauthenticated)) {
      return absl::InvalidArgumentError("not an error: unknown code");
    }
    *status = absl::Status(absl::StatusCode(code), j.at("error").get<std::string>());
    if (!j.contains("kind")) return absl::OkStatus();
    const auto kind = KindFromName(j.at("kind").get<std::string>());
    const auto effect = EffectFromName(j.at("effect").get<std::string>());
    if (!kind || !effect) return absl::InvalidArgumentError("not an error: unknown kind or effect");
    *status = WithError(*status, {*kind, "", j.at("remedy").get<std::string>(), *effect});
    return absl::OkStatus();
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not an error: ", JsonError(e)));
  }
}

}  // namespace ronchi::hw
