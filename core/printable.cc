#include "core/printable.h"

#include "absl/strings/str_format.h"

namespace ronchi {
namespace {

// The length of the UTF-8 character that begins here, and what it is; 0: none does (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
size_t Decode(std::string_view text, char32_t* code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (length == 0 || text.size() < length) return 0;
  *code = length == 1 ? lead : lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    *code = (*code << 6) | (byte(i) & 0x3fu);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (*code < kLeast[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff)) return 0;
  return length;
}

bool Commands(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string Escape(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    char32_t code = 0;
    const size_t length = Decode(text, &code);
    if (length == 0) {
      out += absl::StrFormat("\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (!Commands(code) || (length == 1 && kept.find(text[0]) != std::string_view::npos)) {
      out.append(text.substr(0, length));
    } else if (code == '\n' || code == '\r' || code == '\t') {
      out += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    } else {
      out += absl::StrFormat(code < 0x20 ? "\\x%02x" : "\\u%04x", uint32_t(code));
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string Printable(std::string_view text) { return Escape(text, ""); }
std::string PrintableLines(std::string_view text) { return Escape(text, "\n\t"); }

}  // namespace ronchi
