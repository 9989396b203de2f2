// Reads a float32 or float64, C-ordered .npy file (NumPy format 1.0) into an Array<float>.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "core/array.h"
#include "core/files.h"

namespace ronchi::testing_support {

inline Array<float> ReadNpy(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  RONCHI_CHECK(bytes.ok());
  uint16_t header_length = 0;
  std::memcpy(&header_length, bytes->data() + 8, 2);
  const std::string header = bytes->substr(10, header_length);
  RONCHI_CHECK(header.find("'fortran_order': False") != std::string::npos);
  const bool is_double = header.find("<f8") != std::string::npos;
  RONCHI_CHECK(is_double || header.find("<f4") != std::string::npos);
  const size_t open = header.find('('), close = header.find(')');
  std::vector<size_t> shape;
  for (const auto part : absl::StrSplit(header.substr(open + 1, close - open - 1),
                                        absl::ByAnyChar(", "), absl::SkipEmpty())) {
    uint64_t n = 0;
    RONCHI_CHECK(absl::SimpleAtoi(part, &n));
    shape.push_back(n);
  }
  Array<float> out(shape);
  const char* data = bytes->data() + 10 + header_length;
  for (size_t i = 0; i < out.size(); ++i) {
    double d = 0;
    float f = 0;
    if (is_double)
      std::memcpy(&d, data + 8 * i, 8);
    else
      std::memcpy(&f, data + 4 * i, 4);
    out[i] = is_double ? float(d) : f;
  }
  return out;
}

}  // namespace ronchi::testing_support
