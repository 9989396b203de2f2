#include "hw/wire/simplon_stream.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "hw/wire/cbor.h"

namespace ronchi::hw::wire {
namespace {

using nlohmann::json;

absl::Status None(const std::string& why) { return absl::InvalidArgumentError(why); }

absl::Status CheckSides(const SimplonImage& image) {
  const auto side = [](size_t n) { return n >= 1 && n <= kMostSimplonSide; };
  if (side(image.width) && side(image.height)) return absl::OkStatus();
  return None(absl::StrCat("an image of ", image.width, " × ", image.height,
                           " pixels; allowed are sides of 1 … ", kMostSimplonSide));
}

// --- The first version ---

std::optional<json> ParsePart(std::string_view part) {
  if (part.size() > (1 << 20) || NestsTooDeeply(part)) return std::nullopt;
  json j = json::parse(part, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  return j;
}
std::string TextOf(const json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_string() ? at->get<std::string>() : "";
}
std::optional<uint64_t> NumberOf(const json& j, const char* key) {
  const auto at = j.find(key);
  if (at == j.end() || !at->is_number_unsigned()) return std::nullopt;
  return at->get<uint64_t>();
}

absl::Status ReadShape(const json& j, SimplonImage* image) {
  const auto shape = j.find("shape");
  const bool two = shape != j.end() && shape->is_array() && shape->size() == 2 &&
                   (*shape)[0].is_number_unsigned() && (*shape)[1].is_number_unsigned();
  if (!two) return None("an image without a shape of two numbers");
  image->width = (*shape)[0];
  image->height = (*shape)[1];
  const std::string type = TextOf(j, "type");
  image->pixel_bytes = type == "uint8" ? 1 : type == "uint16" ? 2 : type == "uint32" ? 4 : 0;
  if (image->pixel_bytes == 0) {
    return absl::UnimplementedError(
        absl::StrCat("pixels of type '", Printable(type), "' are not read"));
  }
  return CheckSides(*image);
}

// "<", "lz4<", "bs16-lz4<"
absl::Status ReadEncoding(const json& j, SimplonImage* image) {
  const std::string encoding = TextOf(j, "encoding");
  if (encoding == "<") {
    image->coding = SimplonCoding::kNone;
  } else if (encoding == "lz4<") {
    image->coding = SimplonCoding::kLz4;
  } else if (encoding == absl::StrCat("bs", 8 * image->pixel_bytes, "-lz4<")) {
    image->coding = SimplonCoding::kBitshuffledLz4;
  } else {
    return absl::UnimplementedError(absl::StrCat("pixels encoded as '", Printable(encoding),
                                                 "' of ", 8 * image->pixel_bytes,
                                                 " bits are not read"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SimplonMessage> ReadImageParts(const json& head,
                                              std::span<const std::string_view> parts) {
  if (parts.size() < 3) return None(absl::StrCat("an image of ", parts.size(), " parts"));
  SimplonImage image;
  const auto series = NumberOf(head, "series"), frame = NumberOf(head, "frame");
  if (!series || !frame) return None("an image without the numbers of its series and its own");
  image.series = *series;
  image.image = *frame;
  const auto form = ParsePart(parts[1]);
  if (!form || TextOf(*form, "htype") != "dimage_d-1.0") {
    return None("an image whose second part says nothing about it");
  }
  RONCHI_RETURN_IF_ERROR(ReadShape(*form, &image));
  RONCHI_RETURN_IF_ERROR(ReadEncoding(*form, &image));
  image.data = parts[2];
  const auto size = NumberOf(*form, "size");
  if (size && *size != image.data.size()) {
    return None(absl::StrCat("an image of ", image.data.size(), " bytes that says ", *size));
  }
  return image;
}

// --- The second version ---

// [height, width], then a typed array: bytes, or what is compressed to them.
absl::Status ReadTypedArray(CborReader* r, SimplonImage* image) {
  RONCHI_ASSIGN_OR_RETURN(const CborItem type, r->Expect(CborItem::kTag, "kind of pixels"));
  // RFC 8746, 2.1: unsigned, 8 bits; 16 and 32 bits, little-endian.
  image->pixel_bytes = type.value == 64 ? 1 : type.value == 69 ? 2 : type.value == 70 ? 4 : 0;
  if (image->pixel_bytes == 0) {
    return absl::UnimplementedError(
        absl::StrCat("typed arrays of CBOR tag ", type.value, " are not read"));
  }
  RONCHI_ASSIGN_OR_RETURN(const CborItem item, r->Next());
  image->data = item.bytes;
  if (item.kind == CborItem::kBytes) return absl::OkStatus();
  constexpr uint64_t kCompressed = 56500;
  if (item.kind != CborItem::kTag || item.value != kCompressed) {
    return None("an image whose pixels are no bytes");
  }
  RONCHI_ASSIGN_OR_RETURN(const CborItem three, r->Expect(CborItem::kArray, "compression"));
  if (three.open || three.value != 3) return None("a compression that is not told by three items");
  RONCHI_ASSIGN_OR_RETURN(const CborItem algorithm, r->Expect(CborItem::kText, "compression"));
  RONCHI_ASSIGN_OR_RETURN(const CborItem element, r->Expect(CborItem::kUnsigned, "element"));
  RONCHI_ASSIGN_OR_RETURN(const CborItem bytes, r->Expect(CborItem::kBytes, "pixels"));
  image->data = bytes.bytes;
  if (algorithm.bytes == "lz4") {
    image->coding = SimplonCoding::kLz4Blocks;
  } else if (algorithm.bytes == "bslz4" && element.value == image->pixel_bytes) {
    image->coding = SimplonCoding::kBitshuffledLz4;
  } else {
    return absl::UnimplementedError(
        absl::StrCat("pixels compressed by '", Printable(std::string(algorithm.bytes)),
                     "' in elements of ", element.value, " bytes are not read"));
  }
  return absl::OkStatus();
}

absl::Status ReadArray(CborReader* r, SimplonImage* image) {
  RONCHI_ASSIGN_OR_RETURN(const CborItem tag, r->Expect(CborItem::kTag, "channel"));
  RONCHI_ASSIGN_OR_RETURN(const CborItem two, r->Expect(CborItem::kArray, "channel"));
  if (tag.value != 40 || two.open || two.value != 2) return None("a channel that is no array");
  RONCHI_ASSIGN_OR_RETURN(const CborItem shape, r->Expect(CborItem::kArray, "shape"));
  if (shape.open || shape.value != 2) return None("an image without a shape of two numbers");
  RONCHI_ASSIGN_OR_RETURN(const CborItem height, r->Expect(CborItem::kUnsigned, "height"));
  RONCHI_ASSIGN_OR_RETURN(const CborItem width, r->Expect(CborItem::kUnsigned, "width"));
  image->height = height.value;
  image->width = width.value;
  RONCHI_RETURN_IF_ERROR(CheckSides(*image));
  return ReadTypedArray(r, image);
}

absl::Status ReadChannels(CborReader* r, const std::string& channel, SimplonImage* image) {
  RONCHI_ASSIGN_OR_RETURN(const CborItem channels, r->Expect(CborItem::kMap, "data"));
  std::vector<std::string> names;
  size_t taken = 0;
  for (uint64_t i = 0; channels.open || i < channels.value; ++i) {
    RONCHI_ASSIGN_OR_RETURN(const CborItem name, r->Next());
    if (channels.open && name.kind == CborItem::kBreak) break;
    if (name.kind != CborItem::kText || names.size() >= 64) return None("channels without names");
    names.emplace_back(name.bytes);
    if (taken == 0 && (channel.empty() || names.back() == channel)) {
      RONCHI_RETURN_IF_ERROR(ReadArray(r, image));
      ++taken;
    } else {
      RONCHI_ASSIGN_OR_RETURN(const CborItem other, r->Next());
      RONCHI_RETURN_IF_ERROR(r->SkipRestOf(other));
    }
  }
  if (taken == 1 && (!channel.empty() || names.size() == 1)) return absl::OkStatus();
  std::string all;
  for (const std::string& name : names) absl::StrAppend(&all, all.empty() ? "" : ", ", name);
  return absl::UnimplementedError(absl::StrCat("an image with the channels ", Printable(all), "; ",
                                               channel.empty() ? "name one" : "not " + channel));
}

struct CborFields {
  std::string type;
  std::optional<uint64_t> series, image;
};

absl::Status ReadField(CborReader* r, std::string_view key, const std::string& channel,
                       CborFields* fields, SimplonImage* image) {
  if (key == "data" && fields->type == "image") return ReadChannels(r, channel, image);
  RONCHI_ASSIGN_OR_RETURN(const CborItem value, r->Next());
  if (key == "type" && value.kind == CborItem::kText) fields->type = value.bytes;
  const bool number = value.kind == CborItem::kUnsigned;
  if (key == "series_id" && number) fields->series = value.value;
  if (key == "image_id" && number) fields->image = value.value;
  return r->SkipRestOf(value);
}

float Count(uint32_t value, uint32_t none) { return value == none ? 0.0f : float(value); }
template <class T>
void ToFloats(const char* from, std::span<float> to) {
  constexpr T kNone = ~T(0);
  for (size_t i = 0; i < to.size(); ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    to[i] = Count(value, kNone);
  }
}

}  // namespace

absl::StatusOr<SimplonMessage> ParseSimplonParts(std::span<const std::string_view> parts) {
  if (parts.empty()) return None("a message without parts");
  const auto head = ParsePart(parts[0]);
  if (!head) return None("a message whose first part is no JSON object");
  const std::string type = TextOf(*head, "htype");
  if (type == "dimage-1.0") return ReadImageParts(*head, parts);
  const auto series = NumberOf(*head, "series");
  if (type == "dheader-1.0" && series) return SimplonStart{*series};
  if (type == "dseries_end-1.0" && series) return SimplonEnd{*series};
  // Parts of a header that come as messages of their own.
  if (type.empty() || type.starts_with("dheader") || type.starts_with("dflatfield") ||
      type.starts_with("dpixelmask") || type.starts_with("dcountrate")) {
    return SimplonOther{};
  }
  return None(absl::StrCat("a message of type '", Printable(type), "'"));
}

absl::StatusOr<SimplonMessage> ParseSimplonCbor(std::string_view message,
                                                const std::string& channel) {
  CborReader r(message);
  // RFC 8949's mark of what is CBOR may stand before.
  RONCHI_ASSIGN_OR_RETURN(CborItem map, r.Next());
  if (map.kind == CborItem::kTag && map.value == 55799) {
    RONCHI_ASSIGN_OR_RETURN(map, r.Next());
  }
  if (map.kind != CborItem::kMap) return None("a message that is no map");
  CborFields fields;
  SimplonImage image;
  for (uint64_t i = 0; map.open || i < map.value; ++i) {
    RONCHI_ASSIGN_OR_RETURN(const CborItem key, r.Next());
    if (map.open && key.kind == CborItem::kBreak) break;
    if (key.kind != CborItem::kText) return None("a message with a key that is no text");
    RONCHI_RETURN_IF_ERROR(ReadField(&r, key.bytes, channel, &fields, &image));
  }
  if (!r.done()) return None("bytes after the message");
  if (!fields.series) return None("a message without the number of its series");
  if (fields.type == "start") return SimplonStart{*fields.series};
  if (fields.type == "end") return SimplonEnd{*fields.series};
  if (fields.type != "image") return None("a message that is no start, image or end");
  if (!fields.image || image.pixel_bytes == 0) return None("an image without a number or pixels");
  image.series = *fields.series;
  image.image = *fields.image;
  return image;
}

absl::Status SimplonPixels::Decode(const SimplonImage& image, std::span<char> to) {
  switch (image.coding) {
    case SimplonCoding::kLz4:
      return DecodeLz4(image.data, to);
    case SimplonCoding::kLz4Blocks:
      return DecodeLz4Blocks(image.data, to);
    case SimplonCoding::kBitshuffledLz4:
      return DecodeBitshuffledLz4(image.data, image.pixel_bytes, to, &scratch_);
    case SimplonCoding::kNone:
      break;
  }
  if (image.data.size() != to.size()) {
    return None(absl::StrCat(image.data.size(), " bytes where ", to.size(), " are due"));
  }
  std::memcpy(to.data(), image.data.data(), to.size());
  return absl::OkStatus();
}

absl::Status SimplonPixels::Decode(const SimplonImage& image, std::span<float> to) {
  const char* from = image.data.data();
  if (image.coding != SimplonCoding::kNone) {
    whole_.resize(image.bytes());
    RONCHI_RETURN_IF_ERROR(Decode(image, std::span<char>(whole_)));
    from = whole_.data();
  } else if (image.data.size() != image.bytes()) {
    return None(absl::StrCat(image.data.size(), " bytes where ", image.bytes(), " are due"));
  }
  if (image.pixel_bytes == 1) ToFloats<uint8_t>(from, to);
  if (image.pixel_bytes == 2) ToFloats<uint16_t>(from, to);
  if (image.pixel_bytes == 4) ToFloats<uint32_t>(from, to);
  return absl::OkStatus();
}

}  // namespace ronchi::hw::wire
