#include "hw/description_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// JSON lacks the infinite, which an open limit is.
void Put(json* j, const char* key, double v, double standard) {
  if (v == standard) return;
  if (std::isfinite(v)) {
    (*j)[key] = v;
  } else {
    (*j)[key] = std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
  }
}

void Get(const json& j, const char* key, double* v) {
  if (!j.contains(key)) return;
  const json& x = j.at(key);
  if (!x.is_string()) {
    *v = x;
    return;
  }
  const std::string text = x;
  *v = text == "inf"    ? std::numeric_limits<double>::infinity()
       : text == "-inf" ? -std::numeric_limits<double>::infinity()
                        : std::numeric_limits<double>::quiet_NaN();
}

template <class Enum>
Enum FromName(const std::string& name, int count, std::string_view (*names)(Enum)) {
  for (int i = 0; i < count; ++i) {
    if (names(Enum(i)) == name) return Enum(i);
  }
  throw json::other_error::create(501, "unknown name '" + name + "'", nullptr);
}

Dimension DimensionFromName(const std::string& name) {
  return FromName<Dimension>(name, int(Dimension::kSpeed) + 1, DimensionName);
}

// Both ways through one list of fields.
template <class Visit>
void NumbersOf(PropertyInfo& p, Visit visit) {
  visit("min", p.min);
  visit("max", p.max);
  visit("max_step", p.max_step);
  visit("resolution", p.resolution);
  visit("max_rate", p.max_rate);
  visit("settling_s", p.settling_s);
}
template <class Visit>
void NumbersOf(DetectorInfo& d, Visit visit) {
  visit("inner_rad", d.inner_rad);
  visit("outer_rad", d.outer_rad);
  visit("saturation_counts", d.saturation_counts);
  visit("dark_counts", d.dark_counts);
  visit("pixel_rad", d.pixel_rad);
  visit("channel_eV", d.channel_eV);
  visit("min_dwell_s", d.min_dwell_s);
  visit("max_dwell_s", d.max_dwell_s);
}
template <class Visit>
void NumbersOf(MeasurementInfo& m, Visit visit) {
  visit("time_s", m.time_s);
  visit("beam_on_s", m.beam_on_s);
  visit("fov_m", m.fov_m);
}
template <class Visit>
void NumbersOf(Description& d, Visit visit) {
  visit("min_dwell_s", d.min_dwell_s);
  visit("max_dwell_s", d.max_dwell_s);
  visit("max_fov_m", d.max_fov_m);
  visit("probe_m", d.probe_m);
  visit("read_s", d.read_s);
  visit("blank_s", d.blank_s);
  visit("flyback_s", d.flyback_s);
  visit("frame_overhead_s", d.frame_overhead_s);
}

template <class Info>
void PutNumbers(json* j, Info info) {
  std::vector<double> standard;
  Info fresh;
  NumbersOf(fresh, [&](const char*, double& v) { standard.push_back(v); });
  size_t i = 0;
  NumbersOf(info, [&](const char* key, double& v) { Put(j, key, v, standard[i++]); });
}

template <class Info>
void GetNumbers(const json& j, Info* info) {
  NumbersOf(*info, [&](const char* key, double& v) { Get(j, key, &v); });
}

json One(const PropertyInfo& p) {
  json j = {{"name", p.name},
            {"dimension", std::string(DimensionName(p.dimension))},
            {"writable", p.writable},
            {"meaning", p.meaning}};
  PutNumbers(&j, p);
  if (!p.unit.empty()) j["unit"] = p.unit;
  if (p.group != PropertyGroup::kOther) j["group"] = std::string(GroupName(p.group));
  if (!p.choices.empty()) j["choices"] = p.choices;
  return j;
}

PropertyInfo PropertyFrom(const json& j) {
  PropertyInfo p;
  p.name = j.at("name");
  p.dimension = DimensionFromName(j.at("dimension"));
  p.writable = j.at("writable");
  p.meaning = j.value("meaning", "");
  GetNumbers(j, &p);
  p.unit = j.value("unit", "");
  p.group = FromName<PropertyGroup>(j.value("group", "other"), int(PropertyGroup::kValves) + 1,
                                    GroupName);
  if (j.contains("choices")) p.choices = j.at("choices").get<std::vector<std::string>>();
  return p;
}

json One(const DetectorInfo& d) {
  json j = {{"name", d.name}, {"kind", std::string(DetectorKindName(d.kind))}};
  PutNumbers(&j, d);
  if (d.kind != DetectorKind::kScanned) j["pixels"] = {d.pixels_x, d.pixels_y};
  return j;
}

DetectorInfo DetectorFrom(const json& j) {
  DetectorInfo d;
  d.name = j.at("name");
  d.kind = FromName<DetectorKind>(j.at("kind"), int(DetectorKind::kSpectrum) + 1, DetectorKindName);
  GetNumbers(j, &d);
  if (j.contains("pixels")) {
    d.pixels_x = j.at("pixels").at(0);
    d.pixels_y = j.at("pixels").at(1);
  }
  return d;
}

json One(const MeasurementInfo& m) {
  json j = {{"what", m.what}};
  PutNumbers(&j, m);
  return j;
}

MeasurementInfo MeasurementFrom(const json& j) {
  MeasurementInfo m;
  m.what = j.at("what");
  GetNumbers(j, &m);
  return m;
}

template <class Infos>
json All(const Infos& infos) {
  json j = json::array();
  for (const auto& info : infos) j.push_back(One(info));
  return j;
}

}  // namespace

json ToJson(const Description& d) {
  json j = {{"id", d.id},
            {"model", d.model},
            {"simulated", d.simulated},
            {"properties", All(d.properties)},
            {"detectors", All(d.detectors)},
            {"measurements", All(d.measurements)},
            {"max_pixels", d.max_pixels},
            {"cannot", d.cannot}};
  PutNumbers(&j, d);
  return j;
}

absl::StatusOr<Description> DescriptionFromJson(const json& j) {
  try {
    Description d;
    d.id = j.at("id");
    d.model = j.value("model", "");
    d.simulated = j.value("simulated", false);
    for (const json& p : j.at("properties")) d.properties.push_back(PropertyFrom(p));
    for (const json& x : j.at("detectors")) d.detectors.push_back(DetectorFrom(x));
    if (j.contains("measurements")) {
      for (const json& m : j.at("measurements")) d.measurements.push_back(MeasurementFrom(m));
    }
    d.max_pixels = j.value("max_pixels", d.max_pixels);
    d.cannot = j.value("cannot", std::vector<std::string>());
    GetNumbers(j, &d);
    return d;
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not a description: ", e.what()));
  }
}

}  // namespace ronchi::hw
