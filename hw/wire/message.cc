#include "hw/wire/message.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "pixels are sent as they lie in memory");

constexpr std::string_view kMagic = "RNCH";

void PutCount(uint32_t n, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(char(n >> shift & 0xff));
}
uint32_t GetCount(const char* bytes) {
  uint32_t n = 0;
  for (int i = 0; i < 4; ++i) n |= uint32_t(uint8_t(bytes[i])) << (8 * i);
  return n;
}

absl::Status Garbage(const std::string& what) { return absl::InvalidArgumentError(what); }

}  // namespace

absl::StatusOr<std::string> EncodeHead(const json& head, size_t pixels) {
  const std::string text = head.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMostJsonBytes || pixels > kMostPixels) {
    return absl::OutOfRangeError(
        absl::StrCat("a message of ", text.size(), " bytes of JSON and ", pixels,
                     " pixels is not allowed; allowed: ", kMostJsonBytes, " and ", kMostPixels));
  }
  std::string out(kMagic);
  PutCount(uint32_t(text.size()), &out);
  PutCount(uint32_t(pixels), &out);
  return out + text;
}

absl::StatusOr<Header> DecodeHeader(std::span<const char, kHeaderBytes> bytes,
                                    uint32_t most_pixels) {
  const std::string_view magic(bytes.data(), kMagic.size());
  if (magic != kMagic) {
    return Garbage(
        absl::StrCat("what came begins with '", Printable(magic), "', a message with 'RNCH'"));
  }
  const Header header = {GetCount(bytes.data() + 4), GetCount(bytes.data() + 8)};
  if (header.json_bytes < 2 || header.json_bytes > kMostJsonBytes) {
    return Garbage(absl::StrCat("a message of ", header.json_bytes,
                                " bytes of JSON is not allowed; allowed: 2 … ", kMostJsonBytes));
  }
  if (header.pixels > most_pixels) {
    return Garbage(absl::StrCat("a message of ", header.pixels, " pixels is not allowed; at most ",
                                most_pixels, " were asked for"));
  }
  return header;
}

absl::StatusOr<json> DecodeHead(std::string_view text) {
  if (NestsTooDeeply(text)) return Garbage("its JSON is nested too deeply");
  try {
    json head = json::parse(text);
    if (!head.is_object()) return Garbage("its JSON is no object");
    return head;
  } catch (const json::parse_error& e) {
    return Garbage(absl::StrCat("no JSON (which has no NaN either): ", JsonError(e)));
  } catch (const json::exception& e) {
    return Garbage(absl::StrCat("no JSON: ", JsonError(e)));
  }
}

absl::StatusOr<std::vector<Message>> DecodeAll(std::string_view bytes, uint32_t most_pixels) {
  std::vector<Message> all;
  while (!bytes.empty()) {
    if (bytes.size() < kHeaderBytes) return Garbage("cut off in the midst of a message");
    RONCHI_ASSIGN_OR_RETURN(
        const Header h,
        DecodeHeader(std::span<const char, kHeaderBytes>(bytes.data(), kHeaderBytes), most_pixels));
    bytes.remove_prefix(kHeaderBytes);
    if (bytes.size() < h.json_bytes + 4 * size_t{h.pixels}) {
      return Garbage("cut off in the midst of a message");
    }
    Message m;
    RONCHI_ASSIGN_OR_RETURN(m.head, DecodeHead(bytes.substr(0, h.json_bytes)));
    bytes.remove_prefix(h.json_bytes);
    m.pixels.resize(h.pixels);
    if (h.pixels > 0) std::memcpy(m.pixels.data(), bytes.data(), 4 * size_t{h.pixels});
    bytes.remove_prefix(4 * size_t{h.pixels});
    all.push_back(std::move(m));
  }
  return all;
}

}  // namespace ronchi::hw::wire
