#include "core/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"

namespace ronchi {
namespace {

constexpr FileKind kNpyFile = {"an array", 16384 * kMiB};

struct NpyHeader {
  char order = '<', kind = 'f';
  size_t width = 8;
  bool fortran = false;
  std::vector<size_t> shape;
  size_t values = 1;
};

// What follows 'key': in the header's dictionary.
std::optional<std::string> NpyField(const std::string& header, const std::string& key) {
  const size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) return std::nullopt;
  const size_t colon = header.find(':', at);
  if (colon == std::string::npos) return std::nullopt;
  return header.substr(colon + 1);
}

bool ReadNpyShape(const std::string& text, NpyHeader* out) {
  const size_t open = text.find('('), close = text.find(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return false;
  for (const auto part : absl::StrSplit(text.substr(open + 1, close - open - 1),
                                        absl::ByAnyChar(", "), absl::SkipEmpty())) {
    uint64_t n = 0;
    if (!absl::SimpleAtoi(part, &n) || n > (uint64_t{1} << 40)) return false;
    out->shape.push_back(n);
    if (n != 0 && out->values > (size_t{1} << 40) / n) return false;
    out->values *= n;
  }
  return out->shape.size() <= 32;
}

std::optional<NpyHeader> ReadNpyHeader(const std::string& text) {
  NpyHeader out;
  const auto descr = NpyField(text, "descr"), fortran = NpyField(text, "fortran_order"),
             shape = NpyField(text, "shape");
  if (!descr || !fortran || !shape || !ReadNpyShape(*shape, &out)) return std::nullopt;
  const size_t quote = descr->find('\'');
  if (quote == std::string::npos || quote + 4 > descr->size()) return std::nullopt;
  out.order = (*descr)[quote + 1];
  out.kind = (*descr)[quote + 2];
  out.width = size_t((*descr)[quote + 3] - '0');
  if ((*descr)[quote + 4] != '\'') return std::nullopt;
  out.fortran = fortran->find("True") < fortran->find(',');
  return out;
}

template <class T>
double NpyValue(const char* from, bool swapped) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if (swapped) std::reverse(bytes.begin(), bytes.end());
  return double(std::bit_cast<T>(bytes));
}

using NpyReader = double (*)(const char*, bool);
NpyReader NpyReaderOf(char kind, size_t width) {
  if (kind == 'f' && width == 4) return NpyValue<float>;
  if (kind == 'f' && width == 8) return NpyValue<double>;
  if ((kind == 'u' || kind == 'b') && width == 1) return NpyValue<uint8_t>;
  if (kind == 'i' && width == 1) return NpyValue<int8_t>;
  if (kind == 'u' && width == 2) return NpyValue<uint16_t>;
  if (kind == 'i' && width == 2) return NpyValue<int16_t>;
  if (kind == 'u' && width == 4) return NpyValue<uint32_t>;
  if (kind == 'i' && width == 4) return NpyValue<int32_t>;
  if (kind == 'u' && width == 8) return NpyValue<uint64_t>;
  if (kind == 'i' && width == 8) return NpyValue<int64_t>;
  return nullptr;
}

// From the first index fast to the last index fast.
Array<double> FromFortran(const std::vector<double>& values, const std::vector<size_t>& shape) {
  Array<double> out(shape);
  std::vector<size_t> index(shape.size());
  for (double value : values) {
    size_t at = 0;
    for (size_t a = 0; a < shape.size(); ++a) at = at * shape[a] + index[a];
    out[at] = value;
    for (size_t a = 0; a < shape.size() && ++index[a] == shape[a]; ++a) index[a] = 0;
  }
  return out;
}

}  // namespace

absl::StatusOr<Array<double>> ParseNpy(std::string_view bytes, const std::string& name) {
  const auto bad = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", what));
  };
  if (bytes.size() < 12 || bytes.substr(0, 6) != "\x93NUMPY") return bad("is no .npy file");
  const bool wide = bytes[6] != 1;
  size_t length = uint8_t(bytes[8]) + 256 * size_t(uint8_t(bytes[9]));
  if (wide) length += (size_t(uint8_t(bytes[10])) << 16) + (size_t(uint8_t(bytes[11])) << 24);
  const size_t begin = wide ? 12 : 10;
  if (bytes.size() < begin + length) return bad("ends within its header");
  const auto header = ReadNpyHeader(std::string(bytes.substr(begin, length)));
  if (!header) return bad("its header is none of a numeric .npy array");
  const NpyReader reader = NpyReaderOf(header->kind, header->width);
  if (!reader) {
    return bad(absl::StrCat("holds '", std::string(1, header->kind), header->width,
                            "' values; allowed: integers, float32, float64"));
  }
  const std::string_view data = bytes.substr(begin + length);
  if (data.size() != header->values * header->width) {
    return bad(absl::StrCat("holds ", data.size(), " bytes of values; its shape needs ",
                            header->values * header->width));
  }
  std::vector<double> values(header->values);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = reader(data.data() + i * header->width, header->order == '>');
  }
  if (header->fortran && header->shape.size() > 1) return FromFortran(values, header->shape);
  return Array<double>(header->shape, std::move(values));
}

absl::StatusOr<Array<double>> ReadNpy(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kNpyFile));
  return ParseNpy(bytes, path);
}

}  // namespace ronchi
