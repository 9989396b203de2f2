// How deep a document goes. Libraries that read JSON and CBOR copy, print and (CBOR) read nested
// values by recursion: a few kilobytes of brackets would overflow the stack. No file of ours goes
// deeper than a dozen levels.
#pragma once

#include <string>
#include <string_view>

#include "core/json_error.h"
#include "core/status.h"
#include "nlohmann/json.hpp"

namespace ronchi {

inline constexpr int kDeepestNesting = 100;

// Of JSON text, valid or not: brackets outside of strings.
inline bool NestsTooDeeply(std::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepestNesting) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

namespace internal {

// Goes through a document and gives up where it is too deep.
struct DepthLimit final : nlohmann::json_sax<nlohmann::json> {
  int depth = 0;
  bool Deeper() { return ++depth <= kDeepestNesting; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Deeper(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --depth >= 0; }
  bool start_array(size_t) override { return Deeper(); }
  bool end_array() override { return --depth >= 0; }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }
};

}  // namespace internal

// InvalidArgument: no CBOR, not whole, or nested too deeply.
inline absl::StatusOr<nlohmann::json> ReadCbor(const std::string& bytes) {
  try {
    internal::DepthLimit limit;
    if (!nlohmann::json::sax_parse(bytes, &limit, nlohmann::json::input_format_t::cbor)) {
      return absl::InvalidArgumentError("not CBOR, or not whole");
    }
    return nlohmann::json::from_cbor(bytes);
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(std::string("not CBOR: ") + JsonError(e));
  }
}

}  // namespace ronchi
