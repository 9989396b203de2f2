#include "hw/wire/temscript_images.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

using nlohmann::json;

absl::Status NoImage(const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("no image: ", why));
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

template <class T>
void Unpack(const std::string& bytes, bool swap, Array<float>* to) {
  for (size_t i = 0; i < to->size(); ++i) {
    char one[sizeof(T)];
    std::memcpy(one, bytes.data() + i * sizeof(T), sizeof(T));
    if (swap) std::reverse(one, one + sizeof(T));
    T value;
    std::memcpy(&value, one, sizeof(T));
    (*to)[i] = float(value);
  }
}

struct PixelType {
  const char* name;
  size_t bytes;
  void (*unpack)(const std::string&, bool, Array<float>*);
};
const PixelType kPixelTypes[] = {{"INT8", 1, Unpack<int8_t>},   {"UINT8", 1, Unpack<uint8_t>},
                                 {"INT16", 2, Unpack<int16_t>}, {"UINT16", 2, Unpack<uint16_t>},
                                 {"INT32", 4, Unpack<int32_t>}, {"UINT32", 4, Unpack<uint32_t>},
                                 {"INT64", 8, Unpack<int64_t>}, {"UINT64", 8, Unpack<uint64_t>},
                                 {"FLOAT32", 4, Unpack<float>}, {"FLOAT64", 8, Unpack<double>}};

}  // namespace

absl::StatusOr<Array<float>> ImageFromTemscript(const json& image, size_t height, size_t width) {
  if (!image.is_object()) return NoImage("it is no object");
  const auto is = [&](const char* key, size_t value) {
    const auto found = image.find(key);
    return found != image.end() && found->is_number_integer() && *found == value;
  };
  if (!is("height", height) || !is("width", width)) {
    return NoImage(absl::StrCat("its height and width are not ", height, " and ", width));
  }
  const std::string type = TextOf(image, "type"), order = TextOf(image, "endianness");
  const auto* pixel = std::find_if(std::begin(kPixelTypes), std::end(kPixelTypes),
                                   [&](const PixelType& p) { return p.name == type; });
  if (pixel == std::end(kPixelTypes)) return NoImage("type '" + Printable(type) + "'");
  if (order != "LITTLE" && order != "BIG") return NoImage("endianness '" + Printable(order) + "'");
  if (TextOf(image, "encoding") != "BASE64") return NoImage("its encoding is not BASE64");
  const absl::StatusOr<std::string> bytes = FromBase64(TextOf(image, "data"));
  if (!bytes.ok() || bytes->size() != pixel->bytes * height * width) {
    return NoImage(absl::StrCat("its data are not ", pixel->bytes * height * width, " bytes"));
  }
  Array<float> out({height, width});
  pixel->unpack(*bytes, (order == "BIG") != (std::endian::native == std::endian::big), &out);
  return out;
}

json ImageToTemscript(const Array<float>& counts) {
  const std::string bytes(reinterpret_cast<const char*>(counts.data()), 4 * counts.size());
  return {{"width", counts.shape()[1]},
          {"height", counts.shape()[0]},
          {"type", "FLOAT32"},
          {"endianness", std::endian::native == std::endian::big ? "BIG" : "LITTLE"},
          {"encoding", "BASE64"},
          {"data", Base64(bytes)}};
}

}  // namespace ronchi::hw::wire
