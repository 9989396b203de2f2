#include "core/printable.h"

#include "absl/strings/str_format.h"
#include "core/utf8.h"

namespace ronchi {
namespace {

bool Commands(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string Escape(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    const auto [length, code] = FirstUtf8(text);
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
      out += code < 0x20 ? absl::StrFormat("\\x%02x", uint32_t(code))
                         : absl::StrFormat("\\u%04x", uint32_t(code));
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string Printable(std::string_view text) { return Escape(text, ""); }
std::string PrintableLines(std::string_view text) { return Escape(text, "\n\t"); }

}  // namespace ronchi
