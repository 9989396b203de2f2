// Messages of a DECTRIS detector's stream, as a test wants them: encoders of their own, bit by bit.
#pragma once

#include <lz4.h>

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ronchi::testing_support {

using Parts = std::vector<std::string>;

inline std::string BigEndian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out += char(value >> (8 * i));
  return out;
}

inline std::string Lz4(const std::string& raw) {
  std::string out(size_t(LZ4_compressBound(int(raw.size()))), '\0');
  const int n = LZ4_compress_default(raw.data(), out.data(), int(raw.size()), int(out.size()));
  out.resize(size_t(n));
  return out;
}

// Bit b of element i becomes bit i % 8 of byte i / 8 of row b.
inline std::string Shuffled(const std::string& raw, size_t element) {
  const size_t n = raw.size() / element;
  std::string out(raw.size(), '\0');
  for (size_t i = 0; i < n; ++i) {
    for (size_t b = 0; b < 8 * element; ++b) {
      const int bit = raw[i * element + b / 8] >> (b % 8) & 1;
      out[b * (n / 8) + i / 8] = char(out[b * (n / 8) + i / 8] | bit << (i % 8));
    }
  }
  return out;
}

inline std::string ShuffledLz4(const std::string& raw, size_t element, size_t block = 64) {
  std::string out = BigEndian(raw.size(), 8) + BigEndian(block, 4);
  size_t at = 0;
  while (raw.size() - at >= 8 * element) {
    const size_t n = std::min(block, (raw.size() - at) / (8 * element) * (8 * element));
    const std::string packed = Lz4(Shuffled(raw.substr(at, n), element));
    out += BigEndian(packed.size(), 4) + packed;
    at += n;
  }
  return out + raw.substr(at);
}

inline std::string Lz4Blocks(const std::string& raw, size_t block = 64) {
  std::string out = BigEndian(raw.size(), 8) + BigEndian(block, 4);
  for (size_t at = 0; at < raw.size(); at += block) {
    const std::string part = raw.substr(at, block);
    std::string packed = Lz4(part);
    if (packed.size() >= part.size()) packed = part;
    out += BigEndian(packed.size(), 4) + packed;
  }
  return out;
}

struct SimplonForm {
  size_t width = 0, height = 0, pixel_bytes = 2;
  std::string coding = "bslz4";  // "none", "lz4"
  size_t block = 64;             // bytes that are packed together
};

inline Parts SimplonPartsOf(uint64_t series, uint64_t image, const SimplonForm& f,
                            const std::string& raw) {
  std::string blob = raw, encoding = "<";
  if (f.coding == "lz4") blob = Lz4(raw), encoding = "lz4<";
  if (f.coding == "bslz4") {
    blob = ShuffledLz4(raw, f.pixel_bytes, f.block);
    encoding = "bs" + std::to_string(8 * f.pixel_bytes) + "-lz4<";
  }
  const nlohmann::json head = {
      {"htype", "dimage-1.0"}, {"series", series}, {"frame", image}, {"hash", "0"}};
  const nlohmann::json form = {{"htype", "dimage_d-1.0"},
                               {"shape", {f.width, f.height}},
                               {"type", "uint" + std::to_string(8 * f.pixel_bytes)},
                               {"encoding", encoding},
                               {"size", blob.size()}};
  return {head.dump(), form.dump(), blob,
          R"({"htype":"dconfig-1.0","real_time":1,"start_time":0,"stop_time":1})"};
}
inline Parts SimplonPartsStart(uint64_t series) {
  return {nlohmann::json{{"htype", "dheader-1.0"}, {"series", series}, {"header_detail", "basic"}}
              .dump(),
          R"({"nimages":4})"};
}
inline Parts SimplonPartsEnd(uint64_t series) {
  return {nlohmann::json{{"htype", "dseries_end-1.0"}, {"series", series}}.dump()};
}

// CBOR: its major type and a number in the shortest form.
inline std::string Cbor(int major, uint64_t n) {
  const char top = char(major << 5);
  if (n < 24) return std::string(1, char(top | char(n)));
  const size_t bytes = n < 256 ? 1 : n < 65536 ? 2 : n < (uint64_t{1} << 32) ? 4 : 8;
  const int code = bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;
  return std::string(1, char(top | code)) + BigEndian(n, bytes);
}
inline std::string CborText(const std::string& s) { return Cbor(3, s.size()) + s; }

inline std::string SimplonArray(const SimplonForm& f, const std::string& raw) {
  const uint64_t tag = f.pixel_bytes == 1 ? 64 : f.pixel_bytes == 2 ? 69 : 70;
  std::string blob = Cbor(2, raw.size()) + raw;
  if (f.coding != "none") {
    const bool bits = f.coding == "bslz4";
    const std::string packed = bits ? ShuffledLz4(raw, f.pixel_bytes, f.block) : Lz4Blocks(raw);
    blob = Cbor(6, 56500) + Cbor(4, 3) + CborText(f.coding) + Cbor(0, bits ? f.pixel_bytes : 0) +
           Cbor(2, packed.size()) + packed;
  }
  return Cbor(6, 40) + Cbor(4, 2) + Cbor(4, 2) + Cbor(0, f.height) + Cbor(0, f.width) +
         Cbor(6, tag) + blob;
}
// `channels`: names and arrays, one after the other.
inline std::string SimplonCborImage(uint64_t series, uint64_t image, size_t channels,
                                    const std::string& arrays) {
  // A float, a rational and a date stand among what is read.
  return Cbor(5, 6) + CborText("type") + CborText("image") + CborText("series_id") +
         Cbor(0, series) + CborText("real_time") + Cbor(4, 2) + Cbor(0, 500000) +
         Cbor(0, 50000000) + CborText("series_date") + Cbor(6, 0) + CborText("2022-05-10") +
         CborText("image_id") + Cbor(0, image) + CborText("data") + Cbor(5, channels) + arrays;
}
inline std::string SimplonCborImage(uint64_t series, uint64_t image, const SimplonForm& f,
                                    const std::string& raw) {
  return SimplonCborImage(series, image, 1, CborText("threshold_1") + SimplonArray(f, raw));
}
inline std::string SimplonCborWord(const std::string& type, uint64_t series) {
  return Cbor(5, 3) + CborText("type") + CborText(type) + CborText("count_time") + "\xfb" +
         BigEndian(0x3f50624dd2f1a9fc, 8) + CborText("series_id") + Cbor(0, series);
}

}  // namespace ronchi::testing_support
