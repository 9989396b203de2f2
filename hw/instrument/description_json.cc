#include "hw/instrument/description_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/printable.h"

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

// One mapping of a description, key by key. `where` goes before what is wrong with it, which is the
// first thing that is.
class DescribedFields {
 public:
  DescribedFields(const json& j, std::string where) : j_(j), where_(std::move(where)) {
    if (!j.is_object()) Fail("", "a mapping is needed");
  }

  void Text(const char* key, std::string* to, bool needed = false) {
    const json* x = Find(key);
    if (x && x->is_string()) *to = *x;
    if (x && !x->is_string()) Wrong(key, *x, "a text");
    if (needed && to->empty()) Fail(key, "is missing");
  }
  void Bool(const char* key, bool* to) {
    const json* x = Find(key);
    if (x && x->is_boolean()) *to = *x;
    if (x && !x->is_boolean()) Wrong(key, *x, "true or false");
  }
  void Number(const char* key, double* to) {
    const json* x = Find(key);
    if (!x) return;
    constexpr double kInf = std::numeric_limits<double>::infinity();
    if (x->is_number()) {
      *to = *x;
    } else if (*x == "inf" || *x == "-inf") {
      *to = *x == "inf" ? kInf : -kInf;
    } else if (*x == "nan") {
      *to = std::numeric_limits<double>::quiet_NaN();
    } else {
      Wrong(key, *x, "a number");
    }
  }
  void Count(const char* key, size_t* to) {
    if (const json* x = Find(key)) Whole(key, *x, to);
  }
  // [x, y]
  void Counts(const char* key, size_t* x, size_t* y) {
    const json* both = Find(key);
    if (!both) return;
    if (!both->is_array() || both->size() != 2) return Wrong(key, *both, "two whole numbers");
    Whole(key, both->at(0), x);
    Whole(key, both->at(1), y);
  }
  void Texts(const char* key, std::vector<std::string>* to) {
    for (const json& x : List(key)) {
      if (x.is_string()) to->push_back(x);
      if (!x.is_string()) Wrong(key, x, "texts");
    }
  }
  template <class Enum>
  void Name(const char* key, Enum last, std::string_view (*names)(Enum), Enum* to) {
    const json* x = Find(key);
    if (!x) return;
    std::vector<std::string> allowed;
    for (int i = 0; i <= int(last); ++i) {
      if (*x == names(Enum(i))) *to = Enum(i);
      if (*x == names(Enum(i))) return;
      allowed.emplace_back(names(Enum(i)));
    }
    Wrong(key, *x, absl::StrJoin(allowed, ", "));
  }
  const json& List(const char* key) {
    static const json kNone = json::array();
    const json* x = Find(key);
    if (x && !x->is_array()) Wrong(key, *x, "a list");
    return x && x->is_array() ? *x : kNone;
  }

  void Add(const absl::Status& s) { status_.Update(s); }
  // Also an error: a key that nobody has asked for. A misspelt limit would be none.
  absl::Status Done() {
    if (!status_.ok()) return status_;
    for (const auto& [key, value] : j_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      Fail(Printable(key).c_str(),
           absl::StrCat("is unknown; allowed: ", absl::StrJoin(known_, ", ")));
    }
    return status_;
  }

 private:
  const json* Find(const char* key) {
    known_.push_back(key);
    if (!j_.is_object()) return nullptr;
    const auto it = j_.find(key);
    return it == j_.end() ? nullptr : &*it;
  }
  void Whole(const char* key, const json& x, size_t* to) {
    // Beyond this a product of two is no longer a count.
    if (!x.is_number_unsigned() || x.get<uint64_t>() >= uint64_t{1} << 31) {
      return Wrong(key, x, "a whole number");
    }
    *to = x;
  }
  void Wrong(const char* key, const json& x, const std::string& allowed) {
    std::string text = x.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 40) + "…";
    Fail(key, absl::StrCat("= ", Printable(text), " is not allowed; allowed: ", allowed));
  }
  void Fail(const char* key, const std::string& what) {
    const char* const blank = *key ? " " : "";
    status_.Update(absl::InvalidArgumentError(absl::StrCat(where_, ": ", key, blank, what)));
  }

  const json& j_;
  const std::string where_;
  std::vector<std::string> known_;
  absl::Status status_;
};

