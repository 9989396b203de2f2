#include "hw/wire/mib.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

constexpr size_t kMibFields = 12;  // up to the counter; what follows is not needed

// The fields of a header without any copy; those that are missing are empty.
std::array<std::string_view, kMibFields> MibFields(std::string_view head) {
  std::array<std::string_view, kMibFields> fields;
  for (std::string_view& field : fields) {
    const size_t comma = head.find(',');
    field = head.substr(0, comma);
    if (comma == std::string_view::npos) break;
    head.remove_prefix(comma + 1);
  }
  return fields;
}

std::optional<size_t> Whole(std::string_view digits) {
  size_t n = 0;
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    n = 10 * n + size_t(c - '0');
  }
  return n;
}

std::string_view Stripped(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

std::optional<MibPixel> PixelNamed(std::string_view name) {
  if (name == "U08") return MibPixel::kU08;
  if (name == "U16") return MibPixel::kU16;
  if (name == "U32") return MibPixel::kU32;
  return std::nullopt;
}

std::string_view PixelName(MibPixel pixel) {
  return pixel == MibPixel::kU08 ? "U08" : pixel == MibPixel::kU16 ? "U16" : "U32";
}

absl::Status NoMib(std::string_view body, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the header of a frame '", Printable(body.substr(0, 60)), "' ", std::string(why)));
}

}  // namespace

size_t PixelBytes(MibPixel pixel) {
  return pixel == MibPixel::kU08 ? 1 : pixel == MibPixel::kU16 ? 2 : 4;
}

MibPixel PixelOfDepth(int bits) {
  return bits <= 8 ? MibPixel::kU08 : bits <= 16 ? MibPixel::kU16 : MibPixel::kU32;
}

absl::StatusOr<MibHeader> ParseMibHeader(std::string_view body) {
  const auto f = MibFields(body.substr(0, 200));
  if (f[0] != "MQ1") return NoMib(body, "does not begin with MQ1");
  const auto sequence = Whole(f[1]), bytes = Whole(f[2]), chips = Whole(f[3]), width = Whole(f[4]),
             height = Whole(f[5]);
  if (!sequence || !bytes || !chips || !width || !height) {
    return NoMib(body, "lacks a number: allowed are sequence, bytes, chips, width, height");
  }
  if (*bytes > kMostMibHeaderBytes || *width < 1 || *width > kMostMibSide || *height < 1 ||
      *height > kMostMibSide) {
    return NoMib(body, absl::StrCat("is beyond the bounds: ", kMostMibHeaderBytes,
                                    " bytes, sides of 1 … ", kMostMibSide, " pixels"));
  }
  const std::optional<MibPixel> pixel = PixelNamed(f[6]);
  if (!pixel) {
    return absl::UnimplementedError(
        absl::StrCat("pixels of type '", Printable(f[6].substr(0, 10)),
                     "' are not read; allowed: U08, U16, U32 (FILEFORMAT 0)"));
  }
  MibHeader h{*sequence, *bytes, *chips, *width, *height, *pixel, "", 0};
  h.layout = Stripped(f[7].substr(0, 15));
  h.counter = Whole(Stripped(f[11])).value_or(0);
  return h;
}

std::string MibHeaderText(const MibHeader& h, const MibStamp& stamp) {
  // Thresholds and settings of the chips are none of a served instrument's: zeros.
  std::string text = absl::StrFormat(
      "MQ1,%06d,%05d,%02d,%04d,%04d,%s,%6s,%02X,%s,%.6f,%d,0,0,", h.sequence, h.header_bytes,
      h.chips, h.width, h.height, std::string(PixelName(h.pixel)), h.layout,
      h.chips < 8 ? (1u << h.chips) - 1 : 0xFFu, stamp.time, stamp.shutter_s, h.counter);
  for (int i = 0; i < 8; ++i) absl::StrAppend(&text, "0.000000E+0,");
  absl::StrAppend(&text, "3RX,175,511,000,000,000,000,000,000,125,255,125,125,100,100,082,100,",
                  "087,030,128,004,255,129,128,176,168,511,511,");
  std::string iso = stamp.time;
  std::replace(iso.begin(), iso.end(), ' ', 'T');
  absl::StrAppendFormat(&text, "MQ1A,%s000Z,%dns,%d,", iso, int64_t(stamp.shutter_s * 1e9 + 0.5),
                        stamp.depth);
  text.resize(h.header_bytes, '\0');
  return text;
}

bool IsAcquisitionHeader(std::string_view body) { return body.starts_with("HDR,"); }

absl::StatusOr<AcquisitionHeader> ParseAcquisitionHeader(std::string_view body) {
  if (!IsAcquisitionHeader(body)) {
    return absl::InvalidArgumentError("the header of an acquisition does not begin with HDR");
  }
  AcquisitionHeader header;
  bool frames = false;
  while (!body.empty()) {
    const size_t end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, tab);
    const auto number = Whole(Stripped(line.substr(tab + 1)));
    if (key == "Frames in Acquisition (Number):") {
      if (!number) {
        return absl::InvalidArgumentError(absl::StrCat("the header of an acquisition says '",
                                                       Printable(line.substr(0, 80)), "'"));
      }
      header.frames = *number;
      frames = true;
    }
    if (key == "Frames per Trigger (Number):") header.frames_per_trigger = number.value_or(0);
    if (key == "Counter Depth (number):") header.depth = int(number.value_or(0));
  }
  if (frames) return header;
  return absl::InvalidArgumentError("the header of an acquisition does not tell its frames");
}

std::string AcquisitionHeaderText(const AcquisitionHeader& h,
                                  const std::vector<std::pair<std::string, std::string>>& more) {
  std::string text = absl::StrCat("HDR,\t\r\nFrames in Acquisition (Number):\t", h.frames,
                                  "\r\nFrames per Trigger (Number):\t", h.frames_per_trigger,
                                  "\r\nCounter Depth (number):\t", h.depth, "\r\n");
  for (const auto& [key, value] : more) absl::StrAppend(&text, key, ":\t", value, "\r\n");
  return text += "End\t";
}

}  // namespace ronchi::hw::wire
