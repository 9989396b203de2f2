#include "hw/drivers/tango/tiled.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/http.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

constexpr size_t kMostMetadataBytes = 1 << 20;
constexpr size_t kMostKeyBytes = 512;

absl::Status BadImage(const std::string& who, const std::string& why) {
  const std::string shown = why.size() > 300 ? why.substr(0, 300) + " …" : why;
  return MakeError({ErrorKind::kHardware, absl::StrCat(who, ": ", Printable(shown)),
                    "look at what keeps the images", Effect::kDone});
}

bool IsKnown(const TiledPixels& t) {
  const bool power = t.bytes == 1 || t.bytes == 2 || t.bytes == 4 || t.bytes == 8;
  if (t.kind == 'f') return t.bytes == 4 || t.bytes == 8;
  if (t.kind == 'b') return t.bytes == 1;
  return (t.kind == 'i' || t.kind == 'u') && power;
}

// "<f4", ">u2", "float32", "uint16".
TiledPixels TypeFromName(const std::string& name) {
  TiledPixels t;
  if (name.size() >= 3 && std::string("<>|=").find(name[0]) != std::string::npos) {
    int bytes = 0;
    t.kind = name[1];
    t.big = name[0] == '>';
    if (absl::SimpleAtoi(name.substr(2), &bytes) && bytes > 0) t.bytes = size_t(bytes);
    return t;
  }
  constexpr std::pair<const char*, char> kStems[] = {{"float", 'f'}, {"int", 'i'}, {"uint", 'u'}};
  for (const auto& [stem, kind] : kStems) {
    int bits = 0;
    const std::string s = stem;
    if (name.rfind(s, 0) == 0 && absl::SimpleAtoi(name.substr(s.size()), &bits) && bits > 0) {
      t.kind = kind;
      t.bytes = size_t(bits) / 8;
    }
  }
  if (name == "bool") t = {'b', 1};
  return t;
}

template <class T>
void TakePixels(const std::string& bytes, bool big, float* out) {
  for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    std::array<char, sizeof(T)> raw;
    std::memcpy(raw.data(), bytes.data() + i * sizeof(T), sizeof(T));
    if (big) std::reverse(raw.begin(), raw.end());
    out[i] = float(std::bit_cast<T>(raw));
  }
}

absl::StatusOr<Array<float>> PixelsOf(const std::string& bytes, const TiledPixels& t,
                                      const std::string& who, const std::vector<size_t>& shape) {
  size_t count = 1;
  for (const size_t n : shape) count *= n;
  if (bytes.size() != count * t.bytes) {
    return BadImage(who, absl::StrCat(bytes.size(), " bytes instead of ", count * t.bytes));
  }
  Array<float> out(shape);
  float* const to = out.data();
  if (t.kind == 'f' && t.bytes == 4) TakePixels<float>(bytes, t.big, to);
  if (t.kind == 'f' && t.bytes == 8) TakePixels<double>(bytes, t.big, to);
  if ((t.kind == 'u' || t.kind == 'b') && t.bytes == 1) TakePixels<uint8_t>(bytes, t.big, to);
  if (t.kind == 'u' && t.bytes == 2) TakePixels<uint16_t>(bytes, t.big, to);
  if (t.kind == 'u' && t.bytes == 4) TakePixels<uint32_t>(bytes, t.big, to);
  if (t.kind == 'u' && t.bytes == 8) TakePixels<uint64_t>(bytes, t.big, to);
  if (t.kind == 'i' && t.bytes == 1) TakePixels<int8_t>(bytes, t.big, to);
  if (t.kind == 'i' && t.bytes == 2) TakePixels<int16_t>(bytes, t.big, to);
  if (t.kind == 'i' && t.bytes == 4) TakePixels<int32_t>(bytes, t.big, to);
  if (t.kind == 'i' && t.bytes == 8) TakePixels<int64_t>(bytes, t.big, to);
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(to[i])) return BadImage(who, absl::StrCat("pixel ", i, " is no number"));
  }
  return out;
}

// Axes of length 1 in front say nothing.
std::vector<size_t> Trimmed(const std::vector<size_t>& shape) {
  size_t first = 0;
  while (first + 2 < shape.size() && shape[first] == 1) ++first;
  return {shape.begin() + long(first), shape.end()};
}

absl::Status CheckShape(const json& told, const std::string& who,
                        const std::vector<size_t>& shape) {
  std::vector<size_t> has;
  bool good = told.is_array() && told.size() <= 8;
  for (size_t i = 0; good && i < told.size(); ++i) {
    good = told[i].is_number_unsigned();
    if (good) has.push_back(told[i].get<size_t>());
  }
  if (good && Trimmed(has) == Trimmed(shape)) return absl::OkStatus();
  return BadImage(who, absl::StrCat("its shape is ", told.dump(), " instead of [",
                                    absl::StrJoin(shape, ", "), "]"));
}

json At(const json& object, const char* key) {
  return object.is_object() ? object.value(key, json()) : json();
}