// "description: properties[2] (stage.x)"
std::string InListAt(const char* list, size_t i, const json& j, const char* name) {
  std::string where = absl::StrCat("description: ", list, "[", i, "]");
  if (!j.is_object() || !j.contains(name) || !j.at(name).is_string()) return where;
  return absl::StrCat(where, " (", Printable(j.at(name).get<std::string>()), ")");
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
void GetNumbers(DescribedFields* f, Info* info) {
  NumbersOf(*info, [&](const char* key, double& v) { f->Number(key, &v); });
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

absl::StatusOr<PropertyInfo> InfoFrom(const json& j, size_t i, const PropertyInfo&) {
  PropertyInfo p;
  DescribedFields f(j, InListAt("properties", i, j, "name"));
  f.Text("name", &p.name, true);
  f.Name("dimension", Dimension::kSpeed, DimensionName, &p.dimension);
  f.Bool("writable", &p.writable);
  f.Text("meaning", &p.meaning);
  GetNumbers(&f, &p);
  f.Text("unit", &p.unit);
  f.Name("group", PropertyGroup::kValves, GroupName, &p.group);
  f.Texts("choices", &p.choices);
  RONCHI_RETURN_IF_ERROR(f.Done());
  return p;
}

json One(const DetectorInfo& d) {
  json j = {{"name", d.name}, {"kind", std::string(DetectorKindName(d.kind))}};
  PutNumbers(&j, d);
  if (d.kind != DetectorKind::kScanned) j["pixels"] = {d.pixels_x, d.pixels_y};
  return j;
}

absl::StatusOr<DetectorInfo> InfoFrom(const json& j, size_t i, const DetectorInfo&) {
  DetectorInfo d;
  DescribedFields f(j, InListAt("detectors", i, j, "name"));
  f.Text("name", &d.name, true);
  f.Name("kind", DetectorKind::kSpectrum, DetectorKindName, &d.kind);
  GetNumbers(&f, &d);
  f.Counts("pixels", &d.pixels_x, &d.pixels_y);
  RONCHI_RETURN_IF_ERROR(f.Done());
  return d;
}

json One(const MeasurementInfo& m) {
  json j = {{"what", m.what}};
  PutNumbers(&j, m);
  return j;
}

absl::StatusOr<MeasurementInfo> InfoFrom(const json& j, size_t i, const MeasurementInfo&) {
  MeasurementInfo m;
  DescribedFields f(j, InListAt("measurements", i, j, "what"));
  f.Text("what", &m.what, true);
  GetNumbers(&f, &m);
  RONCHI_RETURN_IF_ERROR(f.Done());
  return m;
}

template <class Info>
absl::Status GetAll(const json& list, std::vector<Info>* infos) {
  for (size_t i = 0; i < list.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(Info info, InfoFrom(list[i], i, Info()));
    infos->push_back(std::move(info));
  }
  return absl::OkStatus();
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
  Description d;
  DescribedFields f(j, "description");
  f.Text("id", &d.id, true);
  f.Text("model", &d.model);
  f.Bool("simulated", &d.simulated);
  f.Count("max_pixels", &d.max_pixels);
  f.Texts("cannot", &d.cannot);
  GetNumbers(&f, &d);
  f.Add(GetAll(f.List("properties"), &d.properties));
  f.Add(GetAll(f.List("detectors"), &d.detectors));
  f.Add(GetAll(f.List("measurements"), &d.measurements));
  RONCHI_RETURN_IF_ERROR(f.Done());
  return d;
}

}  // namespace ronchi::hw
