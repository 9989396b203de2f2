#include "hw/drivers/gms/bridge.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/zeromq.h"

namespace ronchi::hw::gms {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "pixels come as GMS has them");

// 4096 × 4096 doubles in base 64.
constexpr size_t kMostBytes = 256 << 20;

std::string Short(const std::string& text) {
  return Printable(text.size() > 200 ? text.substr(0, 200) + " …" : text);
}

template <class T>
void Unpack(const std::string& bytes, Array<float>* to) {
  for (size_t i = 0; i < to->size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    (*to)[i] = float(value);
  }
}
// By NumPy's names.
struct PixelKind {
  const char* name;
  size_t bytes;
  void (*unpack)(const std::string&, Array<float>*);
};
const PixelKind kPixels[] = {
    {"int8", 1, Unpack<int8_t>},   {"uint8", 1, Unpack<uint8_t>},
    {"int16", 2, Unpack<int16_t>}, {"uint16", 2, Unpack<uint16_t>},
    {"int32", 4, Unpack<int32_t>}, {"uint32", 4, Unpack<uint32_t>},
    {"float32", 4, Unpack<float>}, {"float64", 8, Unpack<double>},
};

std::string TextOf(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

}  // namespace

absl::Status Bridge::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError(
      {ErrorKind::kHardware, absl::StrCat(name(), ": ", what, ": ", Short(why)), "look at GMS"});
}

absl::StatusOr<json> Bridge::Call(const std::string& function, const json& params,
                                  double within_s) const {
  const std::string question = json{{"function", function}, {"params", params}}.dump();
  RONCHI_ASSIGN_OR_RETURN(
      const std::string answer,
      wire::AskZeroMq(address_, question, within_s > 0 ? within_s : answer_s_, kMostBytes));
  if (NestsTooDeeply(answer)) return Nonsense(function, "nested too deeply");
  json j = json::parse(answer, nullptr, false);
  // NaN, which Python writes and JSON does not have, comes here, too.
  if (!j.is_object()) return Nonsense(function, "no JSON object: " + Short(answer));
  const auto success = j.find("success");
  if (success == j.end() || !success->is_boolean()) {
    return Nonsense(function, "an answer without success: " + Short(j.dump()));
  }
  if (success->get<bool>()) return j;
  const std::string error = TextOf(j, "error");
  if (error.starts_with("Unknown function")) {
    return MakeError(
        {ErrorKind::kCannot, absl::StrCat(name(), " knows no ", function), "", Effect::kNone});
  }
  return Nonsense(function, error.empty() ? "it failed" : error);
}

absl::StatusOr<double> Bridge::Number(const json& answer, const std::string& key) const {
  const auto at = answer.find(key);
  if (at != answer.end() && at->is_number() && std::isfinite(at->get<double>())) {
    return at->get<double>();
  }
  return Nonsense(key, at == answer.end() ? "not told" : "no finite number: " + at->dump());
}

absl::StatusOr<Array<float>> Bridge::Image(const json& answer, size_t height, size_t width) const {
  const auto shape = answer.find("data_shape");
  if (shape == answer.end() || *shape != json{height, width}) {
    return Nonsense(
        "image", absl::StrCat("its shape is ", shape == answer.end() ? "not told" : shape->dump(),
                              ", not [", height, ", ", width, "]"));
  }
  const std::string type = TextOf(answer, "data_dtype");
  const auto* pixel = std::find_if(std::begin(kPixels), std::end(kPixels),
                                   [&](const PixelKind& p) { return p.name == type; });
  if (pixel == std::end(kPixels)) return Nonsense("image", "pixels of type '" + type + "'");
  const absl::StatusOr<std::string> bytes = FromBase64(TextOf(answer, "data_b64"));
  if (!bytes.ok() || bytes->size() != pixel->bytes * height * width) {
    return Nonsense("image",
                    absl::StrCat("its data are not ", pixel->bytes * height * width, " bytes"));
  }
  Array<float> counts({height, width});
  pixel->unpack(*bytes, &counts);
  for (const float c : counts.values()) {
    if (!std::isfinite(c)) return Nonsense("image", "a pixel that is no finite number");
  }
  return counts;
}

}  // namespace ronchi::hw::gms