absl::StatusOr<std::string> PathOf(const std::string& key, const std::string& who) {
  bool good = !key.empty() && key.size() <= kMostKeyBytes && Printable(key) == key;
  std::vector<std::string> parts;
  for (const std::string& part :
       std::vector<std::string>(absl::StrSplit(key, '/', absl::SkipEmpty()))) {
    good &= part != "." && part != "..";
    parts.push_back(wire::UrlEncode(part));
  }
  if (good && !parts.empty()) return absl::StrJoin(parts, "/");
  return BadImage(who, absl::StrCat("'", key.substr(0, 100), "' is no key of an image"));
}

absl::StatusOr<std::string> AskTiled(const TiledSource& from, const std::string& what,
                                     const char* accept, const std::string& who,
                                     size_t most_bytes) {
  wire::HttpRequest request{"GET", "/api/v1/" + what, ""};
  request.type = accept;
  if (!from.api_key.empty()) request.headers = "Authorization: Apikey " + from.api_key + "\r\n";
  absl::StatusOr<wire::HttpAnswer> answer =
      wire::AskHttp(from.address, request, from.within_s, most_bytes);
  if (!answer.ok()) {
    Error e = ErrorOf(answer.status());  // the image has been taken, whatever became of it
    e.effect = Effect::kDone;
    e.remedy = "see that Tiled runs and can be reached; then take the image again";
    return MakeError(e);
  }
  if (answer->status == 200) return std::move(answer->body);
  const std::string said = absl::StrCat(who, ": ", answer->status, " ", answer->reason, " ",
                                        answer->body.substr(0, 200));
  if (answer->status == 404) {
    return MakeError({ErrorKind::kDataLoss, Printable(said),
                      "see what keeps the images, and for how long", Effect::kDone});
  }
  if (answer->status == 401 || answer->status == 403) {
    return MakeError(
        {ErrorKind::kRefused, Printable(said), "tiled_key: the API key of Tiled", Effect::kDone});
  }
  return BadImage(who, said);
}

}  // namespace

absl::StatusOr<TiledPixels> PixelsFromMetadata(const std::string& text, const std::string& who,
                                               const std::vector<size_t>& shape) {
  const json metadata = NestsTooDeeply(text) ? json() : json::parse(text, nullptr, false);
  const json attributes = At(At(metadata, "data"), "attributes");
  if (At(attributes, "structure_family") != "array") {
    return BadImage(who, "is no array: " + text.substr(0, 200));
  }
  const json structure = At(attributes, "structure"), type = At(structure, "data_type");
  TiledPixels t;
  const json kind = At(type, "kind"), size = At(type, "itemsize");
  if (kind.is_string() && kind.get_ref<const std::string&>().size() == 1) {
    t.kind = kind.get_ref<const std::string&>()[0];
  }
  if (size.is_number_unsigned()) t.bytes = size.get<size_t>();
  t.big = At(type, "endianness") == "big";
  if (!IsKnown(t)) return BadImage(who, "its pixels are of the type " + type.dump());
  RONCHI_RETURN_IF_ERROR(CheckShape(At(structure, "shape"), who, shape));
  return t;
}

absl::StatusOr<Array<float>> ArrayFromTiled(const TiledSource& from, const std::string& key,
                                            const std::vector<size_t>& shape) {
  const std::string who = absl::StrCat(from.address.name, ": image ", Printable(key.substr(0, 60)));
  RONCHI_ASSIGN_OR_RETURN(const std::string path, PathOf(key, who));
  RONCHI_ASSIGN_OR_RETURN(
      const std::string text,
      AskTiled(from, "metadata/" + path, "application/json", who, kMostMetadataBytes));
  RONCHI_ASSIGN_OR_RETURN(const TiledPixels t, PixelsFromMetadata(text, who, shape));
  size_t bytes = t.bytes;
  for (const size_t n : shape) bytes *= n;
  RONCHI_ASSIGN_OR_RETURN(
      const std::string raw,
      AskTiled(from, "array/full/" + path, "application/octet-stream", who, bytes + 1));
  return PixelsOf(raw, t, who, shape);
}

absl::StatusOr<Array<float>> ArrayFromEncoded(const wire::TangoEncoded& encoded,
                                              const std::string& who,
                                              const std::vector<size_t>& shape) {
  const bool flat = encoded.format.size() <= kMostMetadataBytes && !NestsTooDeeply(encoded.format);
  const json head = flat ? json::parse(encoded.format, nullptr, false) : json();
  const json name = At(head, "dtype");
  const TiledPixels t = name.is_string() ? TypeFromName(name.get<std::string>()) : TiledPixels();
  if (!IsKnown(t)) {
    return BadImage(who, "its pixels are of no known type: " + encoded.format.substr(0, 200));
  }
  RONCHI_RETURN_IF_ERROR(CheckShape(At(head, "shape"), who, shape));
  return PixelsOf(encoded.bytes, t, who, shape);
}

}  // namespace ronchi::hw
